// SPDX-License-Identifier: Apache-2.0
/* Which file system a disk has, by its first bytes. */
#include "devices/superblock.h"

#include <stdint.h>

/* erofs and ext4 keep the first kilobyte free for boot sectors. */
#define SUPERBLOCK_OFFSET 1024
#define EXT4_MAGIC_OFFSET (SUPERBLOCK_OFFSET + 56)
#define EXT4_INCOMPAT_OFFSET (SUPERBLOCK_OFFSET + 96)

#define SQUASHFS_MAGIC 0x73717368u
#define EROFS_MAGIC 0xe0f5e1e2u
#define EXT4_MAGIC 0xef53u
#define EXT4_INCOMPAT_RECOVER 0x4u

static uint32_t little_endian_16(const unsigned char *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t little_endian_32(const unsigned char *bytes)
{
	return little_endian_16(bytes) | little_endian_16(bytes + 2) << 16;
}

enum file_system superblock_identify(const unsigned char *start, size_t length)
{
	if (length >= 4 && little_endian_32(start) == SQUASHFS_MAGIC)
		return FILE_SYSTEM_SQUASHFS;
	if (length >= SUPERBLOCK_OFFSET + 4 &&
	    little_endian_32(start + SUPERBLOCK_OFFSET) == EROFS_MAGIC)
		return FILE_SYSTEM_EROFS;
	if (length >= EXT4_INCOMPAT_OFFSET + 4 &&
	    little_endian_16(start + EXT4_MAGIC_OFFSET) == EXT4_MAGIC) {
		if (little_endian_32(start + EXT4_INCOMPAT_OFFSET) & EXT4_INCOMPAT_RECOVER)
			return FILE_SYSTEM_EXT4_DIRTY;
		return FILE_SYSTEM_EXT4;
	}
	return FILE_SYSTEM_UNKNOWN;
}
