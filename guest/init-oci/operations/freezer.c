// SPDX-License-Identifier: Apache-2.0
/* The container, stopped and going on. */
#include "operations/freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_SECONDS 10
#define EVENTS_MAX 256

int freezer_set(int cgroup, bool frozen)
{
	int fd = openat(cgroup, "cgroup.freeze", O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, frozen ? "1" : "0", 1);
	close(fd);
	return written < 0 ? -1 : 0;
}

/* Reading it is also what makes the next event one. */
static bool is_frozen(int events)
{
	static const char name[] = "frozen ";
	char text[EVENTS_MAX];
	const ssize_t length = pread(events, text, sizeof(text) - 1, 0);
	const char *line;

	if (length < 0)
		return false;
	text[length] = '\0';
	line = strstr(text, name);
	return line && line[strlen(name)] == '1';
}

static int wait_until_frozen(int events)
{
	struct pollfd change = { .fd = events, .events = POLLPRI };
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!is_frozen(events)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec >= WAIT_SECONDS) {
			errno = ETIMEDOUT;
			return -1;
		}
		poll(&change, 1, 1000);
	}
	return 0;
}

int freezer_wait(int cgroup, struct error *error)
{
	int events = openat(cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int result = -1;

	if (events >= 0)
		result = wait_until_frozen(events);
	if (result < 0)
		step_error("pause", "", error);
	if (events >= 0)
		close(events);
	return result;
}
