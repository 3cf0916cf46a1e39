// SPDX-License-Identifier: Apache-2.0
#include "supervise.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

#include "exit_status.h"

/* The container is gone: its orphans get time to close their files, no more. */
#define GRACE_SECONDS 2

void supervise_signals(sigset_t *signals)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS };

	sigfillset(signals);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(signals, faults[i]);
}

int supervise(pid_t container, const sigset_t *signals)
{
	for (;;) {
		int wait_status, signal = sigwaitinfo(signals, NULL);
		int status = -1;
		pid_t child;

		if (signal > 0 && signal != SIGCHLD) {
			kill(container, signal);
			continue;
		}
		/* One SIGCHLD may stand for several children. */
		while ((child = waitpid(-1, &wait_status, WNOHANG)) > 0) {
			if (child == container)
				status = exit_status_of_wait(wait_status);
		}
		if (status >= 0)
			return status;
	}
}

/* Returns whether children are left. */
static bool reap(void)
{
	pid_t child;

	do {
		child = waitpid(-1, NULL, WNOHANG);
	} while (child > 0);
	return child == 0;
}

static bool reap_until(const sigset_t *signals, const struct timespec *end)
{
	while (reap()) {
		struct timespec now, left;

		clock_gettime(CLOCK_MONOTONIC, &now);
		left.tv_sec = end->tv_sec - now.tv_sec;
		left.tv_nsec = end->tv_nsec - now.tv_nsec;
		if (left.tv_nsec < 0) {
			left.tv_sec--;
			left.tv_nsec += 1000000000;
		}
		if (left.tv_sec < 0)
			return true;
		sigtimedwait(signals, NULL, &left);
	}
	return false;
}

void supervise_end_orphans(const sigset_t *signals)
{
	static const int ends[] = { SIGTERM, SIGKILL };

	for (size_t i = 0; i < 2 && reap(); i++) {
		struct timespec end;

		kill(-1, ends[i]);
		/* A stopped process could not act on the signal. */
		kill(-1, SIGCONT);
		clock_gettime(CLOCK_MONOTONIC, &end);
		end.tv_sec += GRACE_SECONDS;
		reap_until(signals, &end);
	}
}
