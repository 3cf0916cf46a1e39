// SPDX-License-Identifier: Apache-2.0
/* The process that sets the container up and then becomes it. */
#include "life/start.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/linux_abi.h"

struct container *start_container_memory(void)
{
	struct container *container = mmap(NULL, sizeof(*container), PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (container == MAP_FAILED)
		return NULL;
	container->stop_signal = SIGTERM;
	container->upper = container->kept_config = -1;
	return container;
}

pid_t start_fork(int cgroup)
{
	/*
	 * Each has its own copy of the stack, so that none needs to be given. To be made
	 * in the cgroup is much cheaper than to be moved there later.
	 */
	return clone_into_cgroup(CLONE_FS | CLONE_FILES, cgroup);
}

int start_part(int pipe)
{
	static const char byte = 's';

	if (unshare(CLONE_FS | CLONE_FILES) < 0)
		return -1;
	/* PID 1 learns of a failure by the end of the process, too. */
	while (write(pipe, &byte, 1) < 0 && errno == EINTR)
		;
	return 0;
}
