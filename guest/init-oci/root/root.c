// SPDX-License-Identifier: Apache-2.0
/* The container's root: layers and upper, stacked as an overlay. */
#include "root/root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/linux_abi.h"
#include "base/mount_context.h"
#include "devices/disks.h"
#include "devices/shares.h"
#include "devices/superblock.h"
#include "root/initramfs.h"

#define UPPER "/upper"
#define LAYER "/layer"

/* What is there already may be a link, which would be followed. */
static int make_directory(const char *path, mode_t mode)
{
	struct stat status;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST || lstat(path, &status) < 0)
		return -1;
	if (S_ISDIR(status.st_mode))
		return 0;
	errno = ENOTDIR;
	return -1;
}

static int identify(const struct disk *disk, enum file_system *found, struct error *error)
{
	unsigned char start[SUPERBLOCK_SIZE];
	char path[DISK_PATH_SIZE];
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

static int mount_disk_layer(const struct disk *disk, const char *target, struct error *error)
{
	static const char *const types[] = {
		[FILE_SYSTEM_SQUASHFS] = "squashfs",
		[FILE_SYSTEM_EROFS] = "erofs",
		[FILE_SYSTEM_EXT4] = "ext4",
	};
	enum file_system found;
	char path[DISK_PATH_SIZE];

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
	if (mount(path, target, types[found], MS_RDONLY,
		  found == FILE_SYSTEM_EXT4 ? "noload" : NULL) < 0)
		return step_error("mount layer ", disk->name, error);
	return 0;
}

static int mount_layer(const struct layer *layer, const char *target, struct error *error)
{
	if (make_directory(target, 0755) < 0)
		return step_error("make directory ", target, error);
	return layer->share ? share_mount(layer->share, target, "mount layer virtiofs:", error) :
			      mount_disk_layer(&layer->disk, target, error);
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
	char path[DISK_PATH_SIZE];

	if (identify(disk, &found, error) < 0)
		return -1;
	/* Nothing is ever formatted: an unknown disk may hold data. */
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
	bool is_new;

	if (make_directory(UPPER "/work", 0700) < 0)
		return step_error("make directory ", "work on the upper", error);
	is_new = access(UPPER "/upper", F_OK) < 0;
	if (make_directory(UPPER "/upper", 0755) < 0)
		return step_error("make directory ", "upper on the upper", error);
	if (!is_new)
		return 0;
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

static int mount_overlay(size_t layer_count, bool volatile_upper, struct error *error)
{
	int mount_fd = -1, result = -1;
	int context = fsopen("overlay", FSOPEN_CLOEXEC);
	char path[32];

	if (context < 0)
		return step_error("mount overlay", "", error);
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
	if (mount_fd < 0 || move_mount(mount_fd, "", AT_FDCWD, ROOT_MERGED, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		goto fail;
	result = 0;
	goto out;

fail:
	mount_context_error(context, "mount overlay", "", error);
out:
	if (mount_fd >= 0)
		close(mount_fd);
	close(context);
	return result;
}

static int find_disks(struct command_line *line, struct error *error)
{
	struct disk *disks[LAYERS_MAX + 1];
	size_t count = 0;

	for (size_t i = 0; i < line->layer_count; i++) {
		if (!line->layers[i].share)
			disks[count++] = &line->layers[i].disk;
	}
	if (line->upper.name)
		disks[count++] = &line->upper;
	return disks_find(disks, count, error);
}

int root_make(struct command_line *line, int *upper, struct error *error)
{
	static const char *const directories[] = { LAYER, UPPER, ROOT_MERGED };
	const bool on_disk = line->upper.name != NULL;
	char path[32];

	*upper = -1;
	if (find_disks(line, error) < 0)
		return -1;
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

	/* The overlay keeps the layers mounted. */
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

int root_enter(struct error *error)
{
	static const char *const system[] = { "/dev", "/proc", "/sys" };

	if (chdir(ROOT_MERGED) < 0)
		return step_error("enter ", "the root", error);
	for (size_t i = 0; i < sizeof(system) / sizeof(system[0]); i++) {
		const char *target = system[i] + 1;

		if (make_directory(target, 0755) < 0)
			return step_error("make directory ", system[i], error);
		if (move_mount(AT_FDCWD, system[i], AT_FDCWD, target, 0) < 0)
			return step_error("move mount ", system[i], error);
	}
	initramfs_empty();
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return step_error("enter ", "the root", error);
	return 0;
}
