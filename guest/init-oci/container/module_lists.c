// SPDX-License-Identifier: Apache-2.0
/* The kernel's lists of what is built in, shown to modprobe. */
#include "container/module_lists.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/in_root.h"
#include "base/linux_abi.h"

static bool has_modprobe(void)
{
	struct error error;
	int fd = in_root_find("", IN_ROOT("/sbin/modprobe"), &error);

	if (fd < 0)
		fd = in_root_find("", IN_ROOT("/bin/modprobe"), &error);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool is_empty(int place)
{
	int fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	do
		entry = readdir(directory);
	while (entry && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")));
	closedir(directory);
	return !entry;
}

/* Returns a mount that is not attached anywhere yet. */
static int open_lists(void)
{
	int context = fsopen("module_lists", FSOPEN_CLOEXEC), mounted = -1;

	if (context < 0)
		return -1;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mounted = fsmount(context, FSMOUNT_CLOEXEC,
				  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					  MOUNT_ATTR_NOEXEC);
	close(context);
	return mounted;
}

/* Where modprobe looks. An image's own files there are not covered. */
static int open_place(void)
{
	struct utsname system;
	char path[sizeof("/lib/modules/") + sizeof(system.release)];
	struct error error;
	int place;

	if (uname(&system) < 0)
		return -1;
	text_join(path, sizeof(path), (const char *const[]){
		"/lib/modules/", system.release, NULL });
	place = in_root_make_directory("", IN_ROOT(path), &error);
	if (place >= 0 && !is_empty(place)) {
		close(place);
		return -1;
	}
	return place;
}

void module_lists_show(void)
{
	int lists, place;

	if (!has_modprobe())
		return;
	lists = open_lists();
	if (lists < 0)
		return;
	place = open_place();
	if (place >= 0) {
		attach_mount(lists, place);
		close(place);
	}
	close(lists);
}
