/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONTAINER_MOUNTS_H
#define INIT_OCI_CONTAINER_MOUNTS_H

#include "base/errors.h"
#include "config/config.h"
#include "config/host_sources.h"

/*
 * Makes `mounts` in their order, after the root is entered. Those that every
 * container has exist already, and get the options given. Sources of bind mounts are in
 * the container or on the host.
 */
int container_mounts_make(const struct config *config, const struct host_sources *sources,
			  struct error *error);

#endif
