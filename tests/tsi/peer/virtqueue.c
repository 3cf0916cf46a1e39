// SPDX-License-Identifier: Apache-2.0
#include "virtqueue.h"

#include <endian.h>
#include <linux/virtio_ring.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

const char *virtqueue_map(struct virtqueue *queue, const struct guest_memory *memory)
{
	size_t size = queue->size;

	queue->running = false;
	if (!size || size > VIRTQUEUE_SIZE_MAX || size & (size - 1))
		return "its size is not a power of two within limits";
	if (queue->descriptors_at % VRING_DESC_ALIGN_SIZE ||
	    queue->available_at % VRING_AVAIL_ALIGN_SIZE ||
	    queue->used_at % VRING_USED_ALIGN_SIZE)
		return "it is not aligned";
	queue->descriptors = guest_memory_at_user(memory, queue->descriptors_at,
						  size * sizeof(*queue->descriptors));
	queue->available = guest_memory_at_user(memory, queue->available_at,
						sizeof(*queue->available) +
						size * sizeof(uint16_t));
	queue->used = guest_memory_at_user(memory, queue->used_at,
					   sizeof(*queue->used) +
					   size * sizeof(struct vring_used_elem));
	if (!queue->descriptors || !queue->available || !queue->used)
		return "it is not in the guest's memory";
	queue->used_index = le16toh(*(volatile uint16_t *)&queue->used->idx);
	queue->running = true;
	return NULL;
}

/* The guest may write while we read: every field is read once. */
static struct vring_desc read_descriptor(const volatile struct vring_desc *from)
{
	return (struct vring_desc){
		.addr = le64toh(from->addr),
		.len = le32toh(from->len),
		.flags = le16toh(from->flags),
		.next = le16toh(from->next),
	};
}

static const char *add_segment(struct chain *chain, const struct guest_memory *memory,
			       const struct vring_desc *descriptor)
{
	bool writable = descriptor->flags & VRING_DESC_F_WRITE;
	unsigned int *count = writable ? &chain->writable_count : &chain->readable_count;
	struct iovec *segment = (writable ? chain->writable : chain->readable) + *count;

	if (!writable && chain->writable_count)
		return "a readable descriptor follows a writable one";
	segment->iov_base = guest_memory_at(memory, descriptor->addr, descriptor->len);
	segment->iov_len = descriptor->len;
	if (!segment->iov_base)
		return "a buffer is not in the guest's memory";
	++*count;
	if (writable)
		chain->writable_size += descriptor->len;
	else
		chain->readable_size += descriptor->len;
	return NULL;
}

struct table {
	const struct vring_desc *descriptors;
	uint32_t count;
	bool indirect;
};

static const char *enter_indirect(struct table *table, const struct virtqueue *queue,
				  const struct guest_memory *memory,
				  const struct vring_desc *descriptor)
{
	if (!queue->indirect || table->indirect || descriptor->flags & VRING_DESC_F_NEXT)
		return "an indirect descriptor where none may be";
	if (!descriptor->len || descriptor->len % sizeof(struct vring_desc) ||
	    descriptor->addr % sizeof(uint64_t))
		return "an indirect table is no array of descriptors";
	table->descriptors = guest_memory_at(memory, descriptor->addr, descriptor->len);
	table->count = descriptor->len / (uint32_t)sizeof(struct vring_desc);
	table->indirect = true;
	return table->descriptors ? NULL : "an indirect table is not in the guest's memory";
}

static const char *walk(const struct virtqueue *queue, const struct guest_memory *memory,
			struct chain *chain)
{
	struct table table = { queue->descriptors, queue->size, false };
	uint32_t index = chain->head;
	struct vring_desc descriptor;
	const char *problem;
	unsigned int i;

	/* A loop in the chain ends here, too. */
	for (i = 0; i < CHAIN_MAX; i++) {
		if (index >= table.count)
			return "an index is outside of its table";
		descriptor = read_descriptor(table.descriptors + index);
		if (descriptor.flags & VRING_DESC_F_INDIRECT) {
			problem = enter_indirect(&table, queue, memory, &descriptor);
			if (problem)
				return problem;
			index = 0;
			continue;
		}
		problem = add_segment(chain, memory, &descriptor);
		if (problem)
			return problem;
		if (!(descriptor.flags & VRING_DESC_F_NEXT))
			return NULL;
		index = descriptor.next;
	}
	return "a chain has too many descriptors";
}

int virtqueue_pop(struct virtqueue *queue, const struct guest_memory *memory,
		  struct chain *chain, const char **problem)
{
	uint16_t available;

	if (!queue->running)
		return 0;
	available = le16toh(__atomic_load_n(&queue->available->idx, __ATOMIC_ACQUIRE));
	if (available == queue->next)
		return 0;
	chain->readable_count = chain->writable_count = 0;
	chain->readable_size = chain->writable_size = 0;
	*problem = "more entries are available than it holds";
	if ((uint16_t)(available - queue->next) > queue->size)
		goto broken;
	chain->head = le16toh(*(volatile uint16_t *)
			      &queue->available->ring[queue->next % queue->size]);
	*problem = walk(queue, memory, chain);
	if (*problem)
		goto broken;
	queue->next++;
	return 1;
broken:
	queue->running = false;
	return -1;
}

unsigned int virtqueue_available(const struct virtqueue *queue)
{
	if (!queue->running)
		return 0;
	return (uint16_t)(le16toh(__atomic_load_n(&queue->available->idx, __ATOMIC_ACQUIRE)) -
			  queue->next);
}

void virtqueue_push(struct virtqueue *queue, const struct chain *chain, size_t length)
{
	volatile struct vring_used_elem *element =
		&queue->used->ring[queue->used_index % queue->size];

	element->id = htole32(chain->head);
	element->len = htole32((uint32_t)length);
	queue->used_index++;
	__atomic_store_n(&queue->used->idx, htole16(queue->used_index), __ATOMIC_RELEASE);
	queue->signal = true;
}

void virtqueue_signal(struct virtqueue *queue)
{
	static const uint64_t one = 1;
	uint16_t flags;

	if (!queue->signal || !queue->running)
		return;
	queue->signal = false;
	/* The guest first allows interrupts, then looks at the index once more. */
	atomic_thread_fence(memory_order_seq_cst);
	flags = le16toh(*(volatile uint16_t *)&queue->available->flags);
	if (flags & VRING_AVAIL_F_NO_INTERRUPT || queue->call < 0)
		return;
	/* It fails only when the counter is full: then the guest knows already. */
	if (write(queue->call, &one, sizeof(one)) < 0)
		return;
}

/* Copies the part of the segments from the offset on, one way or the other. */
static size_t copy(const struct iovec *segments, unsigned int count, size_t offset,
		   uint8_t *to, const uint8_t *from, size_t size)
{
	size_t done = 0, part;
	unsigned int i;

	for (i = 0; i < count && done < size; i++) {
		uint8_t *base = segments[i].iov_base;

		if (offset >= segments[i].iov_len) {
			offset -= segments[i].iov_len;
			continue;
		}
		part = segments[i].iov_len - offset;
		if (part > size - done)
			part = size - done;
		if (to)
			memcpy(to + done, base + offset, part);
		else
			memcpy(base + offset, from + done, part);
		done += part;
		offset = 0;
	}
	return done;
}

size_t chain_read(const struct chain *chain, size_t offset, uint8_t *bytes, size_t size)
{
	return copy(chain->readable, chain->readable_count, offset, bytes, NULL, size);
}

size_t chain_read_back(const struct chain *chain, uint8_t *bytes, size_t size)
{
	return copy(chain->writable, chain->writable_count, 0, bytes, NULL, size);
}

size_t chain_write(const struct chain *chain, size_t offset, const uint8_t *bytes, size_t size)
{
	return copy(chain->writable, chain->writable_count, offset, NULL, bytes, size);
}
