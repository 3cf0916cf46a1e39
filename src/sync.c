// SPDX-License-Identifier: Apache-2.0
/*
 * The name of an extracted file on the disk: fsync(2) of the file itself says
 * nothing of the directory that has the name, nor of those on the way to it,
 * which may be new as well.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "extract.h"
#include "supermachine-kernel.h"

static int sync_directory(const char *path)
{
	int directory, result, error;

	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -1;
	do
		result = fsync(directory);
	while (result < 0 && errno == EINTR);
	error = errno;
	close(directory);
	errno = error;
	return result;
}

/* Whether we can have made something in a directory. It need not be ours to read if not. */
static bool can_be_written_to(const char *directory)
{
	return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0 ||
	       (errno != EACCES && errno != EPERM && errno != EROFS);
}

/* An ancestor on a file system such as proc, which knows no fsync, has nothing on a disk. */
static int sync_ancestor(const char *path)
{
	if (!can_be_written_to(path) || sync_directory(path) == 0 || errno == EINVAL)
		return 0;
	return -1;
}

/* The length of path without slashes at its end, if it is not the root. */
static size_t without_slashes(const char *path, size_t length)
{
	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

/*
 * Each directory that the first length bytes of path name, the last one first,
 * and the one that a relative path starts at.
 */
static int sync_directories(char *path, size_t length)
{
	int result;

	length = without_slashes(path, length);
	path[length] = '\0';
	result = sync_directory(length == 0 ? "." : path);
	while (result == 0 && length > 0 && strcmp(path, "/") != 0) {
		while (length > 0 && path[length - 1] != '/')
			length--;
		length = without_slashes(path, length);
		path[length] = '\0';
		result = sync_ancestor(length == 0 ? "." : path);
	}
	return result;
}

static int sync_name(const char *path)
{
	const char *name = last_part(path);
	struct stat status;
	int result, error;
	char *directory;

	if (name == NULL || lstat(path, &status) < 0)
		return -1;
	directory = strdup(path);
	if (directory == NULL)
		return -1;
	result = sync_directories(directory, (size_t)(name - path));
	error = errno;
	free(directory);
	errno = error;
	return result;
}

int supermachine_sync_extracted(const char *path)
{
	int state, result;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	result = sync_name(path);
	pthread_setcancelstate(state, &state);
	return result;
}
