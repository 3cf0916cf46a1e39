/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_START_H
#define INIT_OCI_START_H

#include <stdbool.h>
#include <sys/types.h>

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
	int upper;	/* for unmount_all() */
};

/* NULL, with errno set, when there is no memory. */
struct container *start_container_memory(void);

/* Like fork(), but for what is shared, and the cgroup, which is the container's. */
pid_t start_fork(int cgroup);

/*
 * What the process tells PID 1 through the pipe: that everything is set up and nothing
 * shared any more, and then that the program cannot be started. If the pipe ends
 * without the latter, the program runs.
 */
enum start_event {
	START_IS_SET_UP = 's',
	START_HAS_FAILED = 'f',
};

/* Ends the sharing, and says so. Returns 0, or -1 with errno set. */
int start_part(int pipe);
void start_fail(int pipe);

#endif
