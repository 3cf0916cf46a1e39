/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_MONITOR_H
#define TSI_PEER_MONITOR_H

#include <linux/virtio_ring.h>

#include "device.h"
#include "tests.h"

/* A monitor without a machine, and the memory of its guest. */

#define MEMORY_SIZE (4u << 20)
#define GUEST_ADDRESS UINT64_C(0x40000000)
#define USER_ADDRESS UINT64_C(0x7f0000000000)
#define RING_SIZE 1024u
/* Where things are in the guest's memory. */
#define RING_OFFSET 0x10000u
#define INDIRECT_OFFSET 0x30000u
#define BUFFERS_OFFSET 0x100000u
#define TO_GUEST_OFFSET 0x200000u

#define INDIRECT_FEATURE (UINT64_C(1) << 28)
#define BASE_FEATURES (UINT64_C(1) << 32 | UINT64_C(1) << 30)

struct monitor {
	struct options options;
	struct loop loop;
	struct log log;
	struct peer peer;
	struct vhost_user user;
	struct device device;
	int socket, memory_fd;
	int kick[RING_COUNT], call[RING_COUNT];
	uint8_t *memory;
	struct vring rings[RING_COUNT];
	/* Descriptors of the ring from the guest that are in use. */
	uint16_t next_descriptor;
	/* Bytes of buffers that are in use. */
	uint32_t next_buffer, next_to_guest;
	uint16_t seen[RING_COUNT];
};

void monitor_turn(struct monitor *monitor);
void send_message(struct monitor *monitor, uint32_t request, uint32_t flags,
		  const void *payload, uint32_t size, int fd);
uint64_t reply_number(struct monitor *monitor);
void send_number(struct monitor *monitor, uint32_t request, uint64_t number, int fd);
void send_state(struct monitor *monitor, uint32_t request, uint32_t ring, uint32_t value);
void send_memory(struct monitor *monitor, uint64_t size);
void monitor_begin(struct monitor *monitor);
bool monitor_called(struct monitor *monitor, enum ring ring);
/* Up to a device that runs. */
struct monitor *monitor_new(unsigned int misbehaviour, uint64_t features);
void monitor_free(struct monitor *monitor);
void monitor_kick(struct monitor *monitor, enum ring ring);
void offer_descriptor(struct monitor *monitor, enum ring ring, uint16_t head);
struct vring_desc make_descriptor(uint32_t offset, uint32_t size, uint16_t flags, uint16_t next);
/* Offers the bytes, cut into pieces of these sizes; the last takes the rest. */
void send_pieces(struct monitor *monitor, const uint8_t *bytes, uint32_t size,
		 uint32_t first, uint32_t others, bool indirect);
uint32_t make_packet(uint8_t *bytes, struct packet_header header, const void *payload);
void send_packet(struct monitor *monitor, struct packet_header header, const void *payload);
void offer_buffer(struct monitor *monitor, uint32_t header_size, uint32_t rest);
/* The next packet that came, its payload, and how much of the buffer was used. */
const uint8_t *take_packet(struct monitor *monitor, struct packet_header *header,
			   uint32_t *used);

#endif
