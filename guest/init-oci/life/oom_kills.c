// SPDX-License-Identifier: Apache-2.0
/* Counts the processes of the container that the kernel killed for want of memory. */
#include "life/oom_kills.h"

#include <fcntl.h>
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
	const char *line = text;
	unsigned long killed = 0;

	if (length < 0)
		return 0;
	text[length] = '\0';
	/* Each line is a name, a space and a number. */
	while (strncmp(line, name, strlen(name)) != 0) {
		line = strchr(line, '\n');
		if (!line)
			return 0;
		line++;
	}
	line += strlen(name);
	for (line += *line == ' '; *line >= '0' && *line <= '9'; line++)
		killed = 10 * killed + (unsigned long)(*line - '0');
	return killed;
}

unsigned long oom_kills_take(struct oom_kills *kills)
{
	const unsigned long killed = kills->events < 0 ? 0 : count(kills->events);

	if (killed <= kills->taken)
		return 0;
	kills->taken = killed;
	return killed;
}
