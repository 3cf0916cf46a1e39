// SPDX-License-Identifier: Apache-2.0
/* Paths that are hidden from the container or that it cannot write to. */
#include "container/protected_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/in_root.h"
#include "base/linux_abi.h"
#include "base/mount_context.h"

static bool is_null(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

static int open_null(struct error *error)
{
	int fd = in_root_find("mask with ", IN_ROOT("/dev/null"), error);
	struct stat status;
	int mounted = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) < 0 || !is_null(&status)) {
		ERROR(error, "mask with /dev/null: is not the null device");
	} else {
		mounted = copy_mount(fd, 0);
		if (mounted < 0)
			step_error("mask with ", "/dev/null", error);
	}
	close(fd);
	return mounted;
}

static int make_empty_directory(struct error *error)
{
	int context = fsopen("tmpfs", FSOPEN_CLOEXEC), mounted = -1;

	if (context < 0)
		return step_error("mask with ", "tmpfs", error);
	if (fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL, 0) == 0 &&
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mounted = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	if (mounted < 0)
		mount_context_error(context, "mask with ", "tmpfs", error);
	close(context);
	return mounted;
}

static int mask(const char *path, int place, struct error *error)
{
	struct stat status;
	int mounted, result = 0;

	if (fstat(place, &status) < 0)
		return step_error("mask ", path, error);
	/* It may be masked already. */
	if (is_null(&status))
		return 0;
	mounted = S_ISDIR(status.st_mode) ? make_empty_directory(error) : open_null(error);
	if (mounted < 0)
		return -1;
	if (attach_mount(mounted, place) < 0)
		result = step_error("mask ", path, error);
	close(mounted);
	return result;
}

static int make_read_only(const char *path, int place, struct error *error)
{
	/* Only adds a flag: those that are set already stay. */
	const struct mount_attributes read_only = { .set = MOUNT_ATTR_RDONLY };
	const unsigned int tree = AT_EMPTY_PATH | AT_RECURSIVE;
	int mounted, result = 0;

	/* Enough if it is a mount already. */
	if (mount_setattr(place, "", tree, &read_only) == 0)
		return 0;
	mounted = copy_mount(place, AT_RECURSIVE);
	if (mounted < 0 || mount_setattr(mounted, "", tree, &read_only) < 0 ||
	    attach_mount(mounted, place) < 0)
		result = step_error("make read-only ", path, error);
	if (mounted >= 0)
		close(mounted);
	return result;
}

/* Skips paths that do not exist. */
static int for_each(const char *step, char **paths, bool only_of_kernel,
		    int (*protect)(const char *path, int place, struct error *error),
		    struct error *error)
{
	int result = 0;

	for (; !result && paths && *paths; paths++) {
		int place = in_root_find_anywhere(step, IN_ROOT(*paths), error);

		if (place < 0 && errno != ENOENT && errno != ENOTDIR)
			return -1;
		if (place < 0)
			continue;
		if (!only_of_kernel || in_root_is_of_kernel(place))
			result = protect(*paths, place, error);
		close(place);
	}
	return result;
}

static int protect(const struct config *config, bool only_of_kernel, struct error *error)
{
	if (for_each("mask ", config->masked_paths, only_of_kernel, mask, error) < 0)
		return -1;
	return for_each("make read-only ", config->read_only_paths, only_of_kernel,
			make_read_only, error);
}

int protected_paths_cover_kernel(const struct config *config, struct error *error)
{
	return protect(config, true, error);
}

int protected_paths_cover(const struct config *config, struct error *error)
{
	return protect(config, false, error);
}
