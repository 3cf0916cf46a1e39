// SPDX-License-Identifier: Apache-2.0
/* One of `mounts`: questions about it, and messages. */
#include "container/mount_point.h"

#include <errno.h>
#include <string.h>

bool mount_point_has_type(const struct mount_point *point, const char *type)
{
	return point->type && !strcmp(point->type, type);
}

int mount_point_error(const struct mount_point *point, const char *what, const char *argument,
		      struct error *error)
{
	return ERROR(error, "mount ", point->destination, ": ", what, argument, ": ",
		     strerror(errno));
}
