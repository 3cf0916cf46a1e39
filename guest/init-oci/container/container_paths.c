// SPDX-License-Identifier: Apache-2.0
/* Volumes, the working directory, and what is made read-only after all. */
#include "container/container_paths.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/in_root.h"
#include "base/linux_abi.h"
#include "container/protected_paths.h"

/* As a mount of its own, it stays writable when the root is made read-only. */
static int make_volume(const char *path, bool mounted, struct error *error)
{
	int fd = in_root_make_directory("make volume ", IN_ROOT(path), error);
	int copy = -1, result = -1;

	if (fd < 0)
		return -1;
	if (!mounted) {
		result = 0;
		goto out;
	}
	copy = copy_mount(fd, AT_RECURSIVE);
	if (copy < 0 || attach_mount(copy, fd) < 0)
		step_error("mount volume ", path, error);
	else
		result = 0;
	if (copy >= 0)
		close(copy);
out:
	close(fd);
	return result;
}

/* As root: a container engine makes a missing working directory, too. */
static int make_working_directory(const char *path, struct error *error)
{
	int fd = in_root_make_directory("make directory ", IN_ROOT(path), error);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static int make_root_read_only(struct error *error)
{
	const struct mount_attributes read_only = { .set = MOUNT_ATTR_RDONLY };

	if (mount_setattr(AT_FDCWD, "/", 0, &read_only) < 0)
		return step_error("make read-only ", "/", error);
	return 0;
}

static int propagate_root(const struct config *config, struct error *error)
{
	const struct mount_attributes change = { .propagation = config->root_propagation };

	if (config->root_propagation &&
	    mount_setattr(AT_FDCWD, "/", config->root_propagation_of_tree ? AT_RECURSIVE : 0,
			  &change) < 0)
		return step_error("set linux.rootfsPropagation", "", error);
	return 0;
}

int container_paths_set_up(const struct config *config, struct error *error)
{
	for (char **path = config->volumes; path && *path; path++) {
		if (make_volume(*path, config->read_only_root, error) < 0)
			return -1;
	}
	if (make_working_directory(config->cwd, error) < 0 ||
	    protected_paths_cover(config, error) < 0 ||
	    /* After all that is bound from the root, which it may make unbindable. */
	    propagate_root(config, error) < 0)
		return -1;
	return config->read_only_root ? make_root_read_only(error) : 0;
}
