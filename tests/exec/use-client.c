// SPDX-License-Identifier: Apache-2.0
/*
 * The client of examples/runtime with a guest: what a runtime does with it, one check for
 * each claim, in lines of "pass CLAIM" or "fail CLAIM: WHY".
 *
 * Usage: use-client SOCKET TRANSPORT
 *
 * With TRANSPORT port, the control channel is a virtio-console port at SOCKET; with vsock,
 * this program listens there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "supermachine-client.h"

#define PATIENCE 120
#define TASKS 128
#define CONTENTS_BYTES (3 << 20)

/* An id, and what has come about it. */
struct task {
	char id[SUPERMACHINE_CLIENT_ID_MAX + 1];
	char *bytes[3];			/* those of stream 0 are its input */
	size_t count[3];
	size_t written;
	bool is_closed[3];
	bool has_started;
	enum supermachine_client_event_kind end;	/* 0: not yet */
	uint64_t number;
	char why[128];
};

struct talk {
	const char *path;
	int listener, fd;
	struct supermachine_client *client;
	struct task tasks[TASKS];
	bool is_ready, has_ended;
	uint64_t status;
	int end;			/* errno of the connection's end */
};

static void claim(const char *what, bool holds, const char *why)
{
	printf("%s %s%s%s\n", holds ? "pass" : "fail", what, holds ? "" : ": ", holds ? "" : why);
	fflush(stdout);
}

static void give_up(const char *why)
{
	claim("the client", false, why);
	exit(1);
}

/* ------------------------------------------------------------------------ connections */

static int open_socket(const char *path, bool listens)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		give_up("socket");
	strcpy(address.sun_path, path);
	if (listens && (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
			listen(fd, 4) < 0))
		give_up(strerror(errno));
	for (int tries = 0; !listens; tries++) {
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			break;
		if (tries > PATIENCE * 20)
			give_up(strerror(errno));
		usleep(50 * 1000);
	}
	return fd;
}

static void begin(struct talk *talk, bool is_again)
{
	talk->fd = talk->listener >= 0 ? accept(talk->listener, NULL, NULL) :
					 open_socket(talk->path, false);
	if (talk->fd < 0)
		give_up(strerror(errno));
	talk->client = supermachine_client_new(talk->fd, is_again);
	if (!talk->client)
		give_up(strerror(errno));
	talk->is_ready = false;
}

static void end(struct talk *talk)
{
	supermachine_client_free(talk->client);
	close(talk->fd);
}

/* ------------------------------------------------------------------------------ tasks */

static struct task *find(struct talk *talk, const char *id)
{
	for (size_t i = 0; id && i < TASKS; i++) {
		if (strcmp(talk->tasks[i].id, id) == 0)
			return &talk->tasks[i];
	}
	return NULL;
}

static struct task *add(struct talk *talk, const char *id)
{
	struct task *task = find(talk, id);

	if (!task)
		task = find(talk, "");
	if (!task)
		give_up("too many tasks");
	free(task->bytes[1]);
	free(task->bytes[2]);
	memset(task, 0, sizeof(*task));
	snprintf(task->id, sizeof(task->id), "%s", id);
	return task;
}

static void keep(struct task *task, unsigned int stream, const void *bytes, size_t length)
{
	char *all = realloc(task->bytes[stream], task->count[stream] + length + 1);

	if (!all)
		give_up("memory");
	memcpy(all + task->count[stream], bytes, length);
	task->bytes[stream] = all;
	task->count[stream] += length;
	all[task->count[stream]] = '\0';
}

static const char *said(const struct task *task)
{
	return task->bytes[1] ? task->bytes[1] : task->why;
}

/* Writes as much of the input as is taken, and then ends it. */
static void write_input(struct talk *talk, struct task *task)
{
	while (task->bytes[0] && task->written < task->count[0]) {
		const ssize_t taken = supermachine_client_write(talk->client, task->id,
			task->bytes[0] + task->written, task->count[0] - task->written);

		if (taken < 0)
			return;
		task->written += (size_t)taken;
	}
	supermachine_client_close(talk->client, task->id, 0);
}

static void take_about(struct talk *talk, struct task *task,
		       const struct supermachine_client_event *event)
{
	switch (event->kind) {
	case SUPERMACHINE_CLIENT_DATA:
		keep(task, event->stream, event->bytes, event->length);
		supermachine_client_credit(talk->client, task->id, event->stream,
					   (uint32_t)event->length);
		return;
	case SUPERMACHINE_CLIENT_CLOSED:
		task->is_closed[event->stream] = true;
		return;
	case SUPERMACHINE_CLIENT_WRITABLE:
		write_input(talk, task);
		return;
	case SUPERMACHINE_CLIENT_STARTED:
		task->has_started = true;
		return;
	default:
		task->end = event->kind;
		task->number = event->number;
		snprintf(task->why, sizeof(task->why), "%s %s", event->code ? event->code : "",
			 event->text ? event->text : "");
	}
}

/* Waits for something to happen. */
static void turn(struct talk *talk)
{
	struct pollfd channel = { talk->fd, supermachine_client_poll_events(talk->client), 0 };
	const int timeout = supermachine_client_timeout(talk->client);
	struct supermachine_client_event event;
	int got;

	if (poll(&channel, 1, timeout < 0 ? PATIENCE * 1000 : timeout) == 0 && timeout < 0)
		give_up("nothing happens");
	supermachine_client_step(talk->client);
	while ((got = supermachine_client_next(talk->client, &event)) > 0) {
		struct task *task = find(talk, event.id);

		talk->is_ready |= event.kind == SUPERMACHINE_CLIENT_READY;
		if (event.kind == SUPERMACHINE_CLIENT_ENDED) {
			talk->has_ended = true;
			talk->status = event.number;
		} else if (event.kind == SUPERMACHINE_CLIENT_COMPLAINT) {
			claim("the guest understands everything", false, event.text);
		} else if (task) {
			take_about(talk, task, &event);
		}
	}
	if (got < 0)
		talk->end = errno;
}

static bool is_over(const struct task *task)
{
	return task->end && (task->end != SUPERMACHINE_CLIENT_EXIT ||
			     (task->is_closed[1] && task->is_closed[2]));
}

static struct task *wait_for(struct talk *talk, struct task *task)
{
	while (!is_over(task)) {
		if (talk->end)
			give_up(supermachine_client_problem(talk->client));
		turn(talk);
	}
	return task;
}

/* Begins a request that has been made, or says why it has not. */
static struct task *asked(struct talk *talk, const char *id, int result)
{
	if (result < 0)
		give_up(strerror(errno));
	return add(talk, id);
}

static struct task *start(struct talk *talk, const char *id, bool has_input, const char *process)
{
	const struct supermachine_client_places places = {
		.in = has_input ? "channel" : NULL, .keep = has_input,
	};

	return asked(talk, id, supermachine_client_exec(talk->client, id, &places, process));
}

/* Starts it, and gives it all of this. */
static struct task *feed(struct talk *talk, const char *id, const char *process,
			 const char *bytes, size_t count)
{
	struct task *task = start(talk, id, true, process);

	task->bytes[0] = (char *)bytes;
	task->count[0] = count;
	write_input(talk, task);
	wait_for(talk, task);
	supermachine_client_forget(talk->client, id);
	return task;
}

static bool has_done(struct talk *talk, const char *id, int result)
{
	return wait_for(talk, asked(talk, id, result))->end == SUPERMACHINE_CLIENT_DONE;
}

#define SHELL(script) "{\"args\":[\"sh\",\"-c\",\"" script "\"]}"

static struct task *shell(struct talk *talk, const char *process)
{
	return wait_for(talk, start(talk, "shell", false, process));
}

/* ------------------------------------------------------------------------- behaviours */

static void wait_until_it_runs(struct talk *talk)
{
	while (!talk->is_ready && !talk->end)
		turn(talk);
	for (int tries = 0; tries < PATIENCE; tries++) {
		struct task *list = asked(talk, "list", supermachine_client_ps(talk->client, "list"));

		if (strncmp(said(wait_for(talk, list)), "container running ", 18) == 0)
			return;
		usleep(200 * 1000);
	}
	give_up("the container does not run");
}

static void run_processes(struct talk *talk)
{
	struct task *task = shell(talk, SHELL("echo out; echo err >&2; exit 3"));
	char id[16];
	int right = 0;

	claim("client: output, errors and status", task->number == 3 && task->bytes[2] &&
	      !strcmp(said(task), "out\n") && !strcmp(task->bytes[2], "err\n"), said(task));
	task = shell(talk, "{\"args\":[\"/absent\"]}");
	claim("client: a program that is not there", task->end == SUPERMACHINE_CLIENT_FAILED &&
	      !strncmp(task->why, "ENOENT run /absent", 18), task->why);
	for (int i = 0; i < 50; i++) {
		snprintf(id, sizeof(id), "many%d", i);
		start(talk, id, false, SHELL("echo $$; sleep 1"));
	}
	for (int i = 0; i < 50; i++) {
		snprintf(id, sizeof(id), "many%d", i);
		task = wait_for(talk, find(talk, id));
		right += task->end == SUPERMACHINE_CLIENT_EXIT && task->number == 0 && task->count[1] > 1;
		task->id[0] = '\0';
	}
	snprintf(id, sizeof(id), "%d", right);
	claim("client: 50 processes at once", right == 50, id);
	task = start(talk, "sleep", false, "{\"args\":[\"sleep\",\"1000\"]}");
	while (!task->has_started && !task->end)
		turn(talk);
	supermachine_client_signal(talk->client, "sleep", "KILL");
	wait_for(talk, task);
	claim("client: a signal", task->number == 137, task->why);
}

static void use_terminal(struct talk *talk)
{
	const struct supermachine_client_places places = { "channel", "channel", "out", false };
	struct task *task = asked(talk, "terminal", supermachine_client_exec(
		talk->client, "terminal", &places,
		"{\"args\":[\"sh\",\"-c\",\"read line; stty size\"],\"terminal\":true}"));

	task->is_closed[2] = true;
	supermachine_client_size(talk->client, "terminal", 33, 77);
	supermachine_client_write(talk->client, "terminal", "go\n", 3);
	wait_for(talk, task);
	claim("client: a terminal and its size", strstr(said(task), "33 77\r\n"), said(task));
}

static void move_files(struct talk *talk, const char *contents)
{
	static const struct supermachine_client_places nowhere;
	struct task *task = feed(talk, "cat", "{\"args\":[\"cat\"]}", contents, CONTENTS_BYTES);
	struct task *put;

	claim("client: 3 MiB through a process", task->count[1] == CONTENTS_BYTES &&
	      !memcmp(task->bytes[1], contents, CONTENTS_BYTES), task->why);
	feed(talk, "cat", SHELL("mkdir /tmp/other; cat >/tmp/file"), contents, CONTENTS_BYTES);
	task = wait_for(talk, asked(talk, "get", supermachine_client_get(talk->client, "get",
									&nowhere, "/tmp/file")));
	claim("client: get", task->end == SUPERMACHINE_CLIENT_DONE && task->count[1] > CONTENTS_BYTES &&
	      !memcmp(task->bytes[1] + 512, contents, CONTENTS_BYTES), task->why);
	put = asked(talk, "put", supermachine_client_put(talk->client, "put", NULL, "/tmp/other"));
	put->bytes[0] = task->bytes[1];
	put->count[0] = task->count[1];
	write_input(talk, put);
	wait_for(talk, put);
	claim("client: put", put->end == SUPERMACHINE_CLIENT_DONE, put->why);
	task = shell(talk, SHELL("cmp /tmp/other/file /tmp/file"));
	claim("client: which has the same bytes", task->number == 0, said(task));
}

static void do_other_work(struct talk *talk)
{
	struct supermachine_client *client = talk->client;
	struct task *task = wait_for(talk, asked(talk, "s", supermachine_client_statistics(client, "s")));

	claim("client: statistics", strstr(said(task), "\nmemory.current "), said(task));
	claim("client: pause", has_done(talk, "p", supermachine_client_pause(client, "p")), "");
	task = shell(talk, SHELL("true"));
	claim("client: and no exec", !strncmp(task->why, "EBUSY ", 6), task->why);
	claim("client: resume", has_done(talk, "p", supermachine_client_resume(client, "p")), "");
	claim("client: sync", has_done(talk, "p", supermachine_client_sync(client, "p")), "");
	claim("client: mount", has_done(talk, "p", supermachine_client_mount(client, "p",
		"{\"destination\":\"/mnt\",\"type\":\"tmpfs\",\"source\":\"none\"}")), "");
	claim("client: umount", has_done(talk, "p", supermachine_client_umount(client, "p", "/mnt")), "");
	claim("client: hostname", has_done(talk, "p", supermachine_client_hostname(client, "p", "other")) &&
	      !strcmp(said(shell(talk, SHELL("hostname"))), "other\n"), "");
	claim("client: nameserver", has_done(talk, "p", supermachine_client_nameserver(client, "p",
		"10.1.2.3 10.1.2.4")) &&
	      strstr(said(shell(talk, SHELL("cat /etc/resolv.conf"))), "10.1.2.4"), "");
}

/* A runtime that has been started again. */
static void come_back(struct talk *talk)
{
	struct task *task = start(talk, "kept", true, SHELL("cat; exit 5"));
	struct supermachine_client_task told;
	char *rest, *line;
	bool is_there = false;

	supermachine_client_write(talk->client, "kept", "before\n", 7);
	while (!task->count[1])
		turn(talk);
	end(talk);
	begin(talk, true);
	wait_until_it_runs(talk);
	rest = find(talk, "list")->bytes[1];
	while (!is_there && (line = strsep(&rest, "\n")))
		is_there = supermachine_client_read_ps(line, &told) && !strcmp(told.id, "kept");
	claim("client: a second one finds what runs", is_there && told.runs && told.carried[1] == 7 &&
	      supermachine_client_adopt(talk->client, &told) == 0, said(find(talk, "list")));
	for (unsigned int stream = 1; stream <= 2; stream++)
		supermachine_client_credit(talk->client, "kept", stream, 4096);
	supermachine_client_write(talk->client, "kept", "after\n", 6);
	supermachine_client_close(talk->client, "kept", 0);
	wait_for(talk, task);
	claim("client: and goes on with it", task->number == 5 && !strcmp(said(task), "before\nafter\n"),
	      said(task));
	supermachine_client_forget(talk->client, "kept");
}

int main(int argc, char **argv)
{
	static char contents[CONTENTS_BYTES];
	static struct talk talk = { .listener = -1 };

	if (argc != 3)
		return 2;
	for (size_t i = 0; i < sizeof(contents); i++)
		contents[i] = (char)(i * 2654435761u >> 13);
	talk.path = argv[1];
	if (strcmp(argv[2], "vsock") == 0)
		talk.listener = open_socket(argv[1], true);
	begin(&talk, false);
	wait_until_it_runs(&talk);
	run_processes(&talk);
	use_terminal(&talk);
	move_files(&talk, contents);
	do_other_work(&talk);
	come_back(&talk);
	supermachine_client_stop(talk.client, 0);
	while (!talk.end)
		turn(&talk);
	claim("client: the end", talk.has_ended && talk.status > 128 && talk.end == ECONNRESET,
	      supermachine_client_problem(talk.client));
	end(&talk);
	return 0;
}
