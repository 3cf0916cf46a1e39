/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_MOUNTS_H
#define INIT_OCI_MOUNTS_H

#include <stddef.h>

#include "base/errors.h"
#include "config/host_sources.h"

/* Makes one of `mounts`, in JSON, as when the container starts. */
int mounts_add(const char *text, size_t length, const struct host_sources *sources,
	       unsigned int without, struct error *error);

/* Takes off what is mounted there. */
int mounts_remove(const char *path, struct error *error);

#endif
