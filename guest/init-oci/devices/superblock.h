/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SUPERBLOCK_H
#define INIT_OCI_SUPERBLOCK_H

#include <stddef.h>

/* Covers the superblocks of all three file systems. */
#define SUPERBLOCK_SIZE 2048

enum file_system {
	FILE_SYSTEM_UNKNOWN,
	FILE_SYSTEM_SQUASHFS,
	FILE_SYSTEM_EROFS,
	FILE_SYSTEM_EXT4,
	/* An ext4 whose journal must be replayed, which means writing to it. */
	FILE_SYSTEM_EXT4_DIRTY,
};

/* From the first bytes of a disk; a short read is not an error, only less to go by. */
enum file_system superblock_identify(const unsigned char *start, size_t length);

#endif
