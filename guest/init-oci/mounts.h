/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_MOUNTS_H
#define INIT_OCI_MOUNTS_H

#include "command_line.h"
#include "oci_config.h"
#include "error.h"

/* /proc, /sys, /dev and what belongs below them. */
int mounts_make_system(struct error *error);

/*
 * Stacks the layers and the upper at /merged. *upper is a descriptor of the
 * upper's disk for unmount_all(), or -1 when the upper is a tmpfs.
 */
int mounts_make_root(const struct command_line *line, int *upper, struct error *error);

/* Empties the initramfs and makes /merged the root, with the system's mounts on it. */
int mounts_enter_root(struct error *error);

/* The working directory, maskedPaths, readonlyPaths and root.readonly. */
int mounts_apply(const struct config *config, struct error *error);

#endif
