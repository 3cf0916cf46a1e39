/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONTAINER_MOUNTS_H
#define INIT_OCI_CONTAINER_MOUNTS_H

#include "oci_config.h"
#include "error.h"

/* The working directory, maskedPaths, readonlyPaths and root.readonly. */
int container_mounts_make(const struct config *config, struct error *error);

#endif
