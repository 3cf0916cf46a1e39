/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_FILES_H
#define INIT_OCI_FILES_H

#include "base/errors.h"

/*
 * Files of the container that runs, as tar archives. What it does meanwhile leads them
 * neither out of the container's root nor to a FIFO or a device.
 */

/* Writes an archive of what the absolute path leads to. Returns 0 or -1. */
int files_get(const char *path, int output, struct error *error);

/* Unpacks an archive in the directory that the absolute path leads to. */
int files_put(const char *path, int input, struct error *error);

#endif
