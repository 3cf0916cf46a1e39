// SPDX-License-Identifier: Apache-2.0
#include "reset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than four numbers need. */
#define COMMAND_MAX 256

/* A decimal number and what follows it. Returns NULL if there is none. */
static const char *parse_number(const char *text, char end, uint64_t *value)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	*value = strtoull(text, &stop, 10);
	return errno || *stop != end ? NULL : stop + 1;
}

static bool parse_command(const char *text, struct event_ring *ring)
{
	uint64_t size = 0;

	text = parse_number(text, ' ', &size);
	if (text)
		text = parse_number(text, ' ', &ring->descriptors);
	if (text)
		text = parse_number(text, ' ', &ring->available);
	if (text)
		text = parse_number(text, '\n', &ring->used);
	ring->size = size > UINT32_MAX ? 0 : (uint32_t)size;
	return text && !*text;
}

static void reset_ready(struct watch *watch, uint32_t events)
{
	struct reset *reset = (struct reset *)watch;
	struct event_ring ring;
	char command[COMMAND_MAX];
	const char *problem = "not SIZE DESCRIPTORS AVAILABLE USED";
	ssize_t size = read(watch->fd, command, sizeof(command) - 1);

	(void)events;
	if (size <= 0)
		return;
	command[size] = '\0';
	if (parse_command(command, &ring))
		problem = device_reset(reset->device, &ring);
	if (problem)
		log_note(reset->device->log, "the transport is not reset: %s", problem);
}

int reset_open(struct reset *reset, const char *path, struct loop *loop, struct device *device)
{
	/* For writing too, so that the FIFO does not end with its first writer. */
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	reset->fifo = (struct watch){ .fd = fd, .ready = reset_ready };
	reset->device = device;
	if (fd < 0)
		return -1;
	return loop_watch(loop, &reset->fifo, EPOLLIN);
}
