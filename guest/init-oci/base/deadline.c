// SPDX-License-Identifier: Apache-2.0
/* Steps that may block for good, and how long PID 1 waits for them. */
#include "base/deadline.h"

#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/proc.h"

#define VMSTAT_MAX 16384

/* Pages of files, since the kernel started. Stays 0 if the kernel does not say. */
static uint64_t pages_written(void)
{
	static const char name[] = "nr_written";
	const char *digit;
	uint64_t pages = 0;
	size_t length;
	char *text = proc_read("vmstat", VMSTAT_MAX, &length);

	if (!text)
		return 0;
	digit = strstr(text, name);
	if (digit) {
		for (digit += sizeof(name); *digit >= '0' && *digit <= '9'; digit++)
			pages = pages * 10 + (uint64_t)(*digit - '0');
	}
	free(text);
	return pages;
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

void deadline_be_exact(void)
{
	/* In nanoseconds. */
	prctl(PR_SET_TIMERSLACK, 1UL);
}

void deadline_be_usual(void)
{
	prctl(PR_SET_TIMERSLACK, 50000UL);
}

/* Waits for the end of any child, and a second at most. */
static void wait_for_child(void)
{
	const struct timespec second = { .tv_sec = 1 };
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	deadline_be_exact();
	sigtimedwait(&child, NULL, &second);
}

static bool ends_in_time(pid_t child, unsigned int seconds)
{
	uint64_t written = pages_written();
	time_t deadline = now() + seconds;

	while (waitpid(child, NULL, WNOHANG) == 0) {
		if (now() > deadline) {
			const uint64_t more = pages_written();

			if (more == written)
				return false;
			written = more;
			deadline = now() + seconds;
		}
		wait_for_child();
	}
	return true;
}

/*
 * Also when the container has made all the processes that there can be, and they wait in
 * the kernel, for a share that does not answer, and so outlive being killed.
 */
static pid_t fork_beyond_limits(void)
{
	const pid_t child = fork();

	if (child >= 0)
		return child;
	proc_write("sys/kernel/threads-max", "4194304");
	proc_write("sys/kernel/pid_max", "4194304");
	return fork();
}

bool deadline_run(void (*step)(const void *subject), const void *subject, unsigned int seconds)
{
	const pid_t child = fork_beyond_limits();

	/* Better at the risk of waiting for good than not at all. */
	if (child <= 0)
		step(subject);
	if (child == 0)
		_exit(0);
	return child < 0 || ends_in_time(child, seconds);
}

void deadline_take_precedence(void)
{
	const struct sched_param none = { 0 };
	unsigned long processors[16];

	memset(processors, 0xff, sizeof(processors));
	syscall(SYS_sched_setaffinity, 0, sizeof(processors), processors);
	/*
	 * An ordinary policy, for which the kernel keeps some of each processor's time. A
	 * process of the highest real-time priority would wait for others that have it,
	 * too. Not sched_setscheduler(), with which musl only fails.
	 */
	syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
	setpriority(PRIO_PROCESS, 0, -20);
	deadline_be_exact();
}
