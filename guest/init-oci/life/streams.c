// SPDX-License-Identifier: Apache-2.0
/* The container's standard input, output and error. */
#include "life/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/console.h"
#include "devices/device_wait.h"
#include "devices/ports.h"

struct terminal {
	char path[64];
	int fd;
};

/* For device_wait(). A terminal's node may be there before the terminal is. */
static int look_for_terminal(void *subject, struct error *error)
{
	struct terminal *terminal = subject;

	terminal->fd = open(terminal->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->fd >= 0)
		return 1;
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		return 0;
	return step_error("open terminal ", terminal->path, error);
}

static int open_terminal(const char *name, struct error *error)
{
	struct terminal terminal = { .fd = -1 };
	int found;

	text_join(terminal.path, sizeof(terminal.path),
		  (const char *const[]){ "/dev/", name, NULL });
	found = device_wait(look_for_terminal, &terminal, error);
	if (!found)
		return ERROR(error, "find terminal ", name, NOT_THERE);
	return found < 0 ? -1 : terminal.fd;
}

static bool same(const struct stream *a, const struct stream *b)
{
	return a->kind == b->kind && a->kind == STREAM_PORT && !strcmp(a->name, b->name);
}

static int duplicate(int fd, struct error *error)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? step_error("duplicate a descriptor", "", error) : copy;
}

/* Puts a pipe between the port and the container. Takes the port over, unless it fails. */
static int add_pump(int port, bool input, int *container_end, struct streams *streams,
		    struct error *error)
{
	struct pump *pump = &streams->pumps[streams->pump_count];
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return step_error("make a pipe", "", error);
	/* For this end only: the container expects the other one to block. */
	fcntl(ends[input ? 1 : 0], F_SETFL, O_NONBLOCK);
	*container_end = ends[input ? 0 : 1];
	pump->from = input ? port : ends[0];
	pump->to = input ? ends[1] : port;
	pump->from_port = input;
	pump->connected = false;
	pump->start = pump->end = 0;
	streams->pump_count++;
	return 0;
}

/* ports has the descriptors of the earlier streams that are ports. */
static int open_port(const struct command_line *line, size_t stream, int ports[3],
		     struct streams *streams, struct error *error)
{
	const struct stream *asked = line->streams;
	size_t earlier = 0;

	/* If both go to one place, they keep their order. */
	if (stream == 2 && same(&asked[2], &asked[1]) && !line->container_is_init)
		return streams->ends[2] = duplicate(streams->ends[1], error);

	while (earlier < stream && !same(&asked[stream], &asked[earlier]))
		earlier++;
	ports[stream] = earlier < stream ? duplicate(ports[earlier], error) :
					   port_open(asked[stream].name, error);
	if (ports[stream] < 0)
		return -1;
	if (line->container_is_init) {
		/* No PID 1 of ours will be left to carry anything. */
		fcntl(ports[stream], F_SETFL, 0);
		streams->ends[stream] = ports[stream];
		return 0;
	}
	return add_pump(ports[stream], stream == 0, &streams->ends[stream], streams, error);
}

int streams_open(const struct command_line *line, struct streams *streams, struct error *error)
{
	int ports[3];

	streams->pump_count = 0;
	for (size_t i = 0; i < 3; i++) {
		streams->ends[i] = -1;
		switch (line->streams[i].kind) {
		case STREAM_CONSOLE:
			continue;
		case STREAM_NULL:
			streams->ends[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
			if (streams->ends[i] < 0)
				step_error("open /dev/null", "", error);
			break;
		case STREAM_PORT:
			open_port(line, i, ports, streams, error);
			break;
		case STREAM_TERMINAL:
			streams->ends[i] = open_terminal(line->streams[i].name, error);
			break;
		}
		/* The VM ends: there is nothing to close. */
		if (streams->ends[i] < 0)
			return -1;
	}
	streams->terminal = streams->ends[0] < 0 ? CONSOLE_FILENO : streams->ends[0];
	if (!isatty(streams->terminal))
		streams->terminal = -1;
	return 0;
}

size_t streams_devices(const struct streams *streams, dev_t devices[static 3])
{
	size_t count = 0;

	for (int i = 0; i < 3; i++) {
		const int fd = streams->ends[i] < 0 ? CONSOLE_FILENO : streams->ends[i];
		struct stat status;

		if (fstat(fd, &status) == 0 && S_ISCHR(status.st_mode))
			devices[count++] = status.st_rdev;
	}
	return count;
}

void streams_take(const int ends[3])
{
	for (int i = 0; i < 3; i++) {
		if (ends[i] >= 0)
			dup2(ends[i], i);
	}
}

int streams_give(uid_t user)
{
	for (int i = 0; i < 3; i++) {
		struct stat status;

		/* /dev/null is not given away. */
		if (fstat(i, &status) < 0 || status.st_uid == user ||
		    (!S_ISFIFO(status.st_mode) && !isatty(i)))
			continue;
		if (fchown(i, user, (gid_t)-1) < 0)
			return -1;
	}
	return 0;
}

void streams_release(struct streams *streams)
{
	for (int i = 0; i < 3; i++) {
		if (streams->ends[i] >= 0 && streams->ends[i] != streams->terminal)
			close(streams->ends[i]);
	}
}
