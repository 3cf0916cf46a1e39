// SPDX-License-Identifier: Apache-2.0
/*
 * The copy that costs no data: where a file system lets files share it
 * (Btrfs, XFS), the new file is a reference to the bytes inside the library's
 * own file, or inside the program's when it is linked statically.
 */
#include <config.h>

#include "payload.h"

#if defined HAVE_LINUX_FS_H
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
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* A line of /proc/self/maps, see proc_pid_maps(5). */
struct mapping {
	uintptr_t start;
	uintptr_t end;
	uint64_t offset;
	char device[32];
	char inode[32];
	char path[PATH_MAX];
};

#define MAPPING_FORMAT "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNx64 " %31s %31s %n"

static bool parse_mapping(char *line, struct mapping *mapping)
{
	int path = 0;

	if (sscanf(line, MAPPING_FORMAT, &mapping->start, &mapping->end, &mapping->offset,
		   mapping->device, mapping->inode, &path) != 5 || line[path] != '/')
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

/*
 * Open the file of a mapping. Its name may lead to another one by now, after an
 * upgrade say. Device and inode of stat(2) do not tell: Btrfs and overlayfs
 * report others than those of the mapping. What is mapped from the file that
 * was opened does.
 */
static int open_mapped_file(const struct mapping *mapping, uint64_t offset)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct mapping again;
	void *probe;
	bool same;
	int fd;

	fd = open(mapping->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -1;
	probe = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, (off_t)offset);
	if (probe == MAP_FAILED)
		goto fail;
	same = find_mapping(probe, page, &again) && again.offset <= offset &&
	       strcmp(mapping->device, again.device) == 0 && strcmp(mapping->inode, again.inode) == 0;
	munmap(probe, page);
	if (same)
		return fd;
fail:
	close(fd);
	return -1;
}

/*
 * A file cannot share data with itself, but a file system that knows no sharing
 * gives another error than the others: one call saves looking for the library.
 */
static bool may_share(int fd)
{
	return ioctl(fd, FICLONE, fd) == 0 || (errno != EOPNOTSUPP && errno != ENOTTY);
}

int payload_clone(const struct payload *payload, int fd)
{
	size_t padded = PAYLOAD_PADDED(payload->length);
	struct file_clone_range range;
	struct mapping mapping;
	int source, result;

	if (!may_share(fd) || !find_mapping(payload->embedded, padded, &mapping))
		return 0;
	memset(&range, 0, sizeof(range));
	range.src_offset = mapping.offset + ((uintptr_t)payload->embedded - mapping.start);
	/* Whole blocks of the file system, as its padding fills them. */
	range.src_length = padded;
	source = open_mapped_file(&mapping, range.src_offset);
	if (source < 0)
		return 0;
	range.src_fd = source;
	result = ioctl(fd, FICLONERANGE, &range);
	close(source);
	if (ftruncate(fd, result == 0 ? (off_t)payload->length : 0) < 0)
		return -1;
	return result == 0;
}

#else

int payload_clone(const struct payload *payload, int fd)
{
	(void)payload;
	(void)fd;
	return 0;
}

#endif
