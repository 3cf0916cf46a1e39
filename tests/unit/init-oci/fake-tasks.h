/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_FAKE_TASKS_H
#define INIT_OCI_FAKE_TASKS_H

#include "channel/outbox.h"
#include "channel/request.h"
#include "exec/tasks.h"

/*
 * PID 1's side of the channel without processes: what a task's process would have is in
 * `theirs`, and its start and end are made up.
 */
struct fake {
	struct tasks tasks;
	struct outbox outbox;
	struct intake intake;
	struct container *container;
	struct command_line command_line;
	int errors;	/* lines that were no requests */
	char error[256];	/* the last one's */
};

void fake_open(struct fake *fake);
void fake_close(struct fake *fake);

/* Bytes from the VMM, as the loop takes them. */
void fake_take(struct fake *fake, const char *bytes, size_t count);

/* The other ends of a task's pipes; -1: there is none. */
int fake_their_end(struct fake *fake, const char *id, unsigned int stream);

/* The process becomes its program; it has closed its ends, and ends. */
void fake_start(struct fake *fake, const char *id);
void fake_end(struct fake *fake, const char *id, int wait_status);

#endif
