// SPDX-License-Identifier: Apache-2.0
/*
 * What a guest says to a client of its control channel, in pieces: the first byte of each
 * says what the client does before. Good when the guest keeps to the protocol.
 */
#include "fuzz.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../examples/runtime/client/supermachine-client.h"

struct talk {
	int fds[2];
	struct supermachine_client *client;
	bool is_over;
};

/* Every byte is read, for the sanitizer. */
static void read_bytes(const unsigned char *bytes, size_t length)
{
	volatile unsigned char sum = 0;

	for (size_t i = 0; i < length; i++)
		sum = (unsigned char)(sum + bytes[i]);
}

static void check_event(const struct supermachine_client_event *event)
{
	CHECK(event->stream < 3);
	CHECK(!event->id || strlen(event->id) <= 255);
	CHECK((event->kind == SUPERMACHINE_CLIENT_DATA) == (event->bytes != NULL));
	read_bytes(event->bytes, event->length);
	for (const char *c = event->text; c && *c; c++)
		CHECK(*c >= 0x20 && *c != 0x7f);
}

static void take_events(struct talk *talk)
{
	struct supermachine_client_event event;
	int got;

	supermachine_client_step(talk->client);
	while ((got = supermachine_client_next(talk->client, &event)) > 0) {
		check_event(&event);
		if (event.kind == SUPERMACHINE_CLIENT_DATA && event.length)
			supermachine_client_credit(talk->client, event.id, event.stream,
						   (uint32_t)(event.length / 2));
	}
	talk->is_over |= got < 0;
	CHECK((got < 0) == (*supermachine_client_problem(talk->client) != '\0'));
}

static void listen_to(struct talk *talk)
{
	char heard[1 << 16];

	while (recv(talk->fds[1], heard, sizeof(heard), MSG_DONTWAIT) > 0)
		supermachine_client_step(talk->client);
}

static void act(struct talk *talk, unsigned char what)
{
	const struct supermachine_client_places all = { "channel", NULL, NULL, (what & 0x40) != 0 };
	const struct supermachine_client_task task = {
		"exec", "a", true, 1, { true, true, true }, { 0, 0, 0 }, what
	};
	static const char bytes[2000];
	const char *id = what & 0x20 ? "b" : "a";

	switch (what & 0x0f) {
	case 1:
		supermachine_client_exec(talk->client, id, &all, "{}");
		break;
	case 2:
		supermachine_client_write(talk->client, id, bytes, sizeof(bytes));
		break;
	case 3:
		supermachine_client_close(talk->client, id, what >> 6);
		break;
	case 4:
		supermachine_client_forget(talk->client, id);
		break;
	case 5:
		supermachine_client_get(talk->client, id, NULL, "/");
		break;
	case 6:
		supermachine_client_put(talk->client, id, NULL, "/");
		break;
	case 7:
		supermachine_client_adopt(talk->client, &task);
		break;
	case 8:
		supermachine_client_credit(talk->client, id, 1, what);
		break;
	}
}

static void say(struct talk *talk, const char *bytes, size_t length)
{
	CHECK(send(talk->fds[1], bytes, length, MSG_DONTWAIT) == (ssize_t)length);
}

/* The client makes up a name, and needs an answer with it. */
static void begin(struct talk *talk)
{
	char heard[256], mark[64], answer[128];
	ssize_t got;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, talk->fds) == 0);
	talk->client = supermachine_client_new(talk->fds[0], false);
	CHECK(talk->client);
	talk->is_over = false;
	supermachine_client_step(talk->client);
	got = recv(talk->fds[1], heard, sizeof(heard) - 1, MSG_DONTWAIT);
	CHECK(got > 0);
	heard[got] = '\0';
	CHECK(sscanf(heard, "\nhello %63s", mark) == 1);
	snprintf(answer, sizeof(answer), "hello %s 1 body=1000 window=1000 exec get put\n", mark);
	say(talk, answer, strlen(answer));
}

static void check_lines_of_ps(struct part piece)
{
	struct supermachine_client_task task;
	char *line = copy(piece);

	if (supermachine_client_read_ps(line, &task))
		CHECK(strlen(task.id) <= SUPERMACHINE_CLIENT_ID_MAX && task.request[0]);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct part rest = { (const char *)data, size };
	struct talk talk;

	begin(&talk);
	take_events(&talk);
	while (rest.length && !talk.is_over) {
		struct part piece = cut(&rest, "\xff");

		if (!piece.length)
			continue;
		act(&talk, (unsigned char)piece.at[0]);
		check_lines_of_ps((struct part){ piece.at + 1, piece.length - 1 });
		say(&talk, piece.at + 1, piece.length - 1);
		take_events(&talk);
		listen_to(&talk);
	}
	check_expected(!talk.is_over);
	supermachine_client_free(talk.client);
	close(talk.fds[0]);
	close(talk.fds[1]);
	return 0;
}
