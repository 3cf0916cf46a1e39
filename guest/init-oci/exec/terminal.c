// SPDX-License-Identifier: Apache-2.0
/* Terminals for processes of the container. */
#include "exec/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/in_root.h"
#include "base/linux_abi.h"
#include "base/proc.h"

#define PTMX "/dev/pts/ptmx"
/* 5:2, whatever file it is. */
#define PTMX_MAJOR 5
#define PTMX_MINOR 2

int terminal_open(int *user_side, int *process_side, struct error *error)
{
	int found = in_root_find("open ", IN_ROOT(PTMX), error);
	struct stat status;
	int unlocked = 0;

	if (found < 0)
		return -1;
	if (fstat(found, &status) < 0 || !S_ISCHR(status.st_mode) ||
	    status.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR)) {
		close(found);
		return ERROR(error, "open " PTMX ": is not the device of terminals");
	}
	*user_side = proc_reopen(found, O_RDWR | O_NOCTTY);
	close(found);
	if (*user_side < 0)
		return step_error("open " PTMX, "", error);
	if (ioctl(*user_side, TIOCSPTLCK, &unlocked) < 0)
		return step_error("open " PTMX, "", error);
	*process_side = ioctl(*user_side, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*process_side < 0)
		return step_error("open a terminal", "", error);
	return 0;
}
