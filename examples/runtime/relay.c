// SPDX-License-Identifier: Apache-2.0
/* The streams of a command, between the person and the container. */
#define _GNU_SOURCE
#include "relay.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packet.h"
#include "terminal.h"

/* How long output may take after the exit of its process, if others have it, too. */
#define REST_MILLISECONDS 5000

static int take_signals(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGWINCH);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		err(1, "signalfd");
	return fd;
}

static void tell_size(const struct relay *relay)
{
	char *size = relay->terminal ? terminal_size() : NULL;

	if (size)
		packet_send(relay->supervisor, 0, PACKET_SIZE, 0, size, strlen(size));
	free(size);
}

/*
 * The process there gets what this one gets. Without such a process, or at a terminal,
 * whose Ctrl-C is no signal, it is for this one. Returns the signal then, or 0.
 */
static int take_signal(const struct relay *relay, int signals)
{
	struct signalfd_siginfo info;
	const char *name;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo == SIGWINCH) {
		tell_size(relay);
		return 0;
	}
	if (info.ssi_signo == SIGHUP || relay->terminal || !relay->has_process) {
		if (relay->terminal)
			terminal_give_back(relay->terminal);
		return (int)info.ssi_signo;
	}
	name = info.ssi_signo == SIGINT ? "INT" : info.ssi_signo == SIGQUIT ? "QUIT" : "TERM";
	packet_send(relay->supervisor, 0, PACKET_SIGNAL, 0, name, strlen(name));
	return 0;
}

struct progress {
	bool is_open[3];
	bool has_exited, is_lost;	/* is_lost: output could not be written */
	int status;		/* -1: it goes on */
	int signals;
	size_t room;		/* for input, with the supervisor */
};

/* The command ends; what it began may go on. */
static void end_by_signal(struct progress *progress, int number)
{
	progress->status = 128 + number;
	progress->has_exited = true;
	progress->is_open[1] = progress->is_open[2] = false;
}

/*
 * Returns -1 if it is not wanted any more. What is written to a pipe when that is ready
 * never waits, so that signals count, too, if nothing reads it.
 */
static int write_all(const struct relay *relay, struct progress *progress, int fd,
		     const char *bytes, size_t length)
{
	while (length) {
		struct pollfd polled[] = { { fd, POLLOUT, 0 }, { progress->signals, POLLIN, 0 } };
		ssize_t written;
		int number;

		poll(polled, 2, -1);
		number = polled[1].revents ? take_signal(relay, progress->signals) : 0;
		if (number) {
			end_by_signal(progress, number);
			return 0;
		}
		if (!polled[0].revents)
			continue;
		written = write(fd, bytes, length < PIPE_BUF ? length : PIPE_BUF);
		if (written < 0 && errno != EAGAIN && errno != EINTR) {
			if (errno != EPIPE) {
				warn("the output is lost");
				progress->is_lost = true;
			}
			return -1;
		}
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
	return 0;
}

/* What is typed or comes from a file. */
static void pass_input(struct relay *relay, struct progress *progress)
{
	char bytes[PACKET_MAX];
	const size_t room = progress->room < sizeof(bytes) ? progress->room : sizeof(bytes);
	const ssize_t got = read(relay->in, bytes, room);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		packet_send(relay->supervisor, 0, PACKET_DATA, 0, bytes, (size_t)got);
		progress->room -= (size_t)got;
		return;
	}
	packet_send(relay->supervisor, 0, PACKET_CLOSE, 0, NULL, 0);
	relay->in = -1;
}

/* As a shell has them for programs that cannot be executed. */
static int status_of_failure(const char *sentence)
{
	if (strncmp(sentence, "ENOENT ", 7) == 0)
		return 127;
	return strncmp(sentence, "EACCES ", 7) == 0 || strncmp(sentence, "ENOEXEC ", 8) == 0 ? 126 : 1;
}

static void take_packet(struct relay *relay, struct progress *progress)
{
	static struct packet packet;
	const ssize_t length = packet_receive(relay->supervisor, 0, &packet);
	const int fd = packet.stream == 2 ? relay->err : relay->out;

	if (length < 0) {
		warnx("the supervisor of the container has ended");
		if (relay->id)
			warnx("if the container runs, `runtime supervise` and then `runtime attach` with the id %s go on",
			      relay->id);
		progress->status = progress->has_exited ? progress->status : 1;
		progress->has_exited = true;
		progress->is_open[1] = progress->is_open[2] = false;
		return;
	}
	if (packet.stream > 2)
		return;
	switch (packet.kind) {
	case PACKET_ID:
		free(relay->id);
		relay->id = strdup(packet.bytes);
		tell_size(relay);
		return;
	case PACKET_DATA:
		if (fd < 0 || !progress->is_open[packet.stream] ||
		    write_all(relay, progress, fd, packet.bytes, (size_t)length) == 0)
			return;
		/* The process gets SIGPIPE, as if it wrote there itself. */
		packet_send(relay->supervisor, 0, PACKET_CLOSE, packet.stream, NULL, 0);
		progress->is_open[packet.stream] = false;
		return;
	case PACKET_CLOSE:
		progress->is_open[packet.stream] = false;
		if (packet.stream == 0)
			relay->in = -1;
		return;
	case PACKET_TAKEN:
		progress->room += (size_t)atoi(packet.bytes);
		return;
	case PACKET_EXIT:
	case PACKET_DONE:
		progress->status = packet.kind == PACKET_EXIT ? atoi(packet.bytes) : 0;
		progress->has_exited = true;
		if (packet.kind == PACKET_DONE)
			progress->is_open[1] = progress->is_open[2] = false;
		return;
	case PACKET_FAILED:
		warnx("%s", packet.bytes);
		progress->status = relay->id ? status_of_failure(packet.bytes) : 1;
		progress->has_exited = true;
		progress->is_open[1] = progress->is_open[2] = false;
		return;
	}
}

static void pass_signal(const struct relay *relay, struct progress *progress, short events)
{
	const int number = events ? take_signal(relay, progress->signals) : 0;

	if (number)
		end_by_signal(progress, number);
}

int relay_request(struct relay *relay)
{
	struct progress progress = {
		.is_open = { false, true, true }, .status = 1, .signals = take_signals(),
		.room = PACKET_INPUT_MAX,
	};

	while (!progress.has_exited || progress.is_open[1] || progress.is_open[2]) {
		struct pollfd polled[] = {
			{ relay->supervisor, POLLIN, 0 },
			{ progress.signals, POLLIN, 0 },
			{ progress.room ? relay->in : -1, POLLIN, 0 },
		};
		const int ready = poll(polled, 3, progress.has_exited ? REST_MILLISECONDS : -1);

		if (ready == 0)
			break;
		if (ready < 0 && errno != EINTR)
			err(1, "poll");
		if (polled[0].revents)
			take_packet(relay, &progress);
		pass_signal(relay, &progress, polled[1].revents);
		if (polled[2].revents && relay->in >= 0 && !progress.has_exited)
			pass_input(relay, &progress);
	}
	close(progress.signals);
	return progress.is_lost && !progress.status ? 1 : progress.status;
}

/* Returns whether there may be more. */
static bool copy(const struct relay *relay, struct progress *progress, int from, int to)
{
	char bytes[4096];
	const ssize_t got = read(from, bytes, sizeof(bytes));

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	return got > 0 && write_all(relay, progress, to, bytes, (size_t)got) == 0;
}

/* The connection is how the guest knows that there is input. */
static void close_input(struct relay *relay, int *container_in, int container_out)
{
	/* A terminal has both directions. */
	if (*container_in >= 0 && *container_in != container_out)
		close(*container_in);
	*container_in = -1;
	relay->in = -1;
}

int relay_container(struct relay *relay, int container_in, int container_out, int container_err)
{
	struct progress progress = {
		.is_open = { false, container_out >= 0, container_err >= 0 }, .status = -1,
		.signals = take_signals(),
	};
	static struct packet packet;
	bool runs = false;

	tell_size(relay);
	while (!progress.has_exited || progress.is_open[1] || progress.is_open[2]) {
		struct pollfd polled[] = {
			{ progress.has_exited ? -1 : relay->supervisor, POLLIN, 0 },
			{ progress.signals, POLLIN, 0 },
			/* What is typed before is not lost: the guest's end is not open yet. */
			{ runs ? relay->in : -1, POLLIN, 0 },
			{ progress.is_open[1] ? container_out : -1, POLLIN, 0 },
			{ progress.is_open[2] ? container_err : -1, POLLIN, 0 },
		};
		const int ready = poll(polled, 5, progress.has_exited ? REST_MILLISECONDS : -1);

		if (ready == 0)
			break;
		if (ready < 0 && errno != EINTR)
			err(1, "poll");
		if (polled[0].revents) {
			const ssize_t length = packet_receive(relay->supervisor, 0, &packet);

			runs |= length >= 0 && packet.kind == PACKET_RUNS;
			progress.has_exited = length < 0 || packet.kind != PACKET_RUNS;
			if (length >= 0 && packet.kind == PACKET_EXIT)
				progress.status = atoi(packet.bytes);
		}
		pass_signal(relay, &progress, polled[1].revents);
		if (polled[2].revents && !copy(relay, &progress, relay->in, container_in))
			close_input(relay, &container_in, container_out);
		if (polled[3].revents && !copy(relay, &progress, container_out, relay->out))
			progress.is_open[1] = false;
		if (polled[4].revents && !copy(relay, &progress, container_err, relay->err))
			progress.is_open[2] = false;
	}
	close(progress.signals);
	return progress.is_lost && !progress.status ? 1 : progress.status;
}
