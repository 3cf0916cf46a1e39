// SPDX-License-Identifier: Apache-2.0
/* The /proc of PID 1, whatever the container mounts, masks or changes. */
#include "base/proc.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/file.h"
#include "base/linux_abi.h"

static int mount_proc(void)
{
	const int context = fsopen("proc", FSOPEN_CLOEXEC);
	int mounted = -1;

	if (context < 0)
		return -1;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mounted = fsmount(context, FSMOUNT_CLOEXEC,
				  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	close(context);
	return mounted;
}

int proc_open(void)
{
	const int mounted = mount_proc();

	if (mounted < 0 || mounted == PROC_FILENO)
		return mounted < 0 ? -1 : 0;
	if (dup3(mounted, PROC_FILENO, O_CLOEXEC) < 0)
		return -1;
	close(mounted);
	return 0;
}

char *proc_read(const char *path, size_t size, size_t *length)
{
	const int fd = openat(PROC_FILENO, path, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0)
		return NULL;
	text = file_read_open(fd, size, length);
	close(fd);
	return text;
}

int proc_write(const char *path, const char *text)
{
	const int fd = openat(PROC_FILENO, path, O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text));
	close(fd);
	return written < 0 ? -1 : 0;
}

int proc_reopen(int fd, int flags)
{
	struct decimal number;
	char path[40];

	text_join(path, sizeof(path), (const char *const[]){
		"self/fd/", decimal(&number, (uint64_t)fd), NULL });
	return openat(PROC_FILENO, path, flags | O_CLOEXEC);
}
