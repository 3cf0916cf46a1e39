// SPDX-License-Identifier: Apache-2.0
/* The exit status that a shell would give. */
#include "life/exit_status.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

noreturn void exit_surely(int status)
{
	/* _exit() would try again for ever. */
	syscall(SYS_exit_group, status);
	__builtin_trap();
}

int exit_status_of_wait(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

int exit_status_of_exec(int error_number)
{
	if (error_number == ENOENT || error_number == ENOTDIR)
		return EXIT_STATUS_NOT_FOUND;
	return EXIT_STATUS_NOT_EXECUTABLE;
}
