// SPDX-License-Identifier: Apache-2.0
#include "byte_queue.h"

#include <stdlib.h>
#include <string.h>

static int make_room(struct byte_queue *queue, size_t count)
{
	size_t capacity = queue->capacity ? queue->capacity : 4096;
	uint8_t *bytes;

	/* Moved only when at least as much was consumed: appending stays linear. */
	if (queue->start && queue->start >= queue->length) {
		memmove(queue->bytes, queue->bytes + queue->start, queue->length);
		queue->start = 0;
	}
	while (capacity - queue->start - queue->length < count)
		capacity *= 2;
	if (capacity == queue->capacity)
		return 0;
	bytes = realloc(queue->bytes, capacity);
	if (!bytes)
		return -1;
	queue->bytes = bytes;
	queue->capacity = capacity;
	return 0;
}

int byte_queue_append(struct byte_queue *queue, const uint8_t *bytes, size_t count)
{
	if (!count)
		return 0;
	if (queue->capacity - queue->start - queue->length < count && make_room(queue, count))
		return -1;
	memcpy(queue->bytes + queue->start + queue->length, bytes, count);
	queue->length += count;
	return 0;
}

void byte_queue_consume(struct byte_queue *queue, size_t count)
{
	queue->start += count;
	queue->length -= count;
	/* An idle connection keeps no memory. */
	if (!queue->length)
		byte_queue_free(queue);
}

void byte_queue_free(struct byte_queue *queue)
{
	free(queue->bytes);
	memset(queue, 0, sizeof(*queue));
}
