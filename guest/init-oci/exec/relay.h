/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_RELAY_H
#define INIT_OCI_RELAY_H

#include "base/errors.h"

/*
 * What flows through a terminal of the container, and its size. Each terminal has a
 * process for that: whoever has the other side can keep its locks for good, with a page
 * that never comes, so that any call on this side may wait for ever, close() included.
 * PID 1 has pipes to that process, and never the terminal. It is not of the container's
 * cgroup, whose limits and freezing are for the container's own processes.
 *
 * The end of the input is typed, if the terminal heeds that. The terminal is hung up when
 * nobody reads the output any more, and when, after its process, nobody has it open.
 */
struct relay {
	int terminal;	/* the user's side */
	int input;	/* a pipe, or -1 */
	int output;	/* a pipe */
	int sizes;	/* a socket, of struct winsize; its end is that of the process */
};

/*
 * Starts it as a sibling of this process. cgroup: the container's. What the process has is
 * still open here.
 */
int relay_start(const struct relay *relay, int cgroup, struct error *error);

#endif
