/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_MOUNT_POINT_H
#define INIT_OCI_MOUNT_POINT_H

#include <stdbool.h>

#include "base/errors.h"
#include "config/config.h"

bool mount_point_has_type(const struct mount_point *point, const char *type);

/* Names the mount, what of it failed with an argument that may be "", and errno. */
int mount_point_error(const struct mount_point *point, const char *what, const char *argument,
		      struct error *error);

#endif
