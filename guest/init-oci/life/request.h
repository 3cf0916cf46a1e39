/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_REQUEST_H
#define INIT_OCI_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/errors.h"

/* How long a container has between its stop signal and SIGKILL by default. */
#define STOP_SECONDS 10

/* What the VMM asks for in one line of the control channel. */
struct request {
	enum {
		REQUEST_STOP,
		REQUEST_SIGNAL,
		REQUEST_SIZE,
		REQUEST_TIME,
	} kind;
	unsigned int seconds;		/* of a stop */
	int signal;
	unsigned short rows, columns;
	uint64_t nanoseconds;		/* of a time, since the epoch */
};

/* Parses one line, without its newline, and changes it. Returns 0, or -1. */
int request_parse(char *line, struct request *request, struct error *error);

/* What has come of a line so far. Zeroed at the start. */
struct line {
	char text[128];
	size_t length;
	bool too_long;
};

enum line_state {
	LINE_INCOMPLETE,
	LINE_COMPLETE,	/* in text, as a string; the next byte begins another */
	LINE_TOO_LONG,	/* its end has come, but it did not fit */
};

enum line_state line_add(struct line *line, char byte);

#endif
