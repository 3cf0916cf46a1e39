/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>

#include "terminal.h"

/* Where the streams of a command go on this side, and what has come of it. */
struct relay {
	int supervisor;			/* the connection */
	int in, out, err;		/* -1: none */
	bool has_process;		/* to which signals can be passed on */
	const struct terminal *terminal;	/* that in is; NULL: none */
	char *id;			/* of an exec, once it is known */
};

/*
 * Carries a request's streams between the descriptors and the supervisor until the request
 * has ended. Returns the exit status of the process, 0 for other requests that are done,
 * 1 after a message, or 128 plus the number of a signal that has ended this command.
 */
int relay_request(struct relay *relay);

/*
 * The same for the container itself, whose streams are sockets of QEMU: -1 for those that
 * it does not have. Returns its exit status, or -1 if it is not known.
 */
int relay_container(struct relay *relay, int container_in, int container_out, int container_err);

#endif
