/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_ROOT_H
#define INIT_OCI_ROOT_H

#include "base/errors.h"
#include "config/command_line.h"

/* Where root_make() leaves the container's root. */
#define ROOT_MERGED "/merged"

/*
 * Finds the layers and the upper and stacks them. *upper is a descriptor of the
 * upper's disk for unmount_all(), or -1 when the upper is a tmpfs.
 */
int root_make(struct command_line *line, int *upper, struct error *error);

/* Empties the initramfs and makes the stack the root, with the system's mounts on it. */
int root_enter(struct error *error);

#endif
