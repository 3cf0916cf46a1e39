/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_HOOKS_H
#define INIT_OCI_HOOKS_H

#include "base/errors.h"
#include "config/config.h"
#include "life/seccomp_filter.h"

/*
 * Runs the hooks one after the other, each in a process of its own, and waits for it.
 * That process calls restrict_process first, to have no more rights than the container;
 * this one keeps what it needs to wait and to kill. Fails with the first that fails.
 */
int hooks_run(const struct config *config, const struct seccomp_filter *filter,
	      int (*restrict_process)(const struct config *config,
				      const struct seccomp_filter *filter, struct error *error),
	      struct error *error);

#endif
