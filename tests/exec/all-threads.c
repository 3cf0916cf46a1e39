// SPDX-License-Identifier: Apache-2.0
/* Takes every number of a process that there is, as soon as it is free. */
#include <sched.h>
#include <signal.h>
#include <unistd.h>

static int wait_for_end(void *nothing)
{
	(void)nothing;
	for (;;)
		pause();
}

int main(void)
{
	/* For more than a small machine has numbers. Each begins at its upper end. */
	static _Alignas(16) char stacks[8193][512];
	const int kind = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
	int is_told = 0;
	unsigned int next = 0;

	signal(SIGTERM, SIG_IGN);
	for (;;) {
		if (clone(wait_for_end, stacks[next % 8192 + 1], kind, NULL) >= 0) {
			next++;
			continue;
		}
		if (!is_told && write(STDOUT_FILENO, "x", 1) < 0)
			return 1;
		is_told = 1;
		usleep(300);
	}
}
