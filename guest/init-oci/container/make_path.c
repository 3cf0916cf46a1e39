// SPDX-License-Identifier: Apache-2.0
/* Missing directories and files of a path. */
#include "container/make_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 8

static int make_path(const char *path, bool is_file, int links);

/* Where the link leads, as an absolute path. */
static int read_link(const char *link, char target[static PATH_MAX])
{
	size_t directory = (size_t)(strrchr(link, '/') - link) + 1;
	ssize_t length;

	memcpy(target, link, directory);
	length = readlink(link, target + directory, PATH_MAX - directory);
	if (length < 0)
		return -1;
	if ((size_t)length == PATH_MAX - directory) {
		errno = ENAMETOOLONG;
		return -1;
	}
	target[directory + (size_t)length] = '\0';
	if (target[directory] == '/')
		memmove(target, target + directory, (size_t)length + 1);
	return 0;
}

/* The path exists: good, unless it is a link that leads nowhere. */
static int follow(const char *path, bool is_file, int links)
{
	char target[PATH_MAX];
	struct stat status;

	if (stat(path, &status) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	if (links == LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	return read_link(path, target) < 0 ? -1 : make_path(target, is_file, links + 1);
}

static int make_one(const char *path, bool is_file)
{
	int fd;

	if (!is_file)
		return mkdir(path, 0755);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int make_path(const char *path, bool is_file, int links)
{
	char part[PATH_MAX];
	size_t length = strlen(path);

	if (length >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (size_t i = 1; i <= length; i++) {
		const bool is_last = !path[i];

		if (!is_last && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (make_one(part, is_file && is_last) < 0 &&
		    (errno != EEXIST || follow(part, is_file && is_last, links) < 0))
			return -1;
	}
	return 0;
}

int make_directory_path(const char *path)
{
	return make_path(path, false, 0);
}

int make_file_path(const char *path)
{
	return make_path(path, true, 0);
}
