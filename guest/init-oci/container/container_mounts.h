/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONTAINER_MOUNTS_H
#define INIT_OCI_CONTAINER_MOUNTS_H

#include "base/errors.h"
#include "config/config.h"

/*
 * Makes `mounts` in their order, after the root is entered. Those that every
 * container has exist already, and get the options given.
 */
int container_mounts_make(const struct config *config, struct error *error);

#endif
