// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

char *join_path(const char *directory, const char *name)
{
	size_t length = strlen(directory), size = length + strlen(name) + 2;
	const char *slash = length > 0 && directory[length - 1] == '/' ? "" : "/";
	char *path = malloc(size);

	if (path != NULL)
		snprintf(path, size, "%s%s%s", directory, slash, name);
	return path;
}

/* Another process that shares the open file may have made it non-blocking. */
static int wait_until_writable(int fd)
{
	struct pollfd waited = { .fd = fd, .events = POLLOUT };

	return poll(&waited, 1, -1) < 0 && errno != EINTR ? -1 : 0;
}

int write_all(int fd, const void *bytes, size_t length)
{
	const char *next = bytes;

	while (length > 0) {
		ssize_t written = write(fd, next, length);

		if (written >= 0) {
			next += written;
			length -= (size_t)written;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (wait_until_writable(fd) < 0)
				return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

/* Only a regular file or a link may be replaced: never /dev/null, for example. */
static int check_destination(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : -1;
	if (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode))
		return 0;
	errno = S_ISDIR(status.st_mode) ? EISDIR : EEXIST;
	return -1;
}

/* mkstemp(3) has a mode of its own, whatever the umask. */
static int set_mode(int fd, mode_t mode)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, mode & ~mask);
}

/* The name of a temporary file beside path, for mkstemp(3). */
static char *temporary_beside(const char *path)
{
	static const char name[] = ".supermachine-XXXXXX";
	const char *slash = strrchr(path, '/');
	size_t directory = slash == NULL ? 0 : (size_t)(slash + 1 - path);
	char *temporary = malloc(directory + sizeof(name));

	if (temporary != NULL) {
		memcpy(temporary, path, directory);
		memcpy(temporary + directory, name, sizeof(name));
	}
	return temporary;
}

int replace_file(const char *path, const void *bytes, size_t length, mode_t mode)
{
	char *temporary;
	int fd, error, result = -1;

	if (check_destination(path) < 0)
		return -1;
	temporary = temporary_beside(path);
	if (temporary == NULL)
		return -1;
	fd = mkstemp(temporary);
	if (fd < 0)
		goto release;
	if (write_all(fd, bytes, length) == 0 && set_mode(fd, mode) == 0)
		result = fsync(fd);
	error = errno;
	/* The file has been synced: there is nothing that close() could lose. */
	close(fd);
	if (result == 0) {
		result = rename(temporary, path);
		error = errno;
	}
	if (result < 0)
		unlink(temporary);
	errno = error;
release:
	error = errno;
	free(temporary);
	errno = error;
	return result;
}

/* The length of path without its last part, and without slashes at its end. */
static size_t parent_length(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] == '/')
		length--;
	while (length > 0 && path[length - 1] != '/')
		length--;
	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

/* A directory that exists already need not be writable. */
static int make_directory(const char *path, size_t *made)
{
	struct stat status;
	int error;

	if (mkdir(path, 0777) == 0) {
		(*made)++;
		return 0;
	}
	error = errno;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return 0;
	errno = error == EEXIST ? ENOTDIR : error;
	return -1;
}

int make_directories(const char *path, size_t *made)
{
	size_t length = parent_length(path, strlen(path));
	char *parent;
	int error, result;

	*made = 0;
	if (make_directory(path, made) == 0)
		return 0;
	if (errno != ENOENT || length == 0)
		return -1;
	parent = strndup(path, length);
	if (parent == NULL)
		return -1;
	result = make_directories(parent, made);
	if (result == 0) {
		result = make_directory(path, made);
		error = errno;
		if (result < 0)
			remove_directories(parent, *made);
		errno = error;
	}
	error = errno;
	free(parent);
	errno = error;
	return result;
}

void remove_directories(const char *path, size_t made)
{
	size_t length = strlen(path);
	char *rest = strndup(path, length);

	while (rest != NULL && made-- > 0 && length > 0) {
		rmdir(rest);
		length = parent_length(rest, length);
		rest[length] = '\0';
	}
	free(rest);
}
