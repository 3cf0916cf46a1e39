/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_VIRTQUEUE_H
#define TSI_PEER_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "guest_memory.h"
#include "loop.h"

/* Split rings, with indirect descriptors. Nothing in them is trusted. */

#define VIRTQUEUE_SIZE_MAX 32768
/* More than any guest needs for one packet of 64 KiB in pages. */
#define CHAIN_MAX 512

struct vring_desc;
struct vring_avail;
struct vring_used;

struct virtqueue {
	/* As the monitor sets it up. */
	unsigned int size;
	uint64_t descriptors_at, available_at, used_at;
	bool indirect;
	bool enabled;
	/* An eventfd that interrupts the guest, or -1. */
	int call;

	/* Valid while it runs. */
	bool running;
	struct vring_desc *descriptors;
	struct vring_avail *available;
	struct vring_used *used;

	/* The next available entry, and how many were used. */
	uint16_t next, used_index;
	bool signal;
};

/* A buffer of the guest, which may be in many pieces. */
struct chain {
	uint16_t head;
	struct iovec readable[CHAIN_MAX], writable[CHAIN_MAX];
	unsigned int readable_count, writable_count;
	size_t readable_size, writable_size;
};

/* Finds the ring in memory. Returns NULL, or what is wrong. */
const char *virtqueue_map(struct virtqueue *queue, const struct guest_memory *memory);

/*
 * Takes the next buffer. Returns 1, 0 when there is none, or -1 when the ring
 * makes no sense: then *problem says why, and the ring stops.
 */
int virtqueue_pop(struct virtqueue *queue, const struct guest_memory *memory,
		  struct chain *chain, const char **problem);
/* How many buffers of the guest are there to take. */
unsigned int virtqueue_available(const struct virtqueue *queue);
/* Gives a buffer back, into which length bytes were written. */
void virtqueue_push(struct virtqueue *queue, const struct chain *chain, size_t length);
/* Interrupts the guest if buffers were given back and it wants to know. */
void virtqueue_signal(struct virtqueue *queue);

/* Copies between a chain and bytes; all return how much there was room for. */
size_t chain_read(const struct chain *chain, size_t offset, uint8_t *bytes, size_t size);
/* Reads the bytes where chain_write() would write. */
size_t chain_read_back(const struct chain *chain, uint8_t *bytes, size_t size);
size_t chain_write(const struct chain *chain, size_t offset, const uint8_t *bytes, size_t size);

#endif
