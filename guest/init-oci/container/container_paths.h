/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONTAINER_PATHS_H
#define INIT_OCI_CONTAINER_PATHS_H

#include "base/errors.h"
#include "config/config.h"

/* Volumes, the working directory, maskedPaths, readonlyPaths and root.readonly. */
int container_paths_set_up(const struct config *config, struct error *error);

#endif
