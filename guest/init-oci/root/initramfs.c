// SPDX-License-Identifier: Apache-2.0
/* The initramfs's memory, given back. */
#include "root/initramfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define RAMFS_MAGIC 0x858458f6
#define TMPFS_MAGIC 0x01021994

/* Takes over the descriptor. Anything mounted on the initramfs is on another device. */
static void remove_contents(int fd, dev_t device)
{
	DIR *directory = fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		close(fd);
		return;
	}
	while ((entry = readdir(directory))) {
		const char *name = entry->d_name;
		struct stat status;
		bool is_directory;

		if (!strcmp(name, ".") || !strcmp(name, "..") ||
		    fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    status.st_dev != device)
			continue;
		is_directory = S_ISDIR(status.st_mode);
		if (is_directory) {
			int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (below >= 0)
				remove_contents(below, device);
		}
		unlinkat(fd, name, is_directory ? AT_REMOVEDIR : 0);
	}
	closedir(directory);
}

void initramfs_empty(void)
{
	struct statfs file_system;
	struct stat status;
	int fd;

	/* Even if something went wrong before: never remove the files of a real disk. */
	if (statfs("/", &file_system) < 0 || stat("/", &status) < 0 ||
	    ((unsigned long)file_system.f_type != RAMFS_MAGIC &&
	     (unsigned long)file_system.f_type != TMPFS_MAGIC))
		return;
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		remove_contents(fd, status.st_dev);
}
