/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_STREAMS_H
#define INIT_OCI_STREAMS_H

#include <stddef.h>
#include <sys/types.h>

#include "base/errors.h"
#include "config/command_line.h"
#include "life/pump.h"

#define STREAM_PUMPS 3

/*
 * The standard streams of the container. A port of the VMM can be opened only
 * once, but programs open /dev/stdout again: they get pipes, which PID 1 pumps
 * to and from the ports.
 */
struct streams {
	int ends[3];		/* for the container; -1 where it is the console */
	int terminal;		/* the standard input if that is a terminal, or -1 */
	struct pump pumps[STREAM_PUMPS];
	size_t pump_count;
};

/* Waits for ports and terminals. Needs /dev and /sys. */
int streams_open(const struct command_line *line, struct streams *streams, struct error *error);

/* The devices among them. Returns their number. */
size_t streams_devices(const struct streams *streams, dev_t devices[static 3]);

/*
 * Makes these the standard streams of the calling process, which becomes one of the
 * container's; -1 where the stream stays as it is.
 */
void streams_take(const int ends[3]);

/* Gives them to the user, who may then open /dev/stdout again. Returns 0, or -1 with errno. */
int streams_give(uid_t user);

/* Closes, in PID 1, the container's ends. */
void streams_release(struct streams *streams);

#endif
