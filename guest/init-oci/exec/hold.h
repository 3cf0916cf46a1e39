/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_HOLD_H
#define INIT_OCI_HOLD_H

#include <stddef.h>

/* The first credit of a stream, and what PID 1 holds of one at most. */
#define WINDOW 32768

/* What a reader does not take yet. */
struct hold {
	size_t start, end;
	char bytes[WINDOW];
};

/*
 * Writes what is held, and then the bytes; holds what is left of them. *hold is NULL when
 * nothing is. Returns 0, or -1 when nothing will be taken any more, or there is no memory
 * or room.
 */
int hold_write(struct hold **hold, int fd, const char *bytes, size_t count);

/* Holds them, behind what is held. Returns 0, or -1 when there is no memory or room. */
int hold_add(struct hold **hold, const char *bytes, size_t count);

/* How much is held. */
size_t hold_count(const struct hold *hold);

#endif
