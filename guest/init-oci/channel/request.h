/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_REQUEST_H
#define INIT_OCI_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/errors.h"
#include "config/command_line.h"

/* How long a container has between its stop signal and SIGKILL by default. */
#define STOP_SECONDS 10

enum request_kind {
	REQUEST_STOP,
	REQUEST_SIGNAL,
	REQUEST_SIZE,
	REQUEST_TIME,
	/* The others need a session. */
	REQUEST_HELLO,
	REQUEST_DATA,
	REQUEST_CREDIT,
	REQUEST_CLOSE,
	REQUEST_FORGET,
	/* These begin something that has an id until it ends. */
	REQUEST_EXEC,
	REQUEST_GET,
	REQUEST_PUT,
	REQUEST_PS,
	REQUEST_STATISTICS,
	REQUEST_MOUNT,
	REQUEST_UMOUNT,
	REQUEST_PAUSE,
	REQUEST_RESUME,
	REQUEST_SYNC,
	REQUEST_NAMESERVER,
	REQUEST_HOSTNAME,
};

/* Where a stream goes. */
struct place {
	enum {
		PLACE_NULL,
		PLACE_CHANNEL,
		PLACE_VSOCK,	/* a port of the host */
		PLACE_PORT,	/* the virtio-console port of this name */
		PLACE_OUTPUT,	/* of errors: where the output goes */
	} kind;
	unsigned int vsock_port;
	const char *port_name;
};

#define REQUEST_LINE_MAX 255
#define REQUEST_ID_MAX 64

/* What the VMM asks for in one line of the control channel. Strings are in the line. */
struct request {
	enum request_kind kind;
	const char *id;			/* NULL: it is about the container */
	unsigned int seconds;		/* of a stop */
	int signal;
	unsigned short rows, columns;
	uint64_t nanoseconds;		/* of a time, since the epoch */
	unsigned int stream;
	uint32_t bytes;			/* of credit */
	struct place places[3];
	bool has_input;			/* the first of them was given */
	bool keep;
	const char *values[NAME_SERVERS_MAX + 1];	/* host name or addresses, then NULL */
	uint32_t length;		/* of the body, which comes even if the rest is wrong */
};

/* Whether what does it runs in the container's cgroup. */
bool request_is_of_container(enum request_kind kind);

/* What it is called in requests. */
const char *request_name(enum request_kind kind);

/*
 * Parses one line, without its newline, and changes it. Returns 0, or -1. The id and the
 * length are set as far as they are good even then.
 */
int request_parse(char *line, struct request *request, struct error *error);

/* What has come of a line so far. Zeroed at the start. */
struct line {
	char text[REQUEST_LINE_MAX + 1];
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
