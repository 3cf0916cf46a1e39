/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_DEVICE_H
#define TSI_PEER_DEVICE_H

#include "peer.h"
#include "vhost_user.h"

/* Packets that wait for a buffer of the guest; beyond that they are lost. */
#define PARKED_MAX 1024
/* With so many, no more is taken from the guest. */
#define PARKED_ENOUGH 512

struct parked_packet;
TAILQ_HEAD(parked_queue, parked_packet);

/* The vsock device: carries packets between the guest's rings and the peer. */
struct device {
	struct vhost_user_device callbacks;
	struct vhost_user *user;
	struct peer *peer;
	struct log *log;
	/* The next buffer of the guest to write to, when there is one. */
	struct chain to_guest;
	bool to_guest_taken;
	/* The most buffers that the guest has offered at a time. */
	unsigned int to_guest_most;
	struct chain from_guest;
	struct parked_queue parked;
	unsigned int parked_count;
	bool dirty_header_noted;
	uint8_t payload[PACKET_PAYLOAD_MAX];
};

/* The event ring in the guest's memory, by the guest's addresses. */
struct event_ring {
	uint32_t size;
	uint64_t descriptors, available, used;
};

void device_init(struct device *device, struct vhost_user *user, struct peer *peer,
		 struct log *log);
void device_free(struct device *device);

/* The wire of the peer; the argument is a struct device. */
size_t device_room(void *device);
void device_send(void *device, const struct packet_header *header, const uint8_t *payload,
		 bool fill);

/*
 * Forgets the guest's sockets and tells the guest so by an event, as a host does
 * that has restored a snapshot. Returns NULL, or why nothing was done.
 */
const char *device_reset(struct device *device, const struct event_ring *ring);

/* Tells the guest of all that was done since the last time. */
void device_signal(struct device *device);

#endif
