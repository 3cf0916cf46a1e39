/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PROTECTED_PATHS_H
#define INIT_OCI_PROTECTED_PATHS_H

#include "base/errors.h"
#include "config/config.h"

/*
 * Hides the masked paths and makes the read-only ones so, at the end: what is mounted
 * later would not be.
 */
int protected_paths_cover(const struct config *config, struct error *error);

/*
 * The same with those in /proc and /sys alone, before these are bound somewhere else: a
 * copy has what is mounted on them by then. It may be done more than once.
 */
int protected_paths_cover_kernel(const struct config *config, struct error *error);

#endif
