/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SUPERVISE_H
#define INIT_OCI_SUPERVISE_H

#include <signal.h>
#include <sys/types.h>

#include "config/command_line.h"
#include "life/clock.h"
#include "life/start.h"

/*
 * The signals that PID 1 waits for instead of being interrupted: all except its own
 * faults, and except SIGPIPE, which the kernel does not deliver to a PID 1.
 */
void supervise_signals(sigset_t *signals);

/* What PID 1 looks after. */
struct charge {
	pid_t process;		/* sets the container up, and becomes it */
	int start;		/* what start.h says of it; it does not block */
	int start_end;		/* where that process writes, to be closed when it has parted */
	struct container *shared;
	const struct clock_devices *clock;
	const struct command_line *line;
};

/*
 * The life of PID 1: reaps every child, passes signals on to the container,
 * carries its streams, and does what the VMM asks for. When the container has
 * ended, or could not be set up, ends what it left running, within a few seconds, and
 * returns its exit status. signals must have been blocked since before the process
 * was made. Never waits for anything but the next event.
 */
int supervise(const struct charge *charge, const sigset_t *signals);

#endif
