// SPDX-License-Identifier: Apache-2.0
/* The devices that the configuration names, and the console. */
#include "container/device_nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/in_root.h"
#include "base/linux_abi.h"

/*
 * Removes another device of that name. In a /dev of an engine's there would be none,
 * but here are those of the kernel, whose numbers may differ from those of the engine's.
 */
static int remove_earlier(int parent, const char *name)
{
	struct stat status;

	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode) && !S_ISFIFO(status.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	return unlinkat(parent, name, 0);
}

static int make_node(const struct device *device, int parent, const char *name)
{
	if (remove_earlier(parent, name) < 0 ||
	    mknodat(parent, name, (mode_t)device->mode, makedev(device->major, device->minor)) < 0 ||
	    fchownat(parent, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	/* Without what the umask takes. */
	return fchmodat(parent, name, device->mode & 07777, 0);
}

static int make_device(const struct device *device, struct error *error)
{
	static const char step[] = "make device ";
	const char *name;
	int parent = in_root_make_parent(step, IN_ROOT(device->path), &name, error);
	int result;

	if (parent < 0)
		return -1;
	result = make_node(device, parent, name);
	if (result < 0)
		step_error(step, device->path, error);
	close(parent);
	return result;
}

int device_nodes_make(const struct config *config, struct error *error)
{
	for (size_t i = 0; i < config->device_count; i++) {
		const struct device *device = &config->devices[i];

		/* A link to that of /dev/pts. */
		if (!strcmp(device->path, "/dev/ptmx"))
			continue;
		if (make_device(device, error) < 0)
			return -1;
	}
	return 0;
}

int device_nodes_make_console(const char *terminal, struct error *error)
{
	static const char console[] = "/dev/console";
	int tree, place, result = -1;
	char path[64];

	text_join(path, sizeof(path), (const char *const[]){ "/dev/", terminal, NULL });
	place = in_root_make_file("mount ", IN_ROOT(console), error);
	if (place < 0)
		return -1;
	tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree >= 0)
		result = move_mount(tree, "", place, "",
				    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	if (result < 0)
		step_error("mount ", console, error);
	if (tree >= 0)
		close(tree);
	close(place);
	return result;
}
