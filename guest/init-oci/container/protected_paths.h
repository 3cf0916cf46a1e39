/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PROTECTED_PATHS_H
#define INIT_OCI_PROTECTED_PATHS_H

#include "base/errors.h"
#include "config/config.h"

/*
 * Hide the masked paths and make the read-only ones so. Those in /proc and /sys first,
 * before `mounts` can bind them somewhere else: a copy of them has what is mounted on
 * them. Then all, after `mounts` and the volumes have come.
 */
int protected_paths_cover_kernel(const struct config *config, struct error *error);
int protected_paths_cover(const struct config *config, struct error *error);

#endif
