// SPDX-License-Identifier: Apache-2.0
/* The /proc of PID 1, whatever the container mounts at that path. */
#include "base/proc.h"

#include <fcntl.h>
#include <unistd.h>

int proc_open(void)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fd == PROC_FILENO)
		return fd < 0 ? -1 : 0;
	if (dup3(fd, PROC_FILENO, O_CLOEXEC) < 0)
		return -1;
	close(fd);
	return 0;
}

int proc_open_file(const char *path)
{
	return openat(PROC_FILENO, path, O_RDONLY | O_CLOEXEC);
}
