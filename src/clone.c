// SPDX-License-Identifier: Apache-2.0
/*
 * The copy that costs no data: where a file system lets files share it
 * (Btrfs, XFS), the new file is a reference to the bytes inside the library's
 * own file, or inside the program's when it is linked statically.
 */
#include <config.h>

#include "payload.h"

#if defined HAVE_LINUX_FS_H && !defined PAYLOAD_XZ
#include <linux/fs.h>
#endif

#if defined FICLONERANGE && defined __linux__

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define COMPARED_AT_ONCE 65536

/* A line of /proc/self/maps, see proc_pid_maps(5). */
struct mapping {
	uintptr_t start;
	uintptr_t end;
	uint64_t offset;
	unsigned int major;
	unsigned int minor;
	uintmax_t inode;
	char path[PATH_MAX];
};

#define MAPPING_FORMAT "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNx64 " %x:%x %" SCNuMAX " %n"

static bool parse_mapping(char *line, struct mapping *mapping)
{
	int path = 0;

	if (sscanf(line, MAPPING_FORMAT, &mapping->start, &mapping->end, &mapping->offset,
		   &mapping->major, &mapping->minor, &mapping->inode, &path) != 6 ||
	    line[path] != '/')
		return false;
	line[strcspn(line, "\n")] = '\0';
	if (strlen(line + path) >= sizeof(mapping->path))
		return false;
	strcpy(mapping->path, line + path);
	return true;
}

/* The file that the length bytes at address are mapped from, if it is one. */
static bool find_mapping(const void *address, size_t length, struct mapping *mapping)
{
	uintptr_t start = (uintptr_t)address;
	char line[PATH_MAX + 128];
	bool found = false;
	FILE *maps;

	maps = fopen("/proc/self/maps", "re");
	if (maps == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), maps) != NULL)
		found = parse_mapping(line, mapping) && start >= mapping->start && start < mapping->end;
	fclose(maps);
	return found && length <= mapping->end - start;
}

static bool holds_bytes(int fd, off_t offset, const unsigned char *bytes, size_t length)
{
	unsigned char *block = malloc(COMPARED_AT_ONCE);
	size_t done = 0;

	if (block == NULL)
		return false;
	while (done < length) {
		size_t left = length - done;
		ssize_t got = pread(fd, block, left < COMPARED_AT_ONCE ? left : COMPARED_AT_ONCE, offset + (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || memcmp(block, bytes + done, (size_t)got) != 0)
			break;
		done += (size_t)got;
	}
	free(block);
	return done == length;
}

/*
 * Whether fd is the mapped file, or holds the same bytes at the same offset: the
 * path may name another file by now, for example after an upgrade. Where stat(2)
 * and the mapping have the same device, inode numbers tell files apart. Btrfs
 * and overlayfs report two devices, and the same inode number for files in two
 * subvolumes or layers: there the bytes are compared, which takes less than
 * copying them.
 */
static bool is_mapped_file(int fd, const struct mapping *mapping, const struct file_clone_range *range,
			   const unsigned char *bytes)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	if (major(status.st_dev) == mapping->major && minor(status.st_dev) == mapping->minor)
		return status.st_ino == mapping->inode;
	return holds_bytes(fd, (off_t)range->src_offset, bytes, (size_t)range->src_length);
}

/*
 * A file cannot share data with itself, but a file system that cannot share at all
 * gives a different error: one call saves looking for the library.
 */
static bool may_share(int fd)
{
	return ioctl(fd, FICLONE, fd) == 0 || (errno != EOPNOTSUPP && errno != ENOTTY);
}

/* How many of length bytes can be shared: whole blocks of the file system. */
static size_t shareable(int fd, size_t length)
{
	struct statvfs status;

	if (fstatvfs(fd, &status) < 0 || status.f_bsize == 0)
		return 0;
	return length - length % status.f_bsize;
}

static bool clone_range(int fd, const struct payload *payload, size_t length)
{
	struct file_clone_range range;
	struct mapping mapping;
	bool cloned;
	int source;

	if (!find_mapping(payload->embedded, length, &mapping))
		return false;
	memset(&range, 0, sizeof(range));
	range.src_offset = mapping.offset + ((uintptr_t)payload->embedded - mapping.start);
	range.src_length = length;
	source = open(mapping.path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (source < 0)
		return false;
	range.src_fd = source;
	cloned = is_mapped_file(source, &mapping, &range, payload->embedded) &&
		 ioctl(fd, FICLONERANGE, &range) == 0;
	close(source);
	return cloned;
}

int payload_clone(const struct payload *payload, int fd, payload_consumer *consume, void *context)
{
	size_t length;

	if (!may_share(fd))
		return 0;
	length = shareable(fd, payload->length);
	if (length == 0)
		return 0;
	/* It may have failed halfway. */
	if (!clone_range(fd, payload, length))
		return ftruncate(fd, 0);
	if (lseek(fd, (off_t)length, SEEK_SET) < 0 ||
	    consume(context, payload->embedded + length, payload->length - length) < 0)
		return -1;
	return 1;
}

#else

/* The same with payload "xz": no file holds the bytes. */
int payload_clone(const struct payload *payload, int fd, payload_consumer *consume, void *context)
{
	(void)payload;
	(void)fd;
	(void)consume;
	(void)context;
	return 0;
}

#endif
