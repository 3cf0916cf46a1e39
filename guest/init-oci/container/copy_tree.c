// SPDX-License-Identifier: Apache-2.0
/* A copy of a directory, for a tmpfs that begins with what it hides. */
#include "container/copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/in_root.h"

/* The most that one call copies. */
#define CHUNK 0x7ffff000

static int copy_file(int from, int to, const char *name)
{
	int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int out = -1, result = -1;
	ssize_t copied;

	if (in < 0)
		return -1;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		goto out;
	while ((copied = sendfile(out, in, NULL, CHUNK)) > 0)
		;
	result = copied < 0 ? -1 : 0;
	close(out);
out:
	close(in);
	return result;
}

static int copy_directory(int from, int to, const char *name)
{
	int out = -1, result = -1;
	int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (in < 0)
		return -1;
	if (mkdirat(to, name, 0700) < 0)
		goto out;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out < 0)
		goto out;
	result = copy_tree(in, out);
	close(out);
out:
	close(in);
	return result;
}

static int copy_link(int from, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(from, name, target, sizeof(target) - 1);

	if (length < 0)
		return -1;
	target[length] = '\0';
	return symlinkat(target, to, name);
}

static int copy_one(int from, int to, const char *name)
{
	struct timespec times[2];
	struct stat status;
	int result;

	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISREG(status.st_mode))
		result = copy_file(from, to, name);
	else if (S_ISDIR(status.st_mode))
		result = copy_directory(from, to, name);
	else if (S_ISLNK(status.st_mode))
		result = copy_link(from, to, name);
	else
		result = mknodat(to, name, status.st_mode, status.st_rdev);
	/* The owner first: changing it takes set-user-ID bits away. */
	if (result < 0 ||
	    fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (!S_ISLNK(status.st_mode) && fchmodat(to, name, status.st_mode & 07777, 0) < 0))
		return -1;
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}

int copy_tree(int from, int to)
{
	/* What is in a /proc or /sys cannot be copied: reading it may wait or do something. */
	const bool is_of_kernel = in_root_is_of_kernel(from);
	/* A new open file description, for the directory may be open with O_PATH only. */
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (!result && !is_of_kernel && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = copy_one(from, to, entry->d_name);
	}
	closedir(directory);
	return result;
}
