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
static int remove_earlier(int directory, const char *name)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode) && !S_ISFIFO(status.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	return unlinkat(directory, name, 0);
}

static int make_node(const struct device *device, struct error *error)
{
	const char *name;
	int directory = in_root_make_parent("make device ", IN_ROOT(device->path), &name, error);
	int result = 0;

	if (directory < 0)
		return -1;
	if (remove_earlier(directory, name) < 0 ||
	    mknodat(directory, name, (mode_t)device->mode,
		    makedev(device->major, device->minor)) < 0 ||
	    fchownat(directory, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    /* Without what the umask takes. */
	    fchmodat(directory, name, device->mode & 07777, 0) < 0)
		result = step_error("make device ", device->path, error);
	close(directory);
	return result;
}

int device_nodes_make(const struct config *config, struct error *error)
{
	for (size_t i = 0; i < config->device_count; i++) {
		const struct device *device = &config->devices[i];

		/* A link to that of /dev/pts. */
		if (!strcmp(device->path, "/dev/ptmx"))
			continue;
		if (make_node(device, error) < 0)
			return -1;
	}
	return 0;
}

int device_nodes_make_console(const char *terminal, struct error *error)
{
	static const char console[] = "/dev/console";
	int place = in_root_make_file("mount ", IN_ROOT(console), error);
	int fd = -1, mounted = -1, result = -1;
	char path[64];

	if (place < 0)
		return -1;
	text_join(path, sizeof(path), (const char *const[]){ "/dev/", terminal, NULL });
	fd = in_root_find("mount ", IN_ROOT(path), error);
	if (fd < 0)
		goto out;
	mounted = copy_mount(fd, 0);
	close(fd);
	if (mounted < 0 || attach_mount(mounted, place) < 0) {
		step_error("mount ", console, error);
		goto out;
	}
	result = 0;
out:
	if (mounted >= 0)
		close(mounted);
	close(place);
	return result;
}
