/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_START_H
#define INIT_OCI_START_H

#include <sys/types.h>

#include "life/process.h"
#include "life/streams.h"

/*
 * What sets the container up may wait for good: for a disk, a share, a file system
 * that does not answer. So a process of its own does it, and then becomes the
 * container, while PID 1 serves the VMM. Until it lets go of them, it shares PID 1's
 * descriptors, root and working directory: what it opens and enters stays with PID 1.
 */

/* In memory that both have. The process leaves in it what PID 1 needs afterwards. */
struct container {
	struct streams streams;
	int stop_signal;
	int cgroup;	/* the directory of its cgroup */
	int kept_config;	/* for further processes; -1: there can be none */
	int upper;	/* for unmount_all() */
	struct failure failure;
};

/* NULL, with errno set, when there is no memory. */
struct container *start_container_memory(void);

/* Like fork(), but for what is shared, and the cgroup, which is the container's. */
pid_t start_fork(int cgroup);

/*
 * Ends the sharing of all but that memory, and tells PID 1 by a byte through the pipe
 * that everything is set up. When the pipe ends after that, the program runs if
 * it was close to it, and there is no failure. Returns 0, or -1 with errno set.
 */
int start_part(int pipe);

#endif
