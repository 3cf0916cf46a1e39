/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_BYTE_QUEUE_H
#define TSI_PEER_BYTE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes on their way to a socket that took no more of them. */
struct byte_queue {
	uint8_t *bytes;
	size_t start, length, capacity;
};

/* Returns 0, or -1 when there is no memory. The caller bounds the length. */
int byte_queue_append(struct byte_queue *queue, const uint8_t *bytes, size_t count);
void byte_queue_consume(struct byte_queue *queue, size_t count);
void byte_queue_free(struct byte_queue *queue);

#endif
