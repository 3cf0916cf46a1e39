/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_KEPT_CONFIG_H
#define INIT_OCI_KEPT_CONFIG_H

#include "base/errors.h"
#include "config/config.h"
#include "life/seccomp_filter.h"

/*
 * What further processes have in common with the container's own: its user, environment,
 * rights, limits and filter. They are kept in a file that is nowhere but in memory, so
 * that PID 1 has none of it in its own.
 */

/* Makes the file. Returns its descriptor, or -1 with errno set. */
int kept_config_make(void);

/* Returns 0, or -1 with errno set. */
int kept_config_write(int fd, const struct config *config, const struct seccomp_filter *filter);

/* The configuration, in memory of the caller's own; NULL, with errno set, on failure. */
struct config *kept_config_read(int fd, struct seccomp_filter *filter);

#endif
