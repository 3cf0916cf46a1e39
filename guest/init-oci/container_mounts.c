// SPDX-License-Identifier: Apache-2.0
#include "container_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux_abi.h"

static int step_error(const char *step, const char *argument, struct error *error)
{
	return ERROR(error, step, argument, ": ", strerror(errno));
}

static int make_directory(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? -1 : 0;
}

static int mask(const char *path, struct error *error)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : step_error("mask ", path, error);
	if (S_ISDIR(status.st_mode) ?
	    mount("tmpfs", path, "tmpfs", MS_RDONLY, NULL) < 0 :
	    mount("/dev/null", path, NULL, MS_BIND, NULL) < 0)
		return step_error("mask ", path, error);
	return 0;
}

static int make_read_only(const char *path, unsigned int flags, struct error *error)
{
	/* Only adds: the flags that are there already stay. */
	const struct mount_attributes read_only = { .set = MOUNT_ATTR_RDONLY };

	if (mount_setattr(AT_FDCWD, path, flags, &read_only) < 0)
		return step_error("make read-only ", path, error);
	return 0;
}

static int make_path_read_only(const char *path, struct error *error)
{
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return step_error("make read-only ", path, error);
	}
	return make_read_only(path, AT_RECURSIVE, error);
}

/* As root: a container engine makes a missing working directory, too. */
static int make_working_directory(const char *path, struct error *error)
{
	char parent[PATH_MAX];
	size_t length = strlen(path);

	if (length >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return step_error("make directory ", path, error);
	}
	for (size_t i = 1; i <= length; i++) {
		if (path[i] && path[i] != '/')
			continue;
		memcpy(parent, path, i);
		parent[i] = '\0';
		if (make_directory(parent, 0755) < 0)
			return step_error("make directory ", parent, error);
	}
	return 0;
}

int container_mounts_make(const struct config *config, struct error *error)
{
	if (make_working_directory(config->cwd, error) < 0)
		return -1;
	for (char **path = config->masked_paths; path && *path; path++) {
		if (mask(*path, error) < 0)
			return -1;
	}
	for (char **path = config->read_only_paths; path && *path; path++) {
		if (make_path_read_only(*path, error) < 0)
			return -1;
	}
	return config->read_only_root ? make_read_only("/", 0, error) : 0;
}
