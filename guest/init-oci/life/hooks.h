/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_HOOKS_H
#define INIT_OCI_HOOKS_H

#include "base/errors.h"
#include "config/config.h"
#include "life/seccomp_filter.h"

/* What the process of a hook calls before it becomes the hook. Returns 0 or -1. */
typedef int hooks_restrict(const struct config *config, const struct seccomp_filter *filter,
			   struct error *error);

/*
 * Runs the hooks one after the other, each in a process of its own, and waits for it.
 * That process has no more rights than the container; this one keeps what it needs to
 * wait and to kill. Fails with the first that fails; of one that takes too long, all that
 * hooks have started is killed. The error must be in memory that both processes have.
 */
int hooks_run(const struct config *config, const struct seccomp_filter *filter,
	      hooks_restrict *restrict_process, struct error *error);

#endif
