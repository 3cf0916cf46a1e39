/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_PACKET_H
#define TSI_PEER_PACKET_H

#include <stdint.h>

/* The header of every virtio-vsock packet. */

#define PACKET_HEADER_SIZE 44
/* Neither side may send more in one packet. */
#define PACKET_PAYLOAD_MAX 65536

#define HOST_CID 2

enum packet_type {
	PACKET_STREAM = 1,
	PACKET_SEQPACKET = 2,
	/* Not in any released virtio standard. */
	PACKET_DATAGRAM = 3,
};

enum packet_op {
	OP_REQUEST = 1,
	OP_RESPONSE = 2,
	OP_RST = 3,
	OP_SHUTDOWN = 4,
	OP_RW = 5,
	OP_CREDIT_UPDATE = 6,
	OP_CREDIT_REQUEST = 7,
};

/* Flags of OP_SHUTDOWN: what its sender will do no more. */
#define SHUTDOWN_RECEIVE 1u
#define SHUTDOWN_SEND 2u
#define SHUTDOWN_BOTH (SHUTDOWN_RECEIVE | SHUTDOWN_SEND)

struct packet_header {
	uint64_t src_cid, dst_cid;
	uint32_t src_port, dst_port;
	uint32_t len;
	uint16_t type, op;
	uint32_t flags;
	uint32_t buf_alloc, fwd_cnt;
};

void packet_header_encode(uint8_t bytes[PACKET_HEADER_SIZE], const struct packet_header *header);
void packet_header_decode(struct packet_header *header, const uint8_t bytes[PACKET_HEADER_SIZE]);

/* Words for the log; "?" for numbers that mean nothing. */
const char *packet_type_name(uint16_t type);
const char *packet_op_name(uint16_t op);

#endif
