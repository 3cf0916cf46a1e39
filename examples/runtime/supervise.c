// SPDX-License-Identifier: Apache-2.0
/*
 * The supervisor of a container: one event loop around one client of the control channel,
 * for any number of commands. It waits for nothing else: what a command does not read
 * stays in the guest, because its stream gets no credit.
 */
#define _GNU_SOURCE
#include "supervise.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/supermachine-client.h"
#include "packet.h"
#include "text.h"

/* A packet that a command has not taken yet. */
struct queued {
	struct queued *next;
	size_t length;
	struct packet packet;		/* as much of it as there is */
};

/* A command, or an exec of a previous supervisor whose command is gone. */
struct connection {
	struct connection *next;
	int fd;				/* -1: none */
	char id[SUPERMACHINE_CLIENT_ID_MAX + 1];
	bool is_exec, is_waiting, has_terminal;
	bool is_early;			/* its request waits for the container to run */
	struct queued *first;
	struct packet said;		/* the last packet */
	char input[PACKET_INPUT_MAX];	/* that the guest takes no more of now */
	size_t input_length;
	bool input_ends;		/* after that */
	bool is_over;
	/* Of an exec that has no command: */
	struct supermachine_client_task task;
};

struct supervisor {
	const char *directory;
	int listener;
	pid_t machine;			/* 0: it is not this process's child */
	int channel;
	struct supermachine_client *client;
	struct connection *connections;
	unsigned long count;
	char *listing;			/* of the first ps */
	bool runs, has_ended;
	int status;
};

#define LISTING "supervisor"
/* The ids come first, and then the processes, of which the container can have many. */
#define LISTING_MAX (1 << 20)

/* ------------------------------------------------------------------------- commands */

static void queue_packet(struct connection *connection, enum packet_kind kind, unsigned int stream,
			 const void *bytes, size_t length)
{
	struct queued *queued, **last = &connection->first;

	if (connection->fd < 0 || connection->is_over)
		return;
	if (!*last && packet_send(connection->fd, MSG_DONTWAIT, kind, stream, bytes, length) == 0)
		return;
	queued = malloc(offsetof(struct queued, packet.bytes) + length);
	if (!queued) {
		connection->is_over = true;
		return;
	}
	queued->next = NULL;
	queued->length = length;
	queued->packet.kind = (unsigned char)kind;
	queued->packet.stream = (unsigned char)stream;
	if (length)
		memcpy(queued->packet.bytes, bytes, length);
	while (*last)
		last = &(*last)->next;
	*last = queued;
}

static void tell(struct connection *connection, enum packet_kind kind, const char *string)
{
	queue_packet(connection, kind, 0, string, strlen(string));
}

static void tell_number(struct connection *connection, enum packet_kind kind, uint64_t number)
{
	char string[24];

	snprintf(string, sizeof(string), "%llu", (unsigned long long)number);
	tell(connection, kind, string);
}

/* The guest may send as much as the command has taken. */
static void pay(struct supervisor *supervisor, const struct connection *connection,
		unsigned int stream, size_t length)
{
	supermachine_client_credit(supervisor->client, connection->id, stream, (uint32_t)length);
}

static void send_queued(struct supervisor *supervisor, struct connection *connection)
{
	struct queued *queued;

	while ((queued = connection->first)) {
		if (packet_send(connection->fd, MSG_DONTWAIT, queued->packet.kind,
				queued->packet.stream, queued->packet.bytes, queued->length) < 0) {
			connection->is_over |= errno != EAGAIN;
			return;
		}
		if (queued->packet.kind == PACKET_DATA)
			pay(supervisor, connection, queued->packet.stream, queued->length);
		connection->first = queued->next;
		free(queued);
	}
}

static void pass_data(struct supervisor *supervisor, struct connection *connection,
		      const struct supermachine_client_event *event)
{
	for (size_t at = 0, length; at < event->length; at += length) {
		length = event->length - at < PACKET_MAX ? event->length - at : PACKET_MAX;
		queue_packet(connection, PACKET_DATA, event->stream, event->bytes + at, length);
		if (!connection->first)
			pay(supervisor, connection, event->stream, length);
	}
}

static void free_connection(struct connection *connection)
{
	struct queued *queued;

	while ((queued = connection->first)) {
		connection->first = queued->next;
		free(queued);
	}
	if (connection->fd >= 0)
		close(connection->fd);
	free(connection);
}

/* What it wanted is wanted no more. */
static void give_up(struct supervisor *supervisor, struct connection *connection)
{
	if (!connection->id[0])
		return;
	if (!connection->is_exec || connection->has_terminal)
		supermachine_client_signal(supervisor->client, connection->id,
					   connection->is_exec ? "HUP" : "KILL");
	supermachine_client_forget(supervisor->client, connection->id);
}

static void remove_those_over(struct supervisor *supervisor)
{
	struct connection **link = &supervisor->connections, *connection;

	while ((connection = *link)) {
		if (!connection->is_over) {
			link = &connection->next;
			continue;
		}
		*link = connection->next;
		give_up(supervisor, connection);
		free_connection(connection);
	}
}

static struct connection *find(const struct supervisor *supervisor, const char *id)
{
	struct connection *connection = supervisor->connections;

	while (connection && strcmp(connection->id, id) != 0)
		connection = connection->next;
	return connection;
}

static struct connection *add_connection(struct supervisor *supervisor, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	connection->fd = fd;
	connection->next = supervisor->connections;
	supervisor->connections = connection;
	return connection;
}

/* Takes over what a previous command has left. */
static void attach(struct supervisor *supervisor, struct connection *connection, const char *id)
{
	struct connection *left = *id ? find(supervisor, id) : NULL;

	if (!left || left->fd >= 0) {
		tell(connection, PACKET_FAILED, "there is no exec of this id without a command");
		return;
	}
	memcpy(connection->id, left->id, sizeof(connection->id));
	connection->is_exec = true;
	connection->has_terminal = left->task.is_open[1] && !left->task.is_open[2];
	tell(connection, PACKET_ID, connection->id);
	if (!left->task.runs)
		tell_number(connection, PACKET_EXIT, left->task.number);
	for (unsigned int stream = 1; stream <= 2; stream++) {
		if (left->task.is_open[stream])
			pay(supervisor, connection, stream,
			    supermachine_client_window(supervisor->client));
		else
			queue_packet(connection, PACKET_CLOSE, stream, NULL, 0);
	}
	/* The id is this connection's now. */
	left->id[0] = '\0';
	left->is_over = true;
}

static int exec(struct supervisor *supervisor, struct connection *connection, const char *process)
{
	const bool has_input = connection->said.stream & PACKET_INPUT;
	const bool has_terminal = connection->said.stream & PACKET_TERMINAL;
	/* Kept, so that its status is not lost if this supervisor is. */
	const struct supermachine_client_places places = {
		has_input || has_terminal ? "channel" : "null", "channel",
		has_terminal ? "out" : "channel", true
	};

	connection->is_exec = true;
	connection->has_terminal = has_terminal;
	tell(connection, PACKET_ID, connection->id);
	if (has_terminal)
		queue_packet(connection, PACKET_CLOSE, 2, NULL, 0);
	return supermachine_client_exec(supervisor->client, connection->id, &places, process);
}

static int request(struct supervisor *supervisor, struct connection *connection)
{
	struct supermachine_client *client = supervisor->client;
	const char *argument = connection->said.bytes;

	snprintf(connection->id, sizeof(connection->id), "%llx.%lu",
		 (unsigned long long)time(NULL), ++supervisor->count);
	switch (connection->said.kind) {
	case PACKET_EXEC:
		return exec(supervisor, connection, argument);
	case PACKET_GET:
		return supermachine_client_get(client, connection->id, NULL, argument);
	case PACKET_PUT:
		return supermachine_client_put(client, connection->id, NULL, argument);
	case PACKET_PS:
		return supermachine_client_ps(client, connection->id);
	case PACKET_STATISTICS:
		return supermachine_client_statistics(client, connection->id);
	case PACKET_PAUSE:
		return supermachine_client_pause(client, connection->id);
	case PACKET_RESUME:
		return supermachine_client_resume(client, connection->id);
	default:
		errno = EINVAL;
		return -1;
	}
}

static void make_request(struct supervisor *supervisor, struct connection *connection)
{
	connection->is_early = false;
	if (request(supervisor, connection) == 0)
		return;
	connection->id[0] = '\0';
	tell(connection, PACKET_FAILED, strerror(errno));
}

static void take_first(struct supervisor *supervisor, struct connection *connection)
{
	switch (connection->said.kind) {
	case PACKET_STOP:
		supermachine_client_stop(supervisor->client,
					 (unsigned int)atoi(connection->said.bytes));
		/* fall through */
	case PACKET_WAIT:
		connection->is_waiting = true;
		if (supervisor->runs)
			tell(connection, PACKET_RUNS, "");
		return;
	case PACKET_ATTACH:
		attach(supervisor, connection, connection->said.bytes);
		return;
	}
	connection->is_early = !supervisor->runs;
	if (!connection->is_early)
		make_request(supervisor, connection);
}

/* Writes as much of the input as the guest takes. */
static void pass_input(struct supervisor *supervisor, struct connection *connection)
{
	size_t at = 0;

	while (at < connection->input_length) {
		const ssize_t taken = supermachine_client_write(supervisor->client, connection->id,
								connection->input + at,
								connection->input_length - at);

		if (taken < 0 && errno == EAGAIN)
			break;
		connection->is_over |= taken < 0 && errno != EPIPE;
		/* Nothing reads it any more. */
		at = taken < 0 ? connection->input_length : at + (size_t)taken;
	}
	if (at) {
		connection->input_length -= at;
		memmove(connection->input, connection->input + at, connection->input_length);
		tell_number(connection, PACKET_TAKEN, at);
	}
	if (connection->input_ends && !connection->input_length)
		supermachine_client_close(supervisor->client, connection->id, 0);
}

static void take_input(struct supervisor *supervisor, struct connection *connection, size_t length)
{
	if (length > sizeof(connection->input) - connection->input_length) {
		connection->is_over = true;
		return;
	}
	memcpy(connection->input + connection->input_length, connection->said.bytes, length);
	connection->input_length += length;
	pass_input(supervisor, connection);
}

static void take_close(struct supervisor *supervisor, struct connection *connection)
{
	if (connection->said.stream) {
		supermachine_client_close(supervisor->client, connection->id,
					  connection->said.stream);
		return;
	}
	connection->input_ends = true;
	pass_input(supervisor, connection);
}

static void take_size(struct supervisor *supervisor, const struct connection *connection)
{
	unsigned short rows, columns;

	if (sscanf(connection->said.bytes, "%hu %hu", &rows, &columns) == 2)
		supermachine_client_size(supervisor->client,
					 connection->is_waiting ? NULL : connection->id, rows, columns);
}

static void take_packet(struct supervisor *supervisor, struct connection *connection)
{
	const bool is_first = !connection->id[0] && !connection->is_waiting;
	const ssize_t length = packet_receive(connection->fd, MSG_DONTWAIT, &connection->said);

	if (length < 0) {
		connection->is_over |= errno != EAGAIN;
		return;
	}
	if (is_first) {
		take_first(supervisor, connection);
		return;
	}
	switch (connection->said.kind) {
	case PACKET_DATA:
		take_input(supervisor, connection, (size_t)length);
		return;
	case PACKET_CLOSE:
		take_close(supervisor, connection);
		return;
	case PACKET_SIGNAL:
		supermachine_client_signal(supervisor->client,
					   connection->is_waiting ? NULL : connection->id,
					   connection->said.bytes);
		return;
	case PACKET_SIZE:
		take_size(supervisor, connection);
		return;
	}
}

/* ------------------------------------------------------------------------- the guest */

static void tell_that_it_runs(struct supervisor *supervisor)
{
	struct connection *connection;

	if (supervisor->runs)
		return;
	supervisor->runs = true;
	for (connection = supervisor->connections; connection; connection = connection->next) {
		if (connection->is_waiting)
			tell(connection, PACKET_RUNS, "");
		if (connection->is_early)
			make_request(supervisor, connection);
	}
}

/* What is left of a previous supervisor can be attached to. */
static void adopt(struct supervisor *supervisor, const char *line)
{
	struct supermachine_client_task task;
	struct connection *left;

	if (!strncmp(line, "container running", 17) || !strncmp(line, "container paused", 16))
		tell_that_it_runs(supervisor);
	if (!supermachine_client_read_ps(line, &task) || strcmp(task.request, "exec") != 0 ||
	    supermachine_client_adopt(supervisor->client, &task) < 0)
		return;
	left = add_connection(supervisor, -1);
	if (!left)
		return;
	left->is_exec = true;
	left->task = task;
	memcpy(left->id, task.id, sizeof(left->id));
	warnx("exec %s goes on without its command", task.id);
}

static void read_listing(struct supervisor *supervisor)
{
	char *rest = supervisor->listing, *line;

	while ((line = strsep(&rest, "\n")))
		adopt(supervisor, line);
	free(supervisor->listing);
	supervisor->listing = NULL;
}

static void take_about_supervisor(struct supervisor *supervisor,
				  const struct supermachine_client_event *event)
{
	char *before = supervisor->listing;

	if (before && strlen(before) > LISTING_MAX) {
		supermachine_client_close(supervisor->client, LISTING, 1);
		read_listing(supervisor);
	} else if (event->kind == SUPERMACHINE_CLIENT_DATA) {
		supervisor->listing = text("%s%.*s", before ? before : "", (int)event->length,
					   (const char *)event->bytes);
		free(before);
		supermachine_client_credit(supervisor->client, LISTING, event->stream,
					   (uint32_t)event->length);
	} else if (event->kind == SUPERMACHINE_CLIENT_DONE ||
		   event->kind == SUPERMACHINE_CLIENT_FAILED) {
		read_listing(supervisor);
	}
}

/* Nobody is told yet, but who attaches will be. */
static void note(struct supermachine_client_task *task,
		 const struct supermachine_client_event *event)
{
	if (event->kind == SUPERMACHINE_CLIENT_EXIT) {
		task->runs = false;
		task->number = event->number;
	} else if (event->kind == SUPERMACHINE_CLIENT_CLOSED) {
		task->is_open[event->stream] = false;
	}
}

static void take_about(struct supervisor *supervisor, struct connection *connection,
		       const struct supermachine_client_event *event)
{
	char *sentence;

	switch (event->kind) {
	case SUPERMACHINE_CLIENT_DATA:
		pass_data(supervisor, connection, event);
		return;
	case SUPERMACHINE_CLIENT_CLOSED:
		queue_packet(connection, PACKET_CLOSE, event->stream, NULL, 0);
		pass_input(supervisor, connection);
		return;
	case SUPERMACHINE_CLIENT_WRITABLE:
		pass_input(supervisor, connection);
		return;
	case SUPERMACHINE_CLIENT_EXIT:
		tell_number(connection, PACKET_EXIT, event->number);
		return;
	case SUPERMACHINE_CLIENT_DONE:
		tell(connection, PACKET_DONE, "");
		return;
	case SUPERMACHINE_CLIENT_FAILED:
		sentence = text("%s %s", event->code, event->text);
		tell(connection, PACKET_FAILED, sentence);
		free(sentence);
		return;
	default:
		return;
	}
}

static void take_event(struct supervisor *supervisor, const struct supermachine_client_event *event)
{
	struct connection *connection = event->id ? find(supervisor, event->id) : NULL;

	switch (event->kind) {
	case SUPERMACHINE_CLIENT_READY:
		supermachine_client_ps(supervisor->client, LISTING);
		return;
	case SUPERMACHINE_CLIENT_RUNS:
		tell_that_it_runs(supervisor);
		return;
	case SUPERMACHINE_CLIENT_ENDED:
		supervisor->has_ended = true;
		supervisor->status = (int)event->number;
		return;
	case SUPERMACHINE_CLIENT_OOM_KILL:
		warnx("the container has run out of memory: processes killed: %llu",
		      (unsigned long long)event->number);
		return;
	case SUPERMACHINE_CLIENT_COMPLAINT:
		warnx("%s", event->text);
		return;
	default:
		break;
	}
	if (event->id && strcmp(event->id, LISTING) == 0)
		take_about_supervisor(supervisor, event);
	else if (connection && connection->fd < 0)
		note(&connection->task, event);
	else if (connection)
		take_about(supervisor, connection, event);
}

/* Returns -1 at the end of the channel. */
static int take_events(struct supervisor *supervisor)
{
	struct supermachine_client_event event;
	int got;

	supermachine_client_step(supervisor->client);
	while ((got = supermachine_client_next(supervisor->client, &event)) > 0)
		take_event(supervisor, &event);
	if (got < 0)
		warnx("control channel: %s", supermachine_client_problem(supervisor->client));
	return got;
}

/* --------------------------------------------------------------------------- the loop */

#define POLLED_FIRST 2

static nfds_t set_up_poll(const struct supervisor *supervisor, struct pollfd *polled)
{
	const struct connection *connection;
	nfds_t count = POLLED_FIRST;

	polled[0] = (struct pollfd){ supervisor->channel,
				     supermachine_client_poll_events(supervisor->client), 0 };
	polled[1] = (struct pollfd){ supervisor->listener, POLLIN, 0 };
	for (connection = supervisor->connections; connection; connection = connection->next) {
		short events = 0;

		/* Its request is still to be made. */
		if (!connection->is_early)
			events |= POLLIN;
		if (connection->first)
			events |= POLLOUT;
		polled[count++] = (struct pollfd){ connection->fd, events, 0 };
	}
	return count;
}

static size_t count_connections(const struct supervisor *supervisor)
{
	size_t count = 0;

	for (const struct connection *one = supervisor->connections; one; one = one->next)
		count++;
	return count;
}

static void serve(struct supervisor *supervisor, struct connection *connection, short events)
{
	if (events & POLLOUT)
		send_queued(supervisor, connection);
	if (events & POLLIN)
		take_packet(supervisor, connection);
	else if (events & (POLLHUP | POLLERR))
		connection->is_over = true;
}

/* Returns -1 at the end of the channel. */
static int turn(struct supervisor *supervisor)
{
	struct pollfd *polled = calloc(POLLED_FIRST + count_connections(supervisor), sizeof(*polled));
	struct connection *connection = supervisor->connections;
	nfds_t at = POLLED_FIRST;
	int result = 0;

	if (!polled)
		return -1;
	if (poll(polled, set_up_poll(supervisor, polled),
		 supermachine_client_timeout(supervisor->client)) < 0 && errno != EINTR)
		err(1, "poll");
	for (; connection; connection = connection->next)
		serve(supervisor, connection, polled[at++].revents);
	if (polled[1].revents & POLLIN) {
		const int fd = accept4(supervisor->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			add_connection(supervisor, fd);
	}
	result = take_events(supervisor);
	remove_those_over(supervisor);
	free(polled);
	return result;
}

static pid_t start_machine(char **machine)
{
	const pid_t process = fork();

	if (process < 0)
		err(1, "fork");
	if (process > 0)
		return process;
	/* It goes on if the supervisor ends. */
	setsid();
	execvp(machine[0], machine);
	err(127, "%s", machine[0]);
}

static bool is_gone(pid_t machine)
{
	return machine && waitpid(machine, NULL, WNOHANG) == machine;
}

/* QEMU makes the socket when it starts. */
static int open_channel(struct supervisor *supervisor)
{
	char *path = text("%s/control", supervisor->directory);
	int fd = packet_connect(path, SOCK_STREAM);

	for (int tries = 200; fd < 0 && tries > 0 && supervisor->machine; tries--) {
		if (is_gone(supervisor->machine)) {
			supervisor->machine = 0;
			break;
		}
		usleep(50 * 1000);
		fd = packet_connect(path, SOCK_STREAM);
	}
	if (fd < 0)
		warn("%s", path);
	free(path);
	return fd;
}

/* The machine switches itself off; if it does not, it is made to. */
static void wait_for_machine(struct supervisor *supervisor)
{
	if (!supervisor->machine)
		return;
	for (int tries = 400; tries > 0; tries--) {
		if (is_gone(supervisor->machine))
			return;
		usleep(50 * 1000);
	}
	kill(supervisor->machine, SIGKILL);
	waitpid(supervisor->machine, NULL, 0);
}

/* Commands that are still there hear of the end, if they listen. */
static void tell_the_end(struct supervisor *supervisor)
{
	struct connection *connection;

	while ((connection = supervisor->connections)) {
		supervisor->connections = connection->next;
		if (connection->fd >= 0)
			send_queued(supervisor, connection);
		if (connection->is_waiting && supervisor->has_ended)
			tell_number(connection, PACKET_EXIT, (uint64_t)supervisor->status);
		else
			tell(connection, PACKET_FAILED, "the container has ended");
		free_connection(connection);
	}
}

/* Connections that were made, but not taken. */
static void take_the_last(struct supervisor *supervisor)
{
	static struct packet ignored;
	int fd;

	while ((fd = accept4(supervisor->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct connection *connection = add_connection(supervisor, fd);

		if (connection && packet_receive(fd, MSG_DONTWAIT, &ignored) >= 0)
			connection->is_waiting = ignored.kind == PACKET_WAIT ||
						 ignored.kind == PACKET_STOP;
	}
}

static void remove_sockets(const char *directory)
{
	static const char *const names[] = { "runtime", "control", "terminal", "in", "out", "err" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(text("%s/%s", directory, names[i]));
}

int supervise(const char *directory, int listener, char **machine)
{
	struct supervisor supervisor = {
		.directory = directory,
		.listener = listener,
		.machine = machine ? start_machine(machine) : 0,
	};

	supervisor.channel = open_channel(&supervisor);
	if (supervisor.channel >= 0)
		supervisor.client = supermachine_client_new(supervisor.channel, !machine);
	while (supervisor.client && turn(&supervisor) == 0)
		;
	wait_for_machine(&supervisor);
	take_the_last(&supervisor);
	tell_the_end(&supervisor);
	remove_sockets(directory);
	supermachine_client_free(supervisor.client);
	if (supervisor.channel >= 0)
		close(supervisor.channel);
	return supervisor.has_ended ? 0 : 1;
}
