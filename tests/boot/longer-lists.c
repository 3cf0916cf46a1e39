// SPDX-License-Identifier: Apache-2.0
/*
 * Tries to make a file of the kernel's lists longer than its list: mounted "rw", as
 * mount(2) cannot. What is behind it in memory could be read then. Runs in the guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SET_FLAG = 0, CREATE = 6 };	/* of fsconfig(2) */

static int mount_to_write(void)
{
	const int lists = (int)syscall(SYS_fsopen, "module_lists", 0);

	if (lists < 0 || syscall(SYS_fsconfig, lists, SET_FLAG, "rw", NULL, 0) < 0 ||
	    syscall(SYS_fsconfig, lists, CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, lists, 0, 0);
}

int main(void)
{
	const int root = mount_to_write();
	int file;

	if (root < 0) {
		perror("mount the lists");
		return 1;
	}
	file = openat(root, "modules.builtin", O_WRONLY);
	if (file >= 0 && ftruncate(file, 1 << 30) == 0) {
		puts("the list is longer");
		return 1;
	}
	printf("no list gets longer: %s\n", strerror(errno));
	return 0;
}
