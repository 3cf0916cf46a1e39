/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_DISKS_H
#define INIT_OCI_DISKS_H

#include <stddef.h>

#include "base/errors.h"
#include "config/command_line.h"

/*
 * Finds the disks, waiting for those that the kernel has not seen yet. Needs
 * /dev and /sys. Afterwards each disk's device is set.
 */
int disks_find(struct disk *const *disks, size_t count, struct error *error);

#define DISK_PATH_SIZE 64
/* The path of the device of a disk that has been found. */
void disk_path(const struct disk *disk, char path[static DISK_PATH_SIZE]);

#endif
