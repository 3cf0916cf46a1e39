// SPDX-License-Identifier: Apache-2.0
/* The devices that the configuration names, and the console. */
#include "container/device_nodes.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "container/make_path.h"

static int make_parent(const char *path)
{
	char parent[PATH_MAX];
	const size_t length = (size_t)(strrchr(path, '/') - path);

	if (length >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(parent, path, length);
	parent[length] = '\0';
	return length ? make_directory_path(parent) : 0;
}

/*
 * Removes another device of that name. In a /dev of an engine's there would be none,
 * but here are those of the kernel, whose numbers may differ from those of the engine's.
 */
static int remove_earlier(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode) && !S_ISFIFO(status.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	return unlink(path);
}

static int make_node(const struct device *device)
{
	if (make_parent(device->path) < 0 || remove_earlier(device->path) < 0 ||
	    mknod(device->path, (mode_t)device->mode,
		  makedev(device->major, device->minor)) < 0 ||
	    lchown(device->path, device->uid, device->gid) < 0)
		return -1;
	/* Without what the umask takes. */
	return chmod(device->path, device->mode & 07777);
}

int device_nodes_make(const struct config *config, struct error *error)
{
	for (size_t i = 0; i < config->device_count; i++) {
		const struct device *device = &config->devices[i];

		/* A link to that of /dev/pts. */
		if (!strcmp(device->path, "/dev/ptmx"))
			continue;
		if (make_node(device) < 0)
			return step_error("make device ", device->path, error);
	}
	return 0;
}

int device_nodes_make_console(const char *terminal, struct error *error)
{
	static const char console[] = "/dev/console";
	char path[64];

	text_join(path, sizeof(path), (const char *const[]){ "/dev/", terminal, NULL });
	if (make_file_path(console) < 0 || mount(path, console, NULL, MS_BIND, NULL) < 0)
		return step_error("mount ", console, error);
	return 0;
}
