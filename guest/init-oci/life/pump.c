// SPDX-License-Identifier: Apache-2.0
/* What flows between a pipe of the container and a port of the VMM. */
#include "life/pump.h"

#include <errno.h>
#include <unistd.h>

/* Returns whether there is something to write. */
static bool fill(struct pump *pump, bool *ended)
{
	ssize_t got = read(pump->from, pump->buffer, sizeof(pump->buffer));

	if (got > 0) {
		pump->start = 0;
		pump->end = (size_t)got;
		pump->connected = true;
		return true;
	}
	if (got < 0 && errno == EAGAIN)
		pump->connected = true;
	else
		*ended = got < 0 || !pump->from_port || pump->connected;
	return false;
}

/* Returns whether there is nothing left to write. */
static bool empty(struct pump *pump, bool *ended)
{
	ssize_t written = write(pump->to, pump->buffer + pump->start, pump->end - pump->start);

	if (written > 0)
		pump->start += (size_t)written;
	else
		*ended = written < 0 && errno != EAGAIN;
	return pump->start == pump->end;
}

bool pump_step(struct pump *pump)
{
	bool ended = false, more;

	if (pump->from < 0)
		return false;
	more = (pump->start < pump->end || fill(pump, &ended)) && empty(pump, &ended);
	if (!ended)
		return more;
	close(pump->from);
	close(pump->to);
	pump->from = pump->to = -1;
	return false;
}
