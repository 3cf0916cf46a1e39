/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INITRAMFS_H
#define INITRAMFS_H

#include <stddef.h>

#include "cpio.h"
#include "program.h"

#define INITRAMFS_NAME "initramfs"
#define INITRAMFS_FILE "initramfs.cpio"

/*
 * The beginning of every initramfs: the library's PID 1 as /init. Both functions
 * return 0; or -1 after a message, and then there is nothing to free.
 */
int initramfs_begin(const struct program *program, struct cpio *archive);

/* A whole initramfs, with the arguments of --append: each a FILE, or FILE:/PATH. */
int initramfs_make(const struct program *program, struct cpio *archive,
		   char *const *appended, size_t count);

#endif
