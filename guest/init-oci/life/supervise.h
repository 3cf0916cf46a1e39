/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SUPERVISE_H
#define INIT_OCI_SUPERVISE_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "life/oom_kills.h"
#include "life/streams.h"

/*
 * The signals that PID 1 waits for instead of being interrupted: all except its own
 * faults, and except SIGPIPE, which the kernel does not deliver to a PID 1.
 */
void supervise_signals(sigset_t *signals);

/* What PID 1 looks after. */
struct charge {
	pid_t container;
	int stop_signal;
	struct streams *streams;
	struct oom_kills oom_kills;
	bool control;		/* whether the VMM has a channel to speak on */
};

/*
 * The life of PID 1: reaps every child, passes signals on to the container,
 * carries its streams, and does what the VMM asks for. When the container has
 * ended, ends what it left running, within a few seconds, and returns its exit
 * status. signals must have been blocked since before the container started.
 */
int supervise(struct charge *charge, const sigset_t *signals);

#endif
