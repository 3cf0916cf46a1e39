/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CGROUP_H
#define INIT_OCI_CGROUP_H

#include <sys/types.h>

#include "base/errors.h"
#include "config/config.h"

#define CGROUP_PATH "/sys/fs/cgroup"

/*
 * Makes the container's cgroup, with the limits of the configuration, and lets
 * CGROUP_PATH show that one alone. Returns a descriptor of its directory, or -1.
 */
int cgroup_make(const struct config *config, struct error *error);

/* fork() with the child in that cgroup, which is the root of all that the child sees. */
pid_t cgroup_fork(int cgroup);

/* The same for the calling process. Returns 0, or -1 with errno set. */
int cgroup_enter(int cgroup);

#endif
