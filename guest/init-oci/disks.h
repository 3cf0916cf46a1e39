/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_DISKS_H
#define INIT_OCI_DISKS_H

#include "command_line.h"
#include "error.h"

/*
 * Finds every disk of the command line, waiting for those that the kernel has
 * not seen yet. Needs /dev and /sys. Afterwards each disk's device is set.
 */
int disks_find(struct command_line *line, struct error *error);

#endif
