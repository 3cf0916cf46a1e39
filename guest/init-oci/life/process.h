/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PROCESS_H
#define INIT_OCI_PROCESS_H

#include <signal.h>
#include <stdbool.h>

#include "base/errors.h"
#include "config/config.h"
#include "life/seccomp_filter.h"
#include "life/streams.h"

/*
 * Why a process has not become the configured one. In memory that PID 1 has, too: the
 * process may not be able to say it, or to end with that status, because the seccomp
 * filter is installed.
 */
struct failure {
	int status;		/* the exit status: 125, 126 or 127; 0: it has not failed */
	bool is_close;		/* to success: its rights and execve() are left */
	struct error error;
};

/*
 * Turns the calling process, a new child or PID 1 itself, into the configured one.
 * The filter is that of config->seccomp, and not used if there is none. streams_take()
 * gets the streams, and signals is the signal mask. Returns only on failure.
 */
void process_become(const struct config *config, const struct seccomp_filter *filter,
		    const int streams[3], const sigset_t *signals, struct failure *failure);

#endif
