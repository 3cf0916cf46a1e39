// SPDX-License-Identifier: Apache-2.0
/* The `mounts` of the configuration: made, changed, and attached in their order. */
#include "container/container_mounts.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/in_root.h"
#include "base/linux_abi.h"
#include "base/proc.h"
#include "container/cgroup.h"
#include "container/copy_tree.h"
#include "container/file_systems.h"
#include "container/host_copy.h"
#include "container/mount_options.h"
#include "container/mount_point.h"
#include "container/protected_paths.h"

/* The kernel gives the top of each proc this inode. */
#define PROC_ROOT_INODE 1

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

static bool is_cgroup(const struct mount_point *point)
{
	return mount_point_has_type(point, "cgroup") || mount_point_has_type(point, "cgroup2");
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

static int set_attributes(int fd, unsigned int flags, const struct attributes *attributes,
			  uint64_t propagation)
{
	const struct mount_attributes change = {
		.set = attributes->set,
		.clear = attributes->clear,
		.propagation = propagation,
	};

	if (!change.clear && !propagation)
		return 0;
	return mount_setattr(fd, "", AT_EMPTY_PATH | flags, &change);
}

static int set_all_attributes(int fd, const struct mount_options *options)
{
	if (set_attributes(fd, AT_RECURSIVE, &options->tree, options->tree_propagation) < 0)
		return -1;
	return set_attributes(fd, 0, &options->own, options->propagation);
}

static bool has_special_option(const struct mount_point *point)
{
	for (char **word = point->options; word && *word; word++) {
		if (mount_option_is_special(*word))
			return true;
	}
	return false;
}

/* Whether it is the directory that this program and the container have as their root. */
static bool is_root(int fd)
{
	char path[32], target[2];
	struct decimal number;

	text_join(path, sizeof(path), (const char *const[]){
		"self/fd/", decimal(&number, (unsigned int)fd), NULL });
	return readlinkat(PROC_FILENO, path, target, sizeof(target)) == 1;
}

static int check_not_root(const struct mount_point *point, int fd, struct error *error)
{
	if (is_root(fd))
		return ERROR(error, "mount ", point->destination,
			     ": the root is what the layers make");
	return 0;
}

static int change_existing(const struct mount_point *point, const struct mount_options *options,
			   struct error *error)
{
	/* Options of cgroup v1 mean nothing to v2, and those of v2 are for all cgroups. */
	const bool has_options = !is_bind(point, options) && !is_cgroup(point) &&
				 !is_same_path(point->destination, CGROUP_PATH) &&
				 has_special_option(point);
	int fd = in_root_find("mount ", IN_ROOT(point->destination), error);
	int result = -1;

	if (fd < 0)
		return -1;
	if (check_not_root(point, fd, error) < 0 ||
	    (has_options && file_system_reconfigure(point, fd, error) < 0))
		goto out;
	result = set_all_attributes(fd, options);
	if (result < 0)
		step_error("mount ", point->destination, error);
out:
	close(fd);
	return result;
}

/*
 * The source of a bind mount. An image may have chosen it by a link, so what is in /proc or
 * /sys, or is the root, is protected before it is copied: a copy has all that is mounted
 * on it, and options of the mount do not undo that.
 */
static int find_source(const char *step, const char *source, const struct config *config,
		       struct mount_options *options, struct error *error)
{
	int fd = in_root_find_anywhere(step, IN_ROOT(source), error);
	const bool of_kernel = fd >= 0 && in_root_is_of_kernel(fd);

	if (fd < 0 || (!of_kernel && !is_root(fd)))
		return fd;
	options->bind_tree = options->bind_tree || of_kernel;
	options->own.clear &= options->own.set | ~(uint64_t)MOUNT_ATTR_RDONLY;
	options->tree.clear &= options->tree.set | ~(uint64_t)MOUNT_ATTR_RDONLY;
	close(fd);
	if (protected_paths_cover_kernel(config, error) < 0)
		return -1;
	/* What is there may be covered by now. */
	return in_root_find_anywhere(step, IN_ROOT(source), error);
}

/* Returns a descriptor of a copy of a part of the root, not attached anywhere yet. */
static int open_bind_source(const struct mount_point *point, const struct config *config,
			    const struct host_sources *sources, struct mount_options *options,
			    struct error *error)
{
	const char *source = point->source ? point->source : "", *below;
	const struct host_source *host = host_source_find(sources, source, &below);
	char step[128];
	int fd, mounted;

	for (char **word = point->options; word && *word; word++) {
		if (!mount_option_is_for_bind(*word))
			return ERROR(error, "mount ", point->destination, ": option ", *word,
				     ": is not for a bind mount");
	}
	if (host)
		return host_copy(point, host->tag, below, options->bind_tree ? AT_RECURSIVE : 0,
				 error);
	text_join(step, sizeof(step), (const char *const[]){
		"mount ", point->destination, ": source ", NULL });
	fd = find_source(step, source, config, options, error);
	if (fd < 0)
		return -1;
	mounted = copy_mount(fd, options->bind_tree ? AT_RECURSIVE : 0);
	if (mounted < 0)
		step_error(step, source, error);
	close(fd);
	return mounted;
}

/* Another view of the container's cgroup: a new mount would show all cgroups. */
static int open_cgroup(const struct mount_point *point, struct error *error)
{
	int mounted = open_tree(AT_FDCWD, CGROUP_PATH, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return mounted < 0 ? mount_point_error(point, "file system ", point->type, error) : mounted;
}

/* Makes the place if it does not exist. */
static int open_destination(const struct mount_point *point, int mounted, struct error *error)
{
	struct stat source;

	if (fstat(mounted, &source) < 0)
		return step_error("mount ", point->destination, error);
	return (S_ISDIR(source.st_mode) ? in_root_make_directory : in_root_make_file)(
		"mount ", IN_ROOT(point->destination), error);
}

/* This program and those of the container rely on what they find in /proc. */
static int check_place(const struct mount_point *point, int place, int mounted,
		       struct error *error)
{
	struct stat status;

	if (check_not_root(point, place, error) < 0)
		return -1;
	if (in_root_is_of_proc(place) && !in_root_is_of_proc(mounted) &&
	    fstat(place, &status) == 0 && status.st_ino == PROC_ROOT_INODE)
		return ERROR(error, "mount ", point->destination,
			     ": only a proc can be mounted on a proc");
	return 0;
}

static int attach(const struct mount_point *point, const struct mount_options *options,
		  int mounted, struct error *error)
{
	int place = open_destination(point, mounted, error);
	int result = -1;

	if (place < 0)
		return -1;
	if (check_place(point, place, mounted, error) < 0)
		goto out;
	if (options->copy_up && copy_tree(place, mounted) < 0) {
		mount_point_error(point, "copy what it hides", "", error);
		goto out;
	}
	/* Not before the copying, which a read-only mount would refuse. */
	if (set_all_attributes(mounted, options) < 0 || attach_mount(mounted, place) < 0) {
		step_error("mount ", point->destination, error);
		goto out;
	}
	result = 0;
out:
	close(place);
	return result;
}

static int make_mount(const struct mount_point *point, const struct config *config,
		      const struct host_sources *sources, struct error *error)
{
	struct mount_options options;
	int mounted, result;

	mount_options_parse(point->options, &options);
	if (options.remount || is_made_already(point))
		return change_existing(point, &options, error);
	if (!is_bind(point, &options) && (!point->type || !point->type[0]))
		return ERROR(error, "mount ", point->destination, ": has no type");
	if (options.copy_up && !mount_point_has_type(point, "tmpfs"))
		return ERROR(error, "mount ", point->destination,
			     ": option tmpcopyup: is for a tmpfs");
	if (is_bind(point, &options))
		mounted = open_bind_source(point, config, sources, &options, error);
	else if (is_cgroup(point))
		mounted = open_cgroup(point, error);
	else
		mounted = file_system_create(point, &options, error);
	if (mounted < 0)
		return -1;
	result = attach(point, &options, mounted, error);
	close(mounted);
	return result;
}

int container_mounts_make(const struct config *config, const struct host_sources *sources,
			  struct error *error)
{
	for (size_t i = 0; i < config->mount_count; i++) {
		if (make_mount(&config->mounts[i], config, sources, error) < 0)
			return -1;
	}
	return 0;
}
