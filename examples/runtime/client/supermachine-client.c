// SPDX-License-Identifier: Apache-2.0
/* A client of the control channel of a running container: see supermachine-client.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "supermachine-client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHANNEL_VERSION 1
/* The guest's lines are shorter than 256 bytes; a later one's may be somewhat longer. */
#define LINE_MAX_BYTES 1024
#define RECEIVED_MAX 65536
/* More than this is not queued: of requests, and of input, which lets requests pass. */
#define QUEUE_MAX (1 << 20)
#define INPUT_QUEUE_MAX 65536
/* The longest body that init-oci of this version may still be waiting for. */
#define UNFINISHED_BODY_MAX 262144
#define ANSWER_MILLISECONDS 1000
#define ID_MAX SUPERMACHINE_CLIENT_ID_MAX
#define WORDS_MAX 4

/* An id in use. */
struct task {
	char id[ID_MAX + 1];
	bool is_exec, keep, has_exited;
	bool is_open[3];		/* of the streams on the channel */
	uint32_t credit[3];		/* ours for stream 0, and the guest's for the others */
	bool is_waiting;		/* a write could not be taken as a whole */
};

/* What is to be sent. */
struct queue {
	char *bytes;
	size_t start, end, size;
};

struct supermachine_client {
	int fd;
	bool is_ready;
	bool is_again;
	int64_t asked;			/* when hello was sent, in milliseconds */
	char mark[33];
	uint64_t version, window, body_max;
	char knows[LINE_MAX_BYTES];	/* the words of hello, each with a space on both sides */

	struct queue queue;
	unsigned char received[RECEIVED_MAX];
	size_t start, end;
	bool has_ended;			/* nothing more will be received, */
	int end_error;			/* because of this */
	char line[LINE_MAX_BYTES];	/* that the last event has come in */

	uint32_t body_left;		/* of data that is being received */
	unsigned int body_stream;
	char body_id[ID_MAX + 1];	/* "" if nobody wants it */

	struct task *tasks;
	size_t count, size;

	int error;
	char problem[128];
};

static int fail(int error)
{
	errno = error;
	return -1;
}

/* Ends the connection; what comes first counts. */
static int end_with(struct supermachine_client *client, int error, const char *problem)
{
	if (!client->error) {
		client->error = error;
		snprintf(client->problem, sizeof(client->problem), "%s", problem);
	}
	return fail(client->error);
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---------------------------------------------------------------- what is to be sent */

static size_t queued(const struct supermachine_client *client)
{
	return client->queue.end - client->queue.start;
}

/* Makes room for so many bytes more. */
static int reserve(struct queue *queue, size_t length)
{
	size_t size = queue->size ? queue->size : 4096;
	char *bytes;

	if (queue->start) {
		memmove(queue->bytes, queue->bytes + queue->start, queue->end - queue->start);
		queue->end -= queue->start;
		queue->start = 0;
	}
	while (size - queue->end < length)
		size *= 2;
	if (size == queue->size)
		return 0;
	bytes = realloc(queue->bytes, size);
	if (!bytes)
		return fail(ENOMEM);
	queue->bytes = bytes;
	queue->size = size;
	return 0;
}

static void append(struct queue *queue, const void *bytes, size_t length)
{
	memcpy(queue->bytes + queue->end, bytes, length);
	queue->end += length;
}

/* A line, and a body of its own length after it, or nothing of both. */
static int queue_message(struct supermachine_client *client, const char *line, const void *body,
			 size_t length)
{
	if (reserve(&client->queue, strlen(line) + length) < 0)
		return -1;
	append(&client->queue, line, strlen(line));
	append(&client->queue, body, length);
	return 0;
}

/* A socket without its flags being changed, nor a signal; anything else as it is. */
static ssize_t send_some(int fd, const void *bytes, size_t length)
{
	const ssize_t sent = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	return sent < 0 && errno == ENOTSOCK ? write(fd, bytes, length) : sent;
}

static ssize_t receive_some(int fd, void *bytes, size_t length)
{
	const ssize_t got = recv(fd, bytes, length, MSG_DONTWAIT);

	return got < 0 && errno == ENOTSOCK ? read(fd, bytes, length) : got;
}

static bool is_temporary(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void flush(struct supermachine_client *client)
{
	struct queue *queue = &client->queue;

	while (queue->start < queue->end) {
		const ssize_t sent = send_some(client->fd, queue->bytes + queue->start,
					       queue->end - queue->start);

		if (sent < 0 && is_temporary(errno))
			return;
		if (sent < 0) {
			/* What it has sent before its end is still to be received. */
			if (errno != EPIPE && errno != ECONNRESET) {
				client->has_ended = true;
				client->end_error = errno;
			}
			queue->start = queue->end = 0;
			return;
		}
		queue->start += (size_t)sent;
	}
	queue->start = queue->end = 0;
	/* Most of the time there is not much in it. */
	if (queue->size > INPUT_QUEUE_MAX) {
		free(queue->bytes);
		*queue = (struct queue){ NULL, 0, 0, 0 };
	}
}

/* ------------------------------------------------------------------- words and numbers */

static bool is_id(const char *id)
{
	const size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-");

	return length && length <= ID_MAX && !id[length];
}

/* Words of printable characters, separated by one space each. */
static bool are_words(const char *words)
{
	char before = ' ';

	for (; *words; before = *words++) {
		if (*words < ' ' || *words > '~' || (*words == ' ' && before == ' '))
			return false;
	}
	return before != ' ';
}

static bool parse_number(const char *word, uint64_t max, uint64_t *number)
{
	*number = 0;
	if (!*word)
		return false;
	for (; *word; word++) {
		const unsigned int digit = (unsigned int)(*word - '0');

		if (digit > 9 || digit > max || *number > (max - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return true;
}

/* Splits a line into at most max words, the last of which is the rest of it. */
static size_t split(char *line, char *words[], size_t max)
{
	size_t count = 0;

	words[count++] = line;
	while (count < max && (line = strchr(line, ' '))) {
		*line++ = '\0';
		words[count++] = line;
	}
	return count;
}

/* ----------------------------------------------------------------------------- tasks */

static struct task *find(const struct supermachine_client *client, const char *id)
{
	for (size_t i = 0; i < client->count; i++) {
		if (!strcmp(client->tasks[i].id, id))
			return &client->tasks[i];
	}
	return NULL;
}

/* A new one, which counts when the caller says so. */
static struct task *prepare_task(struct supermachine_client *client, const char *id)
{
	struct task *task;

	if (client->count == client->size) {
		const size_t size = client->size ? client->size * 2 : 8;

		task = realloc(client->tasks, size * sizeof(*task));
		if (!task)
			return NULL;
		client->tasks = task;
		client->size = size;
	}
	task = &client->tasks[client->count];
	memset(task, 0, sizeof(*task));
	memcpy(task->id, id, strlen(id) + 1);
	for (unsigned int stream = 0; stream < 3; stream++)
		task->credit[stream] = (uint32_t)client->window;
	return task;
}

static void remove_task(struct supermachine_client *client, struct task *task)
{
	/* The rest of a body is for nothing that may get the same id. */
	if (!strcmp(client->body_id, task->id))
		client->body_id[0] = '\0';
	*task = client->tasks[--client->count];
}

static void remove_if_over(struct supermachine_client *client, struct task *task)
{
	if (task->is_exec && task->has_exited && !task->keep && !task->is_open[0] &&
	    !task->is_open[1] && !task->is_open[2])
		remove_task(client, task);
}

/* -------------------------------------------------------------------------- sessions */

static int send_hello(struct supermachine_client *client)
{
	char line[64];

	/* The empty line ends what may have been left in the port. */
	snprintf(line, sizeof(line), "\nhello %s\n", client->mark);
	client->asked = milliseconds();
	return queue_message(client, line, "", 0);
}

struct supermachine_client *supermachine_client_new(int fd, bool is_again)
{
	struct supermachine_client *client = calloc(1, sizeof(*client));
	unsigned char random[16];

	if (!client)
		return NULL;
	client->fd = fd;
	client->is_again = is_again;
	if (getentropy(random, sizeof(random)) < 0)
		goto fail;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(client->mark + 2 * i, 3, "%02x", random[i]);
	if (send_hello(client) < 0)
		goto fail;
	return client;
fail:
	supermachine_client_free(client);
	return NULL;
}

void supermachine_client_free(struct supermachine_client *client)
{
	if (!client)
		return;
	free(client->tasks);
	free(client->queue.bytes);
	free(client);
}

static bool has_room(const struct supermachine_client *client)
{
	return client->end - client->start < RECEIVED_MAX / 2;
}

short supermachine_client_poll_events(const struct supermachine_client *client)
{
	short events = 0;

	if (client->has_ended)
		return 0;
	if (has_room(client))
		events |= POLLIN;
	if (queued(client))
		events |= POLLOUT;
	return events;
}

int supermachine_client_timeout(const struct supermachine_client *client)
{
	int64_t left;

	/* There is something to be told already. */
	if (client->has_ended)
		return 0;
	if (client->is_ready || !client->is_again)
		return -1;
	left = client->asked + ANSWER_MILLISECONDS - milliseconds();
	return left > 0 ? (int)left : 0;
}

/* Ends the message that the guest may still wait for the rest of. */
static void end_message_before(struct supermachine_client *client)
{
	if (client->is_ready || !client->is_again ||
	    milliseconds() < client->asked + ANSWER_MILLISECONDS)
		return;
	client->is_again = false;
	if (reserve(&client->queue, UNFINISHED_BODY_MAX) < 0) {
		end_with(client, ENOMEM, "there is no memory");
		return;
	}
	memset(client->queue.bytes + client->queue.end, '\n', UNFINISHED_BODY_MAX);
	client->queue.end += UNFINISHED_BODY_MAX;
	if (send_hello(client) < 0)
		end_with(client, ENOMEM, "there is no memory");
}

static void receive(struct supermachine_client *client)
{
	ssize_t got;

	if (client->has_ended || !has_room(client))
		return;
	if (client->start) {
		memmove(client->received, client->received + client->start,
			client->end - client->start);
		client->end -= client->start;
		client->start = 0;
	}
	got = receive_some(client->fd, client->received + client->end, RECEIVED_MAX - client->end);
	if (got > 0) {
		client->end += (size_t)got;
	} else if (got == 0) {
		client->has_ended = true;
		errno = ECONNRESET;
	} else if (!is_temporary(errno)) {
		client->has_ended = true;
	}
	if (client->has_ended)
		client->end_error = errno;
}

void supermachine_client_step(struct supermachine_client *client)
{
	if (client->error)
		return;
	end_message_before(client);
	flush(client);
	receive(client);
}

const char *supermachine_client_problem(const struct supermachine_client *client)
{
	return client->problem;
}

uint32_t supermachine_client_window(const struct supermachine_client *client)
{
	return (uint32_t)client->window;
}

/* ------------------------------------------------------------------- what has come */

static int break_off(struct supermachine_client *client, const char *problem)
{
	return end_with(client, EPROTO, problem);
}

/* "VERSION WORD ...", of which the limits are needed. */
static int take_hello(struct supermachine_client *client, char *words)
{
	char *word = words, *next;

	snprintf(client->knows, sizeof(client->knows), " %s ", words);
	for (bool is_first = true; word; word = next, is_first = false) {
		uint64_t *limit = NULL;

		next = strchr(word, ' ');
		if (next)
			*next++ = '\0';
		if (is_first && !parse_number(word, UINT32_MAX, &client->version))
			return break_off(client, "the guest does not tell its version");
		if (!strncmp(word, "body=", 5))
			limit = &client->body_max;
		else if (!strncmp(word, "window=", 7))
			limit = &client->window;
		if (limit && !parse_number(strchr(word, '=') + 1, UINT32_MAX, limit))
			return break_off(client, "a limit of the guest is no number");
	}
	if (client->version != CHANNEL_VERSION)
		return end_with(client, EPROTONOSUPPORT,
				"the guest speaks another version of the protocol");
	if (!client->body_max || !client->window)
		return break_off(client, "the guest does not tell its limits");
	client->is_ready = true;
	return 0;
}

/*
 * Takes a line, without its newline. Returns 1 if there is one. It is printable: sentences
 * of the guest may be the container's.
 */
static int take_line(struct supermachine_client *client)
{
	const unsigned char *at = client->received + client->start;
	const size_t there = client->end - client->start;
	const unsigned char *newline = memchr(at, '\n', there);
	const size_t length = newline ? (size_t)(newline - at) : there;

	if (length >= sizeof(client->line))
		return break_off(client, "a line of the guest is too long");
	if (!newline)
		return 0;
	memcpy(client->line, at, length);
	client->line[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if (client->line[i] < ' ' || client->line[i] > '~')
			client->line[i] = '?';
	}
	client->start += length + 1;
	return 1;
}

/*
 * Discards what comes before the answer: the end of what a previous client was sent, which
 * may be bytes of a body right before the answer.
 */
static int find_hello(struct supermachine_client *client)
{
	char answer[48];
	const size_t length = (size_t)snprintf(answer, sizeof(answer), "hello %s ", client->mark);
	const unsigned char *end = client->received + client->end;
	const unsigned char *at = client->received + client->start;

	while ((size_t)(end - at) >= length && memcmp(at, answer, length) != 0)
		at++;
	client->start = (size_t)(at - client->received);
	if ((size_t)(end - at) < length)
		return 0;
	/* The line stays where it is until it is whole. */
	switch (take_line(client)) {
	case 0:
		return 0;
	case 1:
		return take_hello(client, client->line + length) < 0 ? -1 : 1;
	default:
		return -1;
	}
}

/* The next bytes of data, as many as have come. Returns 1 if somebody wants them. */
static int take_body(struct supermachine_client *client, struct supermachine_client_event *event)
{
	const size_t there = client->end - client->start;
	const size_t length = there < client->body_left ? there : client->body_left;
	const struct task *task = client->body_id[0] ? find(client, client->body_id) : NULL;

	event->kind = SUPERMACHINE_CLIENT_DATA;
	event->id = client->body_id;
	event->stream = client->body_stream;
	event->bytes = client->received + client->start;
	event->length = length;
	client->start += length;
	client->body_left -= (uint32_t)length;
	return length && task && task->is_open[client->body_stream];
}

/* data ID STREAM LENGTH */
static int begin_body(struct supermachine_client *client, char *const words[])
{
	uint64_t stream, length;
	struct task *task = find(client, words[1]);

	if (!parse_number(words[2], 2, &stream) || !stream ||
	    !parse_number(words[3], UINT32_MAX, &length))
		return break_off(client, "the guest sends data of no stream or no length");
	client->body_left = (uint32_t)length;
	client->body_stream = (unsigned int)stream;
	client->body_id[0] = '\0';
	/* It was forgotten, or has ended, while this was on its way. */
	if (!task || !task->is_open[stream])
		return 0;
	if (length > task->credit[stream])
		return break_off(client, "the guest sends more than it may");
	task->credit[stream] -= (uint32_t)length;
	memcpy(client->body_id, task->id, sizeof(client->body_id));
	return 0;
}

/* credit ID 0 BYTES */
static int take_credit(struct supermachine_client *client, char *const words[])
{
	uint64_t stream, bytes;
	struct task *task = find(client, words[1]);

	if (!parse_number(words[2], 0, &stream) || !parse_number(words[3], UINT32_MAX, &bytes))
		return break_off(client, "the guest gives credit to no stream");
	if (task && bytes > UINT32_MAX - task->credit[0])
		return break_off(client, "the guest gives more credit than there can be");
	if (task)
		task->credit[0] += (uint32_t)bytes;
	return 0;
}

/* close ID STREAM */
static int take_close(struct supermachine_client *client, char *const words[],
		      struct supermachine_client_event *event)
{
	uint64_t stream;
	struct task *task = find(client, words[1]);

	if (!parse_number(words[2], 2, &stream))
		return break_off(client, "the guest closes no stream");
	if (!task || !task->is_open[stream])
		return 0;
	task->is_open[stream] = false;
	event->kind = SUPERMACHINE_CLIENT_CLOSED;
	event->stream = (unsigned int)stream;
	remove_if_over(client, task);
	return 1;
}

static int take_about_exec(struct supermachine_client *client, char *const words[],
			   struct supermachine_client_event *event)
{
	struct task *task = find(client, words[1]);

	if (!parse_number(words[2], UINT32_MAX, &event->number))
		return break_off(client, "the guest tells a status that is no number");
	if (!task || !task->is_exec)
		return 0;
	if (event->kind == SUPERMACHINE_CLIENT_EXIT) {
		task->has_exited = true;
		remove_if_over(client, task);
	}
	return 1;
}

static int take_end(struct supermachine_client *client, char *const words[],
		    struct supermachine_client_event *event)
{
	struct task *task = find(client, words[1]);

	if (!task)
		return 0;
	if (event->kind == SUPERMACHINE_CLIENT_FAILED) {
		event->code = words[2];
		event->text = words[3] ? words[3] : "";
	}
	remove_task(client, task);
	return 1;
}

static int take_about_container(struct supermachine_client *client, const char *number,
				struct supermachine_client_event *event)
{
	event->id = NULL;
	if (number && !parse_number(number, UINT64_MAX, &event->number))
		return break_off(client, "the guest tells a number that is none");
	return 1;
}

/* Lines that are not known are a later guest's. Returns whether one is an event. */
static int take_message(struct supermachine_client *client, char *const words[], size_t count,
			struct supermachine_client_event *event)
{
	static const struct {
		const char *name;
		size_t words;
		enum supermachine_client_event_kind kind;
	} lines[] = {
		{ "started", 1, SUPERMACHINE_CLIENT_RUNS },
		{ "exit", 2, SUPERMACHINE_CLIENT_ENDED },
		{ "oom-kill", 2, SUPERMACHINE_CLIENT_OOM_KILL },
		{ "started", 3, SUPERMACHINE_CLIENT_STARTED },
		{ "exit", 3, SUPERMACHINE_CLIENT_EXIT },
		{ "done", 2, SUPERMACHINE_CLIENT_DONE },
		{ "failed", 3, SUPERMACHINE_CLIENT_FAILED },
		{ "failed", 4, SUPERMACHINE_CLIENT_FAILED },
		{ "data", 4, SUPERMACHINE_CLIENT_DATA },
		{ "credit", 4, SUPERMACHINE_CLIENT_WRITABLE },
		{ "close", 3, SUPERMACHINE_CLIENT_CLOSED },
	};
	size_t i = 0;

	while (i < sizeof(lines) / sizeof(lines[0]) &&
	       (lines[i].words != count || strcmp(words[0], lines[i].name) != 0))
		i++;
	if (i == sizeof(lines) / sizeof(lines[0])) {
		/* A body of unknown length would be taken for lines. */
		return strcmp(words[0], "data") != 0 ? 0 :
			       break_off(client, "the guest sends data without its length");
	}
	event->kind = lines[i].kind;
	event->id = words[1];
	switch (event->kind) {
	case SUPERMACHINE_CLIENT_RUNS:
		return take_about_container(client, NULL, event);
	case SUPERMACHINE_CLIENT_ENDED:
	case SUPERMACHINE_CLIENT_OOM_KILL:
		return take_about_container(client, words[1], event);
	case SUPERMACHINE_CLIENT_STARTED:
	case SUPERMACHINE_CLIENT_EXIT:
		return take_about_exec(client, words, event);
	case SUPERMACHINE_CLIENT_DATA:
		return begin_body(client, words);
	case SUPERMACHINE_CLIENT_WRITABLE:
		return take_credit(client, words);
	case SUPERMACHINE_CLIENT_CLOSED:
		return take_close(client, words, event);
	default:
		return take_end(client, words, event);
	}
}

/* Returns 1 if the line is an event. */
static int understand(struct supermachine_client *client, struct supermachine_client_event *event)
{
	char *words[WORDS_MAX] = { NULL, NULL, NULL, NULL };

	if (!strncmp(client->line, "error ", 6)) {
		event->kind = SUPERMACHINE_CLIENT_COMPLAINT;
		event->text = client->line + 6;
		return 1;
	}
	return take_message(client, words, split(client->line, words, WORDS_MAX), event);
}

/* Room for input, for one that had none. */
static int find_writable(struct supermachine_client *client,
			 struct supermachine_client_event *event)
{
	if (queued(client) >= INPUT_QUEUE_MAX)
		return 0;
	for (size_t i = 0; i < client->count; i++) {
		struct task *task = &client->tasks[i];

		if (!task->is_waiting || !task->credit[0] || !task->is_open[0])
			continue;
		task->is_waiting = false;
		event->kind = SUPERMACHINE_CLIENT_WRITABLE;
		event->id = task->id;
		event->number = task->credit[0];
		return 1;
	}
	return 0;
}

int supermachine_client_next(struct supermachine_client *client,
			     struct supermachine_client_event *event)
{
	int got = 0;

	while (!client->error) {
		memset(event, 0, sizeof(*event));
		if (!client->is_ready) {
			got = find_hello(client);
			event->kind = SUPERMACHINE_CLIENT_READY;
			if (got <= 0)
				break;
			return 1;
		}
		if (client->body_left && client->start < client->end) {
			if (take_body(client, event))
				return 1;
			continue;
		}
		if (client->body_left)
			break;
		got = take_line(client);
		if (got <= 0)
			break;
		got = understand(client, event);
		if (got)
			return got;
	}
	if (client->error)
		return fail(client->error);
	if (client->has_ended)
		return end_with(client, client->end_error, client->end_error == ECONNRESET ?
				"the guest, or its VMM, has closed the connection" :
				strerror(client->end_error));
	return find_writable(client, event);
}

/* --------------------------------------------------------------------------- requests */

static int format_line(char line[LINE_MAX_BYTES], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A line of the protocol, which the guest takes up to 255 bytes of. */
static int format_line(char line[LINE_MAX_BYTES], const char *format, ...)
{
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(line, LINE_MAX_BYTES, format, values);
	va_end(values);
	return length < 0 || length > 256 ? fail(EINVAL) : 0;
}

static int send_line(struct supermachine_client *client, const char *line)
{
	if (client->error || client->has_ended)
		return fail(EPIPE);
	if (queued(client) >= QUEUE_MAX)
		return fail(EAGAIN);
	return queue_message(client, line, "", 0);
}

static bool knows(const struct supermachine_client *client, const char *request)
{
	char word[20];

	snprintf(word, sizeof(word), " %s ", request);
	return strstr(client->knows, word);
}

/*
 * REQUEST ID WORDS LENGTH, with the body; there may be no words and no body. Returns the
 * task, whose streams are still to be opened, or NULL with errno.
 */
static struct task *ask(struct supermachine_client *client, const char *request, const char *id,
			const char *words, const char *body)
{
	const size_t length = body ? strlen(body) : 0;
	char line[LINE_MAX_BYTES];
	struct task *task;
	int error = 0;

	if (client->error || client->has_ended)
		error = EPIPE;
	else if (!client->is_ready || queued(client) >= QUEUE_MAX)
		error = EAGAIN;
	else if (!is_id(id) || (*words && !are_words(words)))
		error = EINVAL;
	else if (find(client, id))
		error = EEXIST;
	else if (length > client->body_max)
		error = EMSGSIZE;
	else if (!knows(client, request))
		error = ENOTSUP;
	if (error) {
		errno = error;
		return NULL;
	}
	if (format_line(line, body ? "%s %s%s%s %zu\n" : "%s %s%s%s\n", request, id,
			*words ? " " : "", words, length) < 0)
		return NULL;
	task = prepare_task(client, id);
	if (!task || queue_message(client, line, body ? body : "", length) < 0)
		return NULL;
	client->count++;
	return task;
}

static bool is_channel(const char *place)
{
	return !strcmp(place, "channel");
}

/* A space in it would make two words of it. */
static bool is_one_word(const char *place)
{
	return !strchr(place, ' ');
}

int supermachine_client_exec(struct supermachine_client *client, const char *id,
			     const struct supermachine_client_places *places, const char *process)
{
	const struct supermachine_client_places none = { NULL, NULL, NULL, false };
	const struct supermachine_client_places *wanted = places ? places : &none;
	const char *in = wanted->in ? wanted->in : "null";
	const char *out = wanted->out ? wanted->out : "channel";
	const char *errors = wanted->err ? wanted->err : "channel";
	char words[LINE_MAX_BYTES];
	struct task *task;

	if (!is_one_word(in) || !is_one_word(out) || !is_one_word(errors) ||
	    snprintf(words, sizeof(words), "in=%s out=%s err=%s%s", in, out, errors,
		     wanted->keep ? " keep" : "") >= (int)sizeof(words))
		return fail(EINVAL);
	task = ask(client, "exec", id, words, process);
	if (!task)
		return -1;
	task->is_exec = true;
	task->keep = wanted->keep;
	task->is_open[0] = is_channel(in);
	task->is_open[1] = is_channel(out);
	task->is_open[2] = is_channel(errors);
	return 0;
}

/* Work with one stream. */
static int move(struct supermachine_client *client, const char *request, const char *id,
		unsigned int stream, const char *place, const char *path)
{
	char words[LINE_MAX_BYTES] = "";
	struct task *task;

	if (place && (!is_one_word(place) ||
		      snprintf(words, sizeof(words), "%s=%s", stream == 0 ? "in" : "out",
			       place) >= (int)sizeof(words)))
		return fail(EINVAL);
	task = ask(client, request, id, words, path);
	if (!task)
		return -1;
	task->is_open[stream] = !place || is_channel(place);
	return 0;
}

int supermachine_client_get(struct supermachine_client *client, const char *id,
			    const struct supermachine_client_places *places, const char *path)
{
	return move(client, "get", id, 1, places ? places->out : NULL, path);
}

int supermachine_client_put(struct supermachine_client *client, const char *id,
			    const struct supermachine_client_places *places, const char *path)
{
	return move(client, "put", id, 0, places ? places->in : NULL, path);
}

int supermachine_client_ps(struct supermachine_client *client, const char *id)
{
	return move(client, "ps", id, 1, NULL, NULL);
}

int supermachine_client_statistics(struct supermachine_client *client, const char *id)
{
	return move(client, "statistics", id, 1, NULL, NULL);
}

int supermachine_client_mount(struct supermachine_client *client, const char *id, const char *mount)
{
	return ask(client, "mount", id, "", mount) ? 0 : -1;
}

int supermachine_client_umount(struct supermachine_client *client, const char *id,
			       const char *path)
{
	return ask(client, "umount", id, "", path) ? 0 : -1;
}

int supermachine_client_pause(struct supermachine_client *client, const char *id)
{
	return ask(client, "pause", id, "", NULL) ? 0 : -1;
}

int supermachine_client_resume(struct supermachine_client *client, const char *id)
{
	return ask(client, "resume", id, "", NULL) ? 0 : -1;
}

int supermachine_client_sync(struct supermachine_client *client, const char *id)
{
	return ask(client, "sync", id, "", NULL) ? 0 : -1;
}

int supermachine_client_nameserver(struct supermachine_client *client, const char *id,
				   const char *addresses)
{
	return ask(client, "nameserver", id, addresses, NULL) ? 0 : -1;
}

int supermachine_client_hostname(struct supermachine_client *client, const char *id,
				 const char *name)
{
	return ask(client, "hostname", id, name, NULL) ? 0 : -1;
}

/* REQUEST [ID] WORDS. Before a session there can be no id that is in use. */
static int tell(struct supermachine_client *client, const char *request, const char *id,
		const char *words)
{
	char line[LINE_MAX_BYTES];

	if ((id && !is_id(id)) || !are_words(words))
		return fail(EINVAL);
	if (id && !find(client, id))
		return 0;
	if (format_line(line, "%s%s%s %s\n", request, id ? " " : "", id ? id : "", words) < 0)
		return -1;
	return send_line(client, line);
}

int supermachine_client_signal(struct supermachine_client *client, const char *id, const char *name)
{
	return !is_one_word(name) ? fail(EINVAL) : tell(client, "signal", id, name);
}

int supermachine_client_size(struct supermachine_client *client, const char *id,
			     unsigned short rows, unsigned short columns)
{
	char words[16];

	snprintf(words, sizeof(words), "%hu %hu", rows, columns);
	return tell(client, "size", id, words);
}

int supermachine_client_stop(struct supermachine_client *client, unsigned int seconds)
{
	char words[16];

	snprintf(words, sizeof(words), "%u", seconds);
	return tell(client, "stop", NULL, words);
}

int supermachine_client_time(struct supermachine_client *client, uint64_t nanoseconds)
{
	char words[24];

	snprintf(words, sizeof(words), "%llu", (unsigned long long)nanoseconds);
	return tell(client, "time", NULL, words);
}

int supermachine_client_forget(struct supermachine_client *client, const char *id)
{
	char line[LINE_MAX_BYTES];
	struct task *task = find(client, id);

	if (!task || !task->is_exec)
		return 0;
	if (format_line(line, "forget %s\n", id) < 0 || send_line(client, line) < 0)
		return -1;
	remove_task(client, task);
	return 0;
}

/* ---------------------------------------------------------------------------- streams */

ssize_t supermachine_client_write(struct supermachine_client *client, const char *id,
				  const void *bytes, size_t length)
{
	struct task *task = find(client, id);
	const size_t waiting = queued(client);
	size_t taken = length;
	char line[LINE_MAX_BYTES];

	if (client->error || client->has_ended || !task || !task->is_open[0])
		return fail(EPIPE);
	if (taken > task->credit[0])
		taken = task->credit[0];
	if (waiting >= INPUT_QUEUE_MAX)
		taken = 0;
	else if (taken > INPUT_QUEUE_MAX - waiting)
		taken = INPUT_QUEUE_MAX - waiting;
	task->is_waiting = taken < length;
	if (!length)
		return 0;
	if (!taken)
		return fail(EAGAIN);
	if (format_line(line, "data %s 0 %zu\n", id, taken) < 0 ||
	    queue_message(client, line, bytes, taken) < 0)
		return -1;
	task->credit[0] -= (uint32_t)taken;
	return (ssize_t)taken;
}

int supermachine_client_close(struct supermachine_client *client, const char *id,
			      unsigned int stream)
{
	char line[LINE_MAX_BYTES];
	struct task *task = find(client, id);

	if (stream > 2)
		return fail(EINVAL);
	if (!task || !task->is_open[stream])
		return 0;
	if (format_line(line, "close %s %u\n", id, stream) < 0 || send_line(client, line) < 0)
		return -1;
	task->is_open[stream] = false;
	remove_if_over(client, task);
	return 0;
}

int supermachine_client_credit(struct supermachine_client *client, const char *id,
			       unsigned int stream, uint32_t bytes)
{
	char line[LINE_MAX_BYTES];
	struct task *task = find(client, id);

	if (stream != 1 && stream != 2)
		return fail(EINVAL);
	if (!task || !task->is_open[stream] || !bytes)
		return 0;
	if (bytes > UINT32_MAX - task->credit[stream])
		return fail(EINVAL);
	if (format_line(line, "credit %s %u %lu\n", id, stream, (unsigned long)bytes) < 0 ||
	    send_line(client, line) < 0)
		return -1;
	task->credit[stream] += bytes;
	return 0;
}

/* ------------------------------------------------------------- a runtime that comes back */

/* in:TAKEN:CREDIT, out:SENT or err:SENT */
static bool read_stream(char *word, struct supermachine_client_task *task)
{
	static const char *const names[] = { "in", "out", "err" };
	char *carried = strchr(word, ':'), *credit;
	unsigned int stream = 0;
	uint64_t number;

	if (!carried)
		return false;
	*carried++ = '\0';
	while (stream < 3 && strcmp(word, names[stream]) != 0)
		stream++;
	if (stream == 3)
		return false;
	task->is_open[stream] = true;
	if (stream == 0) {
		credit = strchr(carried, ':');
		if (!credit)
			return false;
		*credit++ = '\0';
		if (!parse_number(credit, UINT32_MAX, &number))
			return false;
		task->credit = (uint32_t)number;
	}
	return parse_number(carried, UINT64_MAX, &task->carried[stream]);
}

bool supermachine_client_read_ps(const char *line, struct supermachine_client_task *task)
{
	char copy[LINE_MAX_BYTES], *words[8];
	size_t count;

	memset(task, 0, sizeof(*task));
	if (strlen(line) >= sizeof(copy))
		return false;
	memcpy(copy, line, strlen(line) + 1);
	count = split(copy, words, 8);
	if (count < 4 || !*words[0] || strlen(words[0]) >= sizeof(task->request) ||
	    !is_id(words[1]) ||
	    !parse_number(words[3], UINT32_MAX, &task->number))
		return false;
	task->runs = !strcmp(words[2], "running");
	if (!task->runs && strcmp(words[2], "exited") != 0)
		return false;
	memcpy(task->request, words[0], strlen(words[0]) + 1);
	memcpy(task->id, words[1], strlen(words[1]) + 1);
	for (size_t i = 4; i < count; i++) {
		if (!read_stream(words[i], task))
			return false;
	}
	return true;
}

int supermachine_client_adopt(struct supermachine_client *client,
			      const struct supermachine_client_task *told)
{
	struct task *task;

	if (!is_id(told->id))
		return fail(EINVAL);
	if (find(client, told->id))
		return fail(EEXIST);
	task = prepare_task(client, told->id);
	if (!task)
		return fail(ENOMEM);
	task->is_exec = !strcmp(told->request, "exec");
	task->has_exited = !told->runs;
	/* It may be, and the guest takes no notice of forget if it is not. */
	task->keep = true;
	memcpy(task->is_open, told->is_open, sizeof(task->is_open));
	task->credit[0] = told->credit;
	task->credit[1] = task->credit[2] = 0;
	client->count++;
	return 0;
}
