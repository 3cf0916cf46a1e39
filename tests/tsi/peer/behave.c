// SPDX-License-Identifier: Apache-2.0
#include "behave.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* More than all names together need. */
#define COMMAND_MAX 512

/* Several lines may come at once: the last one holds. */
static char *last_line(char *lines)
{
	char *end = strrchr(lines, '\n'), *begin;

	if (!end)
		return lines;
	*end = '\0';
	begin = strrchr(lines, '\n');
	return begin ? begin + 1 : lines;
}

static void behave_ready(struct watch *watch, uint32_t events)
{
	struct behave *behave = (struct behave *)watch;
	char command[COMMAND_MAX], *line, *name, *rest;
	unsigned int misbehaviour = 0, bit;
	ssize_t size = read(watch->fd, command, sizeof(command) - 1);

	(void)events;
	if (size <= 0)
		return;
	command[size] = '\0';
	line = last_line(command);
	log_note(behave->log, "the peer is to misbehave: %s", *line ? line : "no more");
	for (name = strtok_r(line, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		bit = options_misbehaviour(name);
		if (!bit)
			log_note(behave->log, "not a way to misbehave: %s", name);
		misbehaviour |= bit;
	}
	behave->options->misbehaviour = misbehaviour;
}

int behave_open(struct behave *behave, struct options *options, struct loop *loop,
		struct log *log)
{
	/* For writing too, so that the FIFO does not end with its first writer. */
	int fd = open(options->behave_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	behave->fifo = (struct watch){ .fd = fd, .ready = behave_ready };
	behave->options = options;
	behave->log = log;
	if (fd < 0)
		return -1;
	return loop_watch(loop, &behave->fifo, EPOLLIN);
}
