// SPDX-License-Identifier: Apache-2.0
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "initramfs.h"
#include "linux_abi.h"
#include "superblock.h"

#define MERGED "/merged"
#define UPPER "/upper"
#define LAYER "/layer"

static int step_error(const char *step, const char *argument, struct error *error)
{
	return ERROR(error, step, argument, ": ", strerror(errno));
}

static int make_directory(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? -1 : 0;
}

int mounts_make_system(struct error *error)
{
	static const struct {
		const char *type, *target, *options;
		unsigned long flags;
	} mounts[] = {
		/* First, for without a console nobody hears what else fails. */
		{ "devtmpfs", "/dev", "mode=755", MS_NOSUID },
		{ "proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC },
		{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "mqueue", "/dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "cgroup2", "/sys/fs/cgroup", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	};
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (make_directory(mounts[i].target, 0755) < 0)
			return step_error("make directory ", mounts[i].target, error);
		/* EBUSY: the kernel mounts devtmpfs by itself if configured to. */
		if (mount(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags,
			  mounts[i].options) < 0 && errno != EBUSY)
			return step_error("mount ", mounts[i].target, error);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlink(links[i][0], links[i][1]) < 0 && errno != EEXIST)
			return step_error("make link ", links[i][1], error);
	}
	return 0;
}

static int disk_path(const struct disk *disk, char path[static 64])
{
	return (int)text_join(path, 64, (const char *const[]){ "/dev/", disk->device, NULL });
}

static int identify(const struct disk *disk, enum file_system *found, struct error *error)
{
	unsigned char start[SUPERBLOCK_SIZE];
	char path[64];
	ssize_t length;
	int fd;

	disk_path(disk, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return step_error("open disk ", disk->name, error);
	length = read(fd, start, sizeof(start));
	close(fd);
	if (length < 0)
		return step_error("read disk ", disk->name, error);
	*found = superblock_identify(start, (size_t)length);
	return 0;
}

static int mount_layer(const struct disk *disk, const char *target, struct error *error)
{
	static const char *const types[] = {
		[FILE_SYSTEM_SQUASHFS] = "squashfs",
		[FILE_SYSTEM_EROFS] = "erofs",
		[FILE_SYSTEM_EXT4] = "ext4",
	};
	enum file_system found;
	char path[64];

	if (identify(disk, &found, error) < 0)
		return -1;
	if (found == FILE_SYSTEM_UNKNOWN)
		return ERROR(error, "mount layer ", disk->name,
			     ": no squashfs, erofs or ext4 superblock");
	/* A layer may be shared; it is never written to, not even to repair it. */
	if (found == FILE_SYSTEM_EXT4_DIRTY)
		return ERROR(error, "mount layer ", disk->name,
			     ": its ext4 was not unmounted: run e2fsck on it");
	disk_path(disk, path);
	if (make_directory(target, 0755) < 0 ||
	    mount(path, target, types[found], MS_RDONLY,
		  found == FILE_SYSTEM_EXT4 ? "noload" : NULL) < 0)
		return step_error("mount layer ", disk->name, error);
	return 0;
}

static int mount_tmpfs_upper(const struct command_line *line, struct error *error)
{
	char options[64];

	text_join(options, sizeof(options), (const char *const[]){
		"mode=755", line->tmpfs_size ? ",size=" : NULL, line->tmpfs_size, NULL });
	if (mount("tmpfs", UPPER, "tmpfs", 0, options) < 0)
		return step_error("mount upper ", "tmpfs", error);
	return 0;
}

static int mount_disk_upper(const struct disk *disk, struct error *error)
{
	enum file_system found;
	char path[64];

	if (identify(disk, &found, error) < 0)
		return -1;
	/* Nothing is ever formatted: what is not understood may be somebody's data. */
	if (found != FILE_SYSTEM_EXT4 && found != FILE_SYSTEM_EXT4_DIRTY)
		return ERROR(error, "mount upper ", disk->name, ": no ext4 superblock");
	disk_path(disk, path);
	if (mount(path, UPPER, "ext4", 0, NULL) < 0)
		return step_error("mount upper ", disk->name, error);
	return 0;
}

/* The merged root takes mode and owner from here, not from the layers. */
static int make_upper_directories(const char *top_layer, struct error *error)
{
	struct stat top;

	if (make_directory(UPPER "/work", 0700) < 0)
		return step_error("make directory ", "work on the upper", error);
	if (mkdir(UPPER "/upper", 0755) < 0) {
		if (errno == EEXIST)
			return 0;
		return step_error("make directory ", "upper on the upper", error);
	}
	if (stat(top_layer, &top) < 0 ||
	    chown(UPPER "/upper", top.st_uid, top.st_gid) < 0 ||
	    chmod(UPPER "/upper", top.st_mode & 07777) < 0)
		return step_error("prepare ", "upper on the upper", error);
	return 0;
}

static void layer_path(char path[static 32], size_t index)
{
	struct decimal number;

	text_join(path, 32, (const char *const[]){
		LAYER "/", decimal(&number, (unsigned int)index), NULL });
}

/* The file system's own words, which say more than an errno; without the "e ". */
static int overlay_error(int context, struct error *error)
{
	const char *reason = strerror(errno);
	char words[160];
	ssize_t length = read(context, words, sizeof(words) - 1);

	if (length <= 2)
		return ERROR(error, "mount overlay: ", reason);
	if (words[length - 1] == '\n')
		length--;
	words[length] = '\0';
	return ERROR(error, "mount overlay: ", reason, ": ", words + 2);
}

static int mount_overlay(size_t layer_count, bool volatile_upper, struct error *error)
{
	int mount_fd = -1, result = -1;
	int context = fsopen("overlay", FSOPEN_CLOEXEC);
	char path[32];

	if (context < 0)
		return ERROR(error, "mount overlay: ", strerror(errno));
	if (fsconfig(context, FSCONFIG_SET_STRING, "source", "overlay", 0) < 0)
		goto fail;
	/* Topmost first. One call each: a page of options would not hold them all. */
	for (size_t i = layer_count; i-- > 0;) {
		layer_path(path, i);
		if (fsconfig(context, FSCONFIG_SET_STRING, "lowerdir+", path, 0) < 0)
			goto fail;
	}
	if (fsconfig(context, FSCONFIG_SET_STRING, "upperdir", UPPER "/upper", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "workdir", UPPER "/work", 0) < 0 ||
	    (volatile_upper && fsconfig(context, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0) ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		goto fail;
	mount_fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount_fd < 0 || move_mount(mount_fd, "", AT_FDCWD, MERGED, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		goto fail;
	result = 0;
	goto out;

fail:
	overlay_error(context, error);
out:
	if (mount_fd >= 0)
		close(mount_fd);
	close(context);
	return result;
}

int mounts_make_root(const struct command_line *line, int *upper, struct error *error)
{
	static const char *const directories[] = { LAYER, UPPER, MERGED };
	const bool on_disk = line->upper.name != NULL;
	char path[32];

	*upper = -1;
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (make_directory(directories[i], 0755) < 0)
			return step_error("make directory ", directories[i], error);
	}
	for (size_t i = 0; i < line->layer_count; i++) {
		layer_path(path, i);
		if (mount_layer(&line->layers[i], path, error) < 0)
			return -1;
	}
	if ((on_disk ? mount_disk_upper(&line->upper, error) : mount_tmpfs_upper(line, error)) < 0 ||
	    make_upper_directories(path, error) < 0 ||
	    mount_overlay(line->layer_count, !on_disk, error) < 0)
		return -1;

	/* The overlay holds on to the layers by itself. */
	for (size_t i = 0; i < line->layer_count; i++) {
		layer_path(path, i);
		umount2(path, MNT_DETACH);
	}
	if (on_disk) {
		*upper = open(UPPER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (*upper < 0)
			return step_error("open upper ", line->upper.name, error);
	}
	return 0;
}

int mounts_enter_root(struct error *error)
{
	static const char *const system[] = { "/dev", "/proc", "/sys" };

	if (chdir(MERGED) < 0)
		return step_error("enter ", "the root", error);
	for (size_t i = 0; i < sizeof(system) / sizeof(system[0]); i++) {
		const char *target = system[i] + 1;

		if (make_directory(target, 0755) < 0)
			return step_error("make directory ", system[i], error);
		/* Does not follow a link that the image may have there. */
		if (move_mount(AT_FDCWD, system[i], AT_FDCWD, target, 0) < 0)
			return step_error("move mount ", system[i], error);
	}
	initramfs_empty();
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return step_error("enter ", "the root", error);
	return 0;
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

int mounts_apply(const struct config *config, struct error *error)
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
