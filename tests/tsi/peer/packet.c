// SPDX-License-Identifier: Apache-2.0
#include "packet.h"

#include "bytes.h"

void packet_header_encode(uint8_t bytes[PACKET_HEADER_SIZE], const struct packet_header *header)
{
	put_le64(bytes, header->src_cid);
	put_le64(bytes + 8, header->dst_cid);
	put_le32(bytes + 16, header->src_port);
	put_le32(bytes + 20, header->dst_port);
	put_le32(bytes + 24, header->len);
	put_le16(bytes + 28, header->type);
	put_le16(bytes + 30, header->op);
	put_le32(bytes + 32, header->flags);
	put_le32(bytes + 36, header->buf_alloc);
	put_le32(bytes + 40, header->fwd_cnt);
}

void packet_header_decode(struct packet_header *header, const uint8_t bytes[PACKET_HEADER_SIZE])
{
	header->src_cid = get_le64(bytes);
	header->dst_cid = get_le64(bytes + 8);
	header->src_port = get_le32(bytes + 16);
	header->dst_port = get_le32(bytes + 20);
	header->len = get_le32(bytes + 24);
	header->type = get_le16(bytes + 28);
	header->op = get_le16(bytes + 30);
	header->flags = get_le32(bytes + 32);
	header->buf_alloc = get_le32(bytes + 36);
	header->fwd_cnt = get_le32(bytes + 40);
}

const char *packet_type_name(uint16_t type)
{
	switch (type) {
	case PACKET_STREAM:
		return "stream";
	case PACKET_SEQPACKET:
		return "seqpacket";
	case PACKET_DATAGRAM:
		return "datagram";
	default:
		return "?";
	}
}

const char *packet_op_name(uint16_t op)
{
	static const char *const names[] = {
		[OP_REQUEST] = "REQUEST",
		[OP_RESPONSE] = "RESPONSE",
		[OP_RST] = "RST",
		[OP_SHUTDOWN] = "SHUTDOWN",
		[OP_RW] = "RW",
		[OP_CREDIT_UPDATE] = "CREDIT_UPDATE",
		[OP_CREDIT_REQUEST] = "CREDIT_REQUEST",
	};

	return op >= OP_REQUEST && op <= OP_CREDIT_REQUEST ? names[op] : "?";
}
