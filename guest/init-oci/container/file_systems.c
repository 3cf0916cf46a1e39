// SPDX-License-Identifier: Apache-2.0
/* File systems for `mounts`: what they are mounted from, and their own options. */
#include "container/file_systems.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/in_root.h"
#include "base/linux_abi.h"
#include "base/mount_context.h"
#include "base/proc.h"
#include "container/mount_point.h"
#include "devices/disks.h"
#include "devices/shares.h"

/* The most that is read of /proc/filesystems. */
#define LIST_MAX 16384

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

/* Whether the kernel mounts the type from a device: then it is listed without `nodev`. */
static int needs_device(const struct mount_point *point, bool *device, struct error *error)
{
	size_t length, type_length = strlen(point->type);
	char *list = proc_read("filesystems", LIST_MAX, &length);
	char *line = list;
	bool found = false;

	if (!list)
		return step_error("read ", "/proc/filesystems", error);
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
	return mount_point_has_type(point, "virtiofs") ? share_find(*source, error) : 0;
}

static int set_number(int context, const char *key, unsigned int value)
{
	struct decimal number;

	return fsconfig(context, FSCONFIG_SET_STRING, key, decimal(&number, value), 0);
}

/* Whether there is something at the place of the mount, and what. */
static bool get_hidden(const struct mount_point *point, struct stat *status)
{
	struct error ignored;
	int fd = in_root_find("mount ", IN_ROOT(point->destination), &ignored);
	bool found = fd >= 0 && fstat(fd, status) == 0;

	if (fd >= 0)
		close(fd);
	return found;
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

	if (!mount_point_has_type(point, "tmpfs") || !get_hidden(point, &status))
		return 0;
	for (int i = 0; i < 4; i++)
		octal[i] = (char)('0' + (status.st_mode >> (9 - 3 * i) & 7));
	if (options->copy_up && (set_number(context, "uid", status.st_uid) < 0 ||
				 set_number(context, "gid", status.st_gid) < 0))
		return -1;
	return fsconfig(context, FSCONFIG_SET_STRING, "mode", octal, 0);
}

int file_system_create(const struct mount_point *point, const struct mount_options *options,
		       struct error *error)
{
	char path[DISK_PATH_SIZE], step[128];
	const char *source;
	int context, mounted = -1;

	if (find_source(point, &source, path, error) < 0)
		return -1;
	context = fsopen(point->type, FSOPEN_CLOEXEC);
	if (context < 0)
		return mount_point_error(point, "file system ", point->type, error);
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

int file_system_reconfigure(const struct mount_point *point, int fd, struct error *error)
{
	int context = fspick(fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
	char step[128];
	int result = -1;

	if (context < 0)
		return step_error("mount ", point->destination, error);
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
