/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_VHOST_USER_H
#define TSI_PEER_VHOST_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "guest_memory.h"
#include "loop.h"
#include "virtqueue.h"

/* The protocol in which a monitor lends its guest's memory and rings. */

/* Most monitors keep the event ring to themselves; what others say of it is ignored. */
enum ring { RING_TO_GUEST, RING_FROM_GUEST, RING_COUNT, RING_EVENT = RING_COUNT };

struct vhost_user;

struct vhost_user_ring {
	/* The guest's notifications. */
	struct watch kick;
	struct vhost_user *owner;
	struct virtqueue queue;
};

/* What the monitor does to the device. */
struct vhost_user_device {
	void (*started)(struct vhost_user_device *device);
	/* A ring stops; buffers that were taken and not given back are lost. */
	void (*stopping)(struct vhost_user_device *device, enum ring ring);
	void (*kicked)(struct vhost_user_device *device, enum ring ring);
};

struct vhost_user {
	struct watch connection;
	struct loop *loop;
	struct vhost_user_device *device;
	uint64_t guest_cid;
	uint64_t offered, features, protocol_features;
	/* Open as long as the monitor is there, and never used; or -1. */
	int requests, event_call;
	struct guest_memory memory;
	struct vhost_user_ring rings[RING_COUNT];
	/* All rings run. */
	bool started;
	/* The monitor has gone; failed if it did not go in order. */
	bool ended, failed;
};

/*
 * Waits for a monitor at the UNIX socket. Returns its connection, or -1 after a
 * line on the standard error; -2 when a signal at the descriptor came first.
 */
int vhost_user_wait(const char *path, int signals);

void vhost_user_init(struct vhost_user *user, int connection, struct loop *loop,
		     struct vhost_user_device *device, uint64_t guest_cid, bool datagrams);
void vhost_user_free(struct vhost_user *user);

/* Has the ring handled once more, as if the guest had kicked it. */
void vhost_user_kick(struct vhost_user *user, enum ring ring);

#endif
