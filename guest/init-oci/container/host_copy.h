/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_HOST_COPY_H
#define INIT_OCI_HOST_COPY_H

#include "base/errors.h"
#include "config/config.h"

/*
 * Returns a descriptor of a copy of a part of a share, not attached anywhere yet, for the
 * source of this bind mount. flags is 0 or AT_RECURSIVE. Links stay inside the share.
 */
int host_copy(const struct mount_point *point, const char *tag, const char *path,
	      unsigned int flags, struct error *error);

#endif
