// SPDX-License-Identifier: Apache-2.0
/*
 * The container's cgroup, apart from PID 1's. It is the root of the container's cgroup
 * namespace: the mount option `nsdelegate` then keeps the container from moving PID 1
 * into a cgroup of its own, to freeze it there, and from changing its own limits.
 */
#include "container/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/linux_abi.h"

#define NAME "container"
#define CONTROLLERS_MAX 1024

/* Returns 0, or -1 with errno set. */
static int write_file(int directory, const char *name, const char *text, size_t length)
{
	int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, text, length);
	close(fd);
	return written < 0 ? -1 : 0;
}

/* For the cgroups below the root: all that the kernel has. */
static int enable_controllers(int root)
{
	int fd = openat(root, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
	char names[CONTROLLERS_MAX], words[CONTROLLERS_MAX];
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, names, sizeof(names));
	close(fd);
	if (got < 0)
		return -1;
	for (ssize_t i = 0; i < got && length + 2 < sizeof(words); i++) {
		if (names[i] > ' ' && (i == 0 || names[i - 1] == ' '))
			words[length++] = '+';
		words[length++] = names[i];
	}
	return write_file(root, "cgroup.subtree_control", words, length);
}

int cgroup_make(struct error *error)
{
	int root = open(CGROUP_PATH, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int cgroup = -1;

	if (root >= 0 && enable_controllers(root) == 0 && mkdirat(root, NAME, 0755) == 0)
		cgroup = openat(root, NAME, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		step_error("make the container's cgroup", "", error);
	if (root >= 0)
		close(root);
	return cgroup;
}

/* Puts a view of it in the place of the mount of all cgroups, which goes. */
int cgroup_show(int cgroup, struct error *error)
{
	int view = open_tree(cgroup, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	int result = -1;

	if (view >= 0 && umount2(CGROUP_PATH, MNT_DETACH) == 0)
		result = move_mount(view, "", AT_FDCWD, CGROUP_PATH, MOVE_MOUNT_F_EMPTY_PATH);
	if (result < 0)
		step_error("show the container's cgroup", "", error);
	if (view >= 0)
		close(view);
	return result;
}

int cgroup_limit(int cgroup, const struct config *config, struct error *error)
{
	for (size_t i = 0; i < config->cgroup_setting_count; i++) {
		const struct cgroup_setting *setting = &config->cgroup_settings[i];

		if (write_file(cgroup, setting->file, setting->value, strlen(setting->value)) < 0)
			return ERROR(error, "set linux.resources ", setting->file, " to ",
				     setting->value, ": ", strerror(errno));
	}
	return 0;
}

int cgroup_enter(int cgroup)
{
	/* 0 is the calling process. */
	return write_file(cgroup, "cgroup.procs", "0", 1);
}

int cgroup_enclose(void)
{
	return unshare(CLONE_NEWCGROUP);
}
