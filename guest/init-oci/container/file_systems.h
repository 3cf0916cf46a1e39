/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_FILE_SYSTEMS_H
#define INIT_OCI_FILE_SYSTEMS_H

#include "base/errors.h"
#include "config/config.h"
#include "container/mount_options.h"

/* Makes the file system. Returns a descriptor of it, not attached anywhere yet, or -1. */
int file_system_create(const struct mount_point *point, const struct mount_options *options,
		       struct error *error);

/* Gives the file system of an existing mount, open as fd, the options that are its own. */
int file_system_reconfigure(const struct mount_point *point, int fd, struct error *error);

#endif
