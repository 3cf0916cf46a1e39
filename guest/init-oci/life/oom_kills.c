// SPDX-License-Identifier: Apache-2.0
/* Counts the processes of the container that the kernel killed for want of memory. */
#include "life/oom_kills.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVENTS_MAX 512

void oom_kills_open(struct oom_kills *kills, int cgroup)
{
	kills->events = openat(cgroup, "memory.events", O_RDONLY | O_CLOEXEC);
	kills->taken = 0;
}

/* Reading it is also what makes the next event one. */
static unsigned long count(int events)
{
	static const char name[] = "oom_kill";
	char text[EVENTS_MAX];
	ssize_t length = pread(events, text, sizeof(text) - 1, 0);
	const char *line;

	if (length < 0)
		return 0;
	text[length] = '\0';
	line = strstr(text, name);
	return line ? strtoul(line + strlen(name), NULL, 10) : 0;
}

unsigned long oom_kills_take(struct oom_kills *kills)
{
	const unsigned long killed = kills->events < 0 ? 0 : count(kills->events);

	if (killed <= kills->taken)
		return 0;
	kills->taken = killed;
	return killed;
}
