/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_OUTBOX_H
#define INIT_OCI_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What is on its way to the VMM, which may not read for a while: lines, and the bytes
 * of streams. Bytes leave room for lines, so that who floods a stream does not keep the
 * VMM from learning of an end.
 */
struct outbox {
	size_t start, end;	/* of what is in bytes */
	bool had_no_room;	/* for something that may come again, when there is some */
	char bytes[12288];
};

/* An id and what is before and after it. */
#define OUTBOX_LINE_MAX 512

/* Returns whether there was room: a line is never cut by what has come before it. */
bool outbox_line(struct outbox *outbox, const char *const parts[]);
#define OUTBOX_LINE(outbox, ...) outbox_line(outbox, (const char *const[]){ __VA_ARGS__, NULL })

/*
 * Where to put bytes of a stream, and in *room how many, which may be 0. Right after
 * that, outbox_data() makes a message of those that have been put there.
 */
char *outbox_space(struct outbox *outbox, size_t *room);
void outbox_data(struct outbox *outbox, const char *id, unsigned int stream, size_t length);

/* Sends what the other side takes now. Returns 0, or -1 with errno set. */
int outbox_flush(struct outbox *outbox, int fd);

#endif
