/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_MOUNT_CONTEXT_H
#define INIT_OCI_MOUNT_CONTEXT_H

#include "base/errors.h"

/*
 * For a failed call on a context of fsopen() or fspick(): makes an error of what
 * the file system says about it, which is more than errno. argument may be "".
 */
int mount_context_error(int context, const char *step, const char *argument,
			struct error *error);

#endif
