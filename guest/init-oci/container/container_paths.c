// SPDX-License-Identifier: Apache-2.0
/* Volumes, the working directory, and paths that are masked or read-only. */
#include "container/container_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/linux_abi.h"
#include "container/make_path.h"

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
	/* Only adds flags: those that are set already stay. */
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

/* As a mount of its own, it stays writable when the root is made read-only. */
static int make_volume(const char *path, bool mounted, struct error *error)
{
	if (make_directory_path(path) < 0)
		return step_error("make volume ", path, error);
	if (mounted && mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return step_error("mount volume ", path, error);
	return 0;
}

int container_paths_set_up(const struct config *config, struct error *error)
{
	for (char **path = config->volumes; path && *path; path++) {
		if (make_volume(*path, config->read_only_root, error) < 0)
			return -1;
	}
	/* As root: a container engine makes a missing working directory, too. */
	if (make_directory_path(config->cwd) < 0)
		return step_error("make directory ", config->cwd, error);
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
