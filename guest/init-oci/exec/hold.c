// SPDX-License-Identifier: Apache-2.0
/* Input that is held for a process that does not read it yet. */
#include "exec/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns how much was taken, or -1. */
static ssize_t write_some(int fd, const char *bytes, size_t count)
{
	size_t taken = 0;

	while (taken < count) {
		const ssize_t written = write(fd, bytes + taken, count - taken);

		if (written < 0 && errno != EAGAIN)
			return -1;
		if (written <= 0)
			break;
		taken += (size_t)written;
	}
	return (ssize_t)taken;
}

static int write_held(struct hold **hold, int fd)
{
	ssize_t taken;

	if (!*hold)
		return 0;
	taken = write_some(fd, (*hold)->bytes + (*hold)->start, (*hold)->end - (*hold)->start);
	if (taken < 0)
		return -1;
	(*hold)->start += (size_t)taken;
	if ((*hold)->start == (*hold)->end) {
		free(*hold);
		*hold = NULL;
	}
	return 0;
}

size_t hold_count(const struct hold *hold)
{
	return hold ? hold->end - hold->start : 0;
}

int hold_add(struct hold **hold, const char *bytes, size_t count)
{
	if (count > WINDOW - hold_count(*hold))
		return -1;
	if (!*hold) {
		*hold = malloc(sizeof(**hold));
		if (!*hold)
			return -1;
		(*hold)->start = (*hold)->end = 0;
	}
	memmove((*hold)->bytes, (*hold)->bytes + (*hold)->start, (*hold)->end - (*hold)->start);
	(*hold)->end -= (*hold)->start;
	(*hold)->start = 0;
	memcpy((*hold)->bytes + (*hold)->end, bytes, count);
	(*hold)->end += count;
	return 0;
}

int hold_write(struct hold **hold, int fd, const char *bytes, size_t count)
{
	ssize_t taken = 0;

	if (write_held(hold, fd) < 0)
		return -1;
	if (!*hold)
		taken = write_some(fd, bytes, count);
	if (taken < 0)
		return -1;
	count -= (size_t)taken;
	return count ? hold_add(hold, bytes + taken, count) : 0;
}
