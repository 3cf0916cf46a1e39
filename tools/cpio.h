/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cpio archive in memory, in the format "newc" that Linux unpacks as its
 * initramfs (Documentation/driver-api/early-userspace/buffer-format.rst). The
 * same entries give the same bytes: owner and time are 0, inodes are counted.
 */
#ifndef CPIO_H
#define CPIO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cpio {
	unsigned char *bytes;
	size_t length;
	size_t room;
	uint32_t inode;
};

/* Start with a structure of zeros; the caller frees its bytes. */

/* Names have no leading slash. These return 0, or -1 with errno set. */
int cpio_add_directory(struct cpio *archive, const char *name, mode_t permissions);
int cpio_add_file(struct cpio *archive, const char *name, mode_t permissions,
		  const void *bytes, size_t length);
int cpio_add_character_device(struct cpio *archive, const char *name, mode_t permissions,
			      unsigned int major, unsigned int minor);
/* What must come last. */
int cpio_end(struct cpio *archive);

/* The mode, with the type, of the entry with that name; 0 if there is none. */
mode_t cpio_find(const struct cpio *archive, const char *name);

#endif
