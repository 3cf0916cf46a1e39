// SPDX-License-Identifier: Apache-2.0
/* Parts of the host's shares, for bind mounts. */
#include "container/host_copy.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/linux_abi.h"
#include "container/file_systems.h"
#include "container/mount_point.h"

/* As the working directory, it has a path whatever is mounted where. */
static void detach(int share)
{
	if (fchdir(share) == 0)
		umount2(".", MNT_DETACH);
	/* It was there when this program entered it. */
	if (chdir("/") < 0)
		return;
}

static int copy_below(int share, const char *path, unsigned int flags)
{
	/* The container can write links to the share, for the next boot. */
	const struct open_request how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = open_path(share, path, &how);
	int copy;

	if (fd < 0)
		return -1;
	copy = copy_mount(fd, flags);
	close(fd);
	return copy;
}

int host_copy(const struct mount_point *point, const char *tag, const char *path,
	      unsigned int flags, struct error *error)
{
	const struct mount_point whole = {
		.destination = point->destination, .type = "virtiofs", .source = tag };
	const struct mount_options none = { .bind = false };
	int place = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int share = -1, copy = -1;

	if (place < 0)
		return mount_point_error(point, "source ", point->source, error);
	share = file_system_create(&whole, &none, error);
	if (share < 0)
		goto out;
	/*
	 * Kernels before 6.15 copy only what is attached. On the root nobody sees it: no path
	 * leads to what is mounted there after this program has entered the root.
	 */
	if (attach_mount(share, place) == 0) {
		copy = copy_below(share, path, flags);
		if (copy < 0)
			mount_point_error(point, "source ", point->source, error);
		detach(share);
	} else {
		mount_point_error(point, "source ", point->source, error);
	}
	close(share);
out:
	close(place);
	return copy;
}
