/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SHARES_H
#define INIT_OCI_SHARES_H

#include "base/errors.h"

/* Waits until the kernel has the virtiofs with this tag. Needs /sys. */
int share_find(const char *tag, struct error *error);

/* Finds the share and mounts it read-only, as part of the step that messages name. */
int share_mount(const char *tag, const char *target, const char *step, struct error *error);

#endif
