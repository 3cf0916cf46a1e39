// SPDX-License-Identifier: Apache-2.0
/* The `mounts` of the configuration: made, changed, and attached in their order. */
#include "container/container_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/linux_abi.h"
#include "container/copy_tree.h"
#include "container/file_systems.h"
#include "container/make_path.h"
#include "container/mount_options.h"
#include "container/mount_point.h"

static bool is_bind(const struct mount_point *point, const struct mount_options *options)
{
	return options->bind || mount_point_has_type(point, "bind");
}

/* Ignores slashes at the end of path. */
static bool is_same_path(const char *path, const char *plain)
{
	size_t length = strlen(plain);

	return !strncmp(path, plain, length) && !path[length + strspn(path + length, "/")];
}

/* Whether it is one of the mounts that every container has. */
static bool is_made_already(const struct mount_point *point)
{
	static const char *const made[][2] = {
		{ "/proc", "proc" }, { "/sys", "sysfs" }, { "/dev", "tmpfs" },
		{ "/dev", "devtmpfs" }, { "/dev/pts", "devpts" }, { "/dev/shm", "tmpfs" },
		{ "/dev/mqueue", "mqueue" }, { "/sys/fs/cgroup", "cgroup" },
		{ "/sys/fs/cgroup", "cgroup2" },
	};

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		if (is_same_path(point->destination, made[i][0]) &&
		    mount_point_has_type(point, made[i][1]))
			return true;
	}
	return false;
}

static int set_attributes(int directory, const char *path, unsigned int flags,
			  const struct attributes *attributes, uint64_t propagation)
{
	const struct mount_attributes change = {
		.set = attributes->set,
		.clear = attributes->clear,
		.propagation = propagation,
	};

	if (!change.clear && !propagation)
		return 0;
	return mount_setattr(directory, path, flags, &change);
}

static int set_all_attributes(int directory, const char *path, unsigned int flags,
			      const struct mount_options *options)
{
	if (set_attributes(directory, path, flags | AT_RECURSIVE, &options->tree,
			   options->tree_propagation) < 0)
		return -1;
	return set_attributes(directory, path, flags, &options->own, options->propagation);
}

static bool has_special_option(const struct mount_point *point)
{
	for (char **word = point->options; word && *word; word++) {
		if (mount_option_is_special(*word))
			return true;
	}
	return false;
}

static int change_existing(const struct mount_point *point, const struct mount_options *options,
			   struct error *error)
{
	/* Options of cgroup v1 mean nothing to v2, which is what is mounted. */
	const bool has_options = !is_bind(point, options) &&
				 !mount_point_has_type(point, "cgroup") &&
				 has_special_option(point);

	if (has_options && file_system_reconfigure(point, error) < 0)
		return -1;
	if (set_all_attributes(AT_FDCWD, point->destination, 0, options) < 0)
		return step_error("mount ", point->destination, error);
	return 0;
}

/* Returns a descriptor of a copy of a part of the root, not attached anywhere yet. */
static int open_bind_source(const struct mount_point *point, const struct mount_options *options,
			    struct error *error)
{
	const unsigned int tree = options->bind_tree ? AT_RECURSIVE : 0;
	const char *source = point->source ? point->source : "";
	int mounted;

	for (char **word = point->options; word && *word; word++) {
		if (mount_option_is_special(*word))
			return ERROR(error, "mount ", point->destination, ": option ", *word,
				     ": is not for a bind mount");
	}
	mounted = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | tree);
	return mounted < 0 ? mount_point_error(point, "source ", source, error) : mounted;
}

/* Makes the destination if it does not exist. Returns a descriptor, or -1 with errno set. */
static int open_destination(const struct mount_point *point, int mounted)
{
	struct stat source, destination;
	int fd;

	if (fstat(mounted, &source) < 0 ||
	    (S_ISDIR(source.st_mode) ? make_directory_path(point->destination) :
				       make_file_path(point->destination)) < 0)
		return -1;
	fd = open(point->destination, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &destination) < 0 ||
	    S_ISDIR(source.st_mode) == S_ISDIR(destination.st_mode))
		return fd;
	close(fd);
	errno = S_ISDIR(destination.st_mode) ? EISDIR : ENOTDIR;
	return -1;
}

static int attach(const struct mount_point *point, const struct mount_options *options,
		  int mounted, struct error *error)
{
	int destination = open_destination(point, mounted);
	int result = -1;

	if (destination < 0)
		return step_error("mount ", point->destination, error);
	if (options->copy_up && copy_tree(destination, mounted) < 0) {
		mount_point_error(point, "copy what it hides", "", error);
		goto out;
	}
	/* Not before the copying, which a read-only mount would refuse. */
	if (set_all_attributes(mounted, "", AT_EMPTY_PATH, options) < 0 ||
	    move_mount(mounted, "", destination, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
		step_error("mount ", point->destination, error);
		goto out;
	}
	result = 0;
out:
	close(destination);
	return result;
}

static int make_mount(const struct mount_point *point, struct error *error)
{
	struct mount_options options;
	const char *refused = mount_options_parse(point->options, &options);
	int mounted, result;

	if (refused)
		return ERROR(error, "mount ", point->destination, ": option ", refused,
			     ": is not supported by this version");
	if (is_same_path(point->destination, "/"))
		return ERROR(error, "mount /: the root is what the layers make");
	if (options.remount || is_made_already(point))
		return change_existing(point, &options, error);
	if (!is_bind(point, &options) && (!point->type || !point->type[0]))
		return ERROR(error, "mount ", point->destination, ": has no type");
	if (options.copy_up && !mount_point_has_type(point, "tmpfs"))
		return ERROR(error, "mount ", point->destination,
			     ": option tmpcopyup: is for a tmpfs");
	mounted = is_bind(point, &options) ? open_bind_source(point, &options, error) :
					     file_system_create(point, &options, error);
	if (mounted < 0)
		return -1;
	result = attach(point, &options, mounted, error);
	close(mounted);
	return result;
}

int container_mounts_make(const struct config *config, struct error *error)
{
	for (size_t i = 0; i < config->mount_count; i++) {
		if (make_mount(&config->mounts[i], error) < 0)
			return -1;
	}
	return 0;
}
