/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CGROUP_H
#define INIT_OCI_CGROUP_H

#include "base/errors.h"
#include "config/config.h"

#define CGROUP_PATH "/sys/fs/cgroup"

/* Makes the container's cgroup. Returns a descriptor of its directory, or -1. */
int cgroup_make(struct error *error);

/* Lets CGROUP_PATH show that one alone. Nothing may be mounted before on CGROUP_PATH. */
int cgroup_show(int cgroup, struct error *error);

/*
 * Gives it the limits of the configuration. Last: what sets up the container may be in
 * it, and may need more than they allow.
 */
int cgroup_limit(int cgroup, const struct config *config, struct error *error);

/*
 * Moves the calling process there. Slow on more than one processor: a new process is
 * better made there. Returns 0, or -1 with errno set.
 */
int cgroup_enter(int cgroup);

/* Makes the cgroup that the calling process is in the root of all that it sees. */
int cgroup_enclose(void);

#endif
