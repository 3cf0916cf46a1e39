// SPDX-License-Identifier: Apache-2.0
#include "container/container_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/linux_abi.h"
#include "base/mount_context.h"
#include "container/cgroup.h"
#include "container/copy_tree.h"
#include "container/make_path.h"
#include "container/mount_options.h"
#include "devices/disks.h"
#include "devices/shares.h"

#define FILE_SYSTEMS_MAX 16384

static int mount_error(const struct mount_point *point, const char *what, const char *argument,
		       struct error *error)
{
	return ERROR(error, "mount ", point->destination, ": ", what, argument, ": ",
		     strerror(errno));
}

static bool has_type(const struct mount_point *point, const char *type)
{
	return point->type && !strcmp(point->type, type);
}

static bool is_bind(const struct mount_point *point, const struct mount_options *options)
{
	return options->bind || has_type(point, "bind");
}

/* Ignores slashes at the end of path. */
static bool is_same_path(const char *path, const char *plain)
{
	size_t length = strlen(plain);

	return !strncmp(path, plain, length) && !path[length + strspn(path + length, "/")];
}

static bool is_cgroup(const struct mount_point *point)
{
	return has_type(point, "cgroup") || has_type(point, "cgroup2");
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
		if (is_same_path(point->destination, made[i][0]) && has_type(point, made[i][1]))
			return true;
	}
	return false;
}

/* Passed one by one, options need no quoting, and the wrong one can be named. */
static int set_option(int context, const char *word)
{
	const char *value = strchr(word, '=');
	size_t length = value ? (size_t)(value - word) : strlen(word);
	char key[64];

	if (!length || length >= sizeof(key)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(key, word, length);
	key[length] = '\0';
	if (!value)
		return fsconfig(context, FSCONFIG_SET_FLAG, key, NULL, 0);
	return fsconfig(context, FSCONFIG_SET_STRING, key, value + 1, 0);
}

static int set_options(const struct mount_point *point, bool (*is_wanted)(const char *word),
		       int context, struct error *error)
{
	char step[128];

	for (char **word = point->options; word && *word; word++) {
		if (!is_wanted(*word) || set_option(context, *word) == 0)
			continue;
		text_join(step, sizeof(step), (const char *const[]){
			"mount ", point->destination, ": option ", NULL });
		return mount_context_error(context, step, *word, error);
	}
	return 0;
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

/* Gives the file system of an existing mount the options that are its own. */
static int reconfigure(const struct mount_point *point, struct error *error)
{
	int context = fspick(AT_FDCWD, point->destination, FSPICK_CLOEXEC);
	char step[128];
	int result = -1;

	if (context < 0)
		return ERROR(error, "mount ", point->destination, ": ", strerror(errno));
	if (set_options(point, mount_option_is_special, context, error) < 0)
		goto out;
	text_join(step, sizeof(step), (const char *const[]){ "mount ", point->destination, NULL });
	result = fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	if (result < 0)
		mount_context_error(context, step, "", error);
out:
	close(context);
	return result;
}

static int change_existing(const struct mount_point *point, const struct mount_options *options,
			   struct error *error)
{
	/* Options of cgroup v1 mean nothing to v2, and those of v2 are for all cgroups. */
	const bool has_options = !is_bind(point, options) && !is_cgroup(point) &&
				 !is_same_path(point->destination, CGROUP_PATH) &&
				 has_special_option(point);

	if (has_options && reconfigure(point, error) < 0)
		return -1;
	if (set_all_attributes(AT_FDCWD, point->destination, 0, options) < 0)
		return ERROR(error, "mount ", point->destination, ": ", strerror(errno));
	return 0;
}

/* Whether the kernel mounts the type from a device: then it is listed without `nodev`. */
static int needs_device(const struct mount_point *point, bool *device, struct error *error)
{
	size_t length, type_length = strlen(point->type);
	char *list = file_read("/proc/filesystems", FILE_SYSTEMS_MAX, &length, error);
	char *line = list;
	bool found = false;

	if (!list)
		return -1;
	while (!found && *line) {
		char *type = strchr(line, '\t');

		if (!type)
			break;
		type++;
		found = !strncmp(type, point->type, type_length) && type[type_length] == '\n';
		*device = line[0] == '\t';
		line = type + strcspn(type, "\n");
		line += *line == '\n';
	}
	free(list);
	if (!found)
		return ERROR(error, "mount ", point->destination,
			     ": this kernel has no file system ", point->type);
	return 0;
}

/* A disk, which is waited for, or a device by its path. */
static int find_device(const struct mount_point *point, const char **source,
		       char path[static DISK_PATH_SIZE], struct error *error)
{
	const char *name = point->source ? point->source : "";
	struct disk disk;

	if (!strncmp(name, "/dev/", 5))
		name += 5;
	if (disk_parse(name, &disk) < 0) {
		if (name[0] == '/' || name != point->source)
			return 0;
		return ERROR(error, "mount ", point->destination, ": source '", name,
			     "' is not a disk like vdb or serial:NAME, nor a path");
	}
	if (disks_find((struct disk *const[]){ &disk }, 1, error) < 0)
		return -1;
	disk_path(&disk, path);
	*source = path;
	return 0;
}

static int find_source(const struct mount_point *point, const char **source,
		       char path[static DISK_PATH_SIZE], struct error *error)
{
	bool device = false;

	/* The kernel wants a source even where it means nothing. */
	*source = point->source && point->source[0] ? point->source : point->type;
	if (needs_device(point, &device, error) < 0)
		return -1;
	if (device)
		return find_device(point, source, path, error);
	return has_type(point, "virtiofs") ? share_find(*source, error) : 0;
}

static int set_number(int context, const char *key, unsigned int value)
{
	struct decimal number;

	return fsconfig(context, FSCONFIG_SET_STRING, key, decimal(&number, value), 0);
}

/*
 * As in container engines, a tmpfs is as open to others as the directory that it
 * hides, and belongs to the same user if it gets a copy of that directory.
 */
static int set_tmpfs_owner(const struct mount_point *point, const struct mount_options *options,
			   int context)
{
	char octal[5] = "";
	struct stat status;

	if (!has_type(point, "tmpfs") || stat(point->destination, &status) < 0)
		return 0;
	for (int i = 0; i < 4; i++)
		octal[i] = (char)('0' + (status.st_mode >> (9 - 3 * i) & 7));
	if (options->copy_up && (set_number(context, "uid", status.st_uid) < 0 ||
				 set_number(context, "gid", status.st_gid) < 0))
		return -1;
	return fsconfig(context, FSCONFIG_SET_STRING, "mode", octal, 0);
}

/* Returns a descriptor of the file system, not attached anywhere yet. */
static int create(const struct mount_point *point, const struct mount_options *options,
		  struct error *error)
{
	char path[DISK_PATH_SIZE], step[128];
	const char *source;
	int context, mounted = -1;

	if (find_source(point, &source, path, error) < 0)
		return -1;
	context = fsopen(point->type, FSOPEN_CLOEXEC);
	if (context < 0)
		return mount_error(point, "file system ", point->type, error);
	text_join(step, sizeof(step), (const char *const[]){ "mount ", point->destination, NULL });
	if (fsconfig(context, FSCONFIG_SET_STRING, "source", source, 0) < 0 ||
	    set_tmpfs_owner(point, options, context) < 0) {
		mount_context_error(context, step, "", error);
		goto out;
	}
	/* A superblock that is read-only could not be copied to. */
	if (set_options(point, options->copy_up ? mount_option_is_special :
						  mount_option_is_of_file_system,
			context, error) < 0)
		goto out;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mounted = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mounted < 0)
		mount_context_error(context, step, "", error);
out:
	close(context);
	return mounted;
}

/* The same for a part of the root. */
static int clone(const struct mount_point *point, const struct mount_options *options,
		 struct error *error)
{
	const unsigned int tree = options->bind_tree ? AT_RECURSIVE : 0;
	const char *source = point->source ? point->source : "";
	int mounted;

	for (char **word = point->options; word && *word; word++) {
		if (mount_option_is_special(*word))
			return ERROR(error, "mount ", point->destination, ": option ", *word,
				     ": is for no bind mount");
	}
	mounted = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | tree);
	return mounted < 0 ? mount_error(point, "source ", source, error) : mounted;
}

/* Another view of the container's cgroup: a new mount would show all cgroups. */
static int clone_cgroup(const struct mount_point *point, struct error *error)
{
	int mounted = open_tree(AT_FDCWD, CGROUP_PATH, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return mounted < 0 ? mount_error(point, "file system ", point->type, error) : mounted;
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
		return ERROR(error, "mount ", point->destination, ": ", strerror(errno));
	if (options->copy_up && copy_tree(destination, mounted) < 0) {
		mount_error(point, "copy what it hides", "", error);
		goto out;
	}
	/* Not before the copying, which a read-only mount would refuse. */
	if (set_all_attributes(mounted, "", AT_EMPTY_PATH, options) < 0 ||
	    move_mount(mounted, "", destination, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
		ERROR(error, "mount ", point->destination, ": ", strerror(errno));
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
	if (options.copy_up && !has_type(point, "tmpfs"))
		return ERROR(error, "mount ", point->destination,
			     ": option tmpcopyup: is for a tmpfs");
	if (is_bind(point, &options))
		mounted = clone(point, &options, error);
	else if (is_cgroup(point))
		mounted = clone_cgroup(point, error);
	else
		mounted = create(point, &options, error);
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
