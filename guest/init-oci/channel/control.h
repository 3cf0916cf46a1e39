/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONTROL_H
#define INIT_OCI_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/errors.h"
#include "config/command_line.h"

/*
 * The channel on which the VMM learns of the container's life and asks for its
 * end: a virtio-console port, or a vsock stream to the host. Either side sends
 * lines of ASCII. To the VMM:
 *
 *   started     the container's program runs
 *   oom-kill N  so many processes of the container were killed for want of memory
 *   exit N      the container's exit status, at the very end
 *   error WHY   to a line that is not a request, or cannot be carried out
 *
 * What the VMM may send is in request.h, and what else it is told in exec/tasks.h.
 *
 * Its descriptor has a fixed number, so that even a fault handler can report the
 * end; it is /dev/null when no channel is asked for.
 */
#define CONTROL_FILENO 4

int control_open(const struct control_address *address, struct error *error);

/*
 * Sends a line. Waits a second for a VMM that does not read or has not opened the
 * port yet, or not at all, since the container does not depend on it. Returns whether
 * the line was sent.
 */
bool control_line(bool wait, const char *const parts[]);
#define CONTROL_SAY(wait, ...) control_line(wait, (const char *const[]){ __VA_ARGS__, NULL })

/*
 * Begins to connect to the host again, when it has closed the stream: it is done when the
 * descriptor is writable and vsock_is_connected(). Returns 0, or -1.
 */
int control_connect_again(const struct control_address *address);

/*
 * Sends the rest of what was being sent, and waits a second for that. What is not taken
 * then ends the stream: a line would be taken for a part of it.
 */
void control_finish(const char *bytes, size_t length);

/* Sends the exit status, and closes the channel when the VMM has received it. */
void control_end(int status);

#endif
