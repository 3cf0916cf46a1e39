// SPDX-License-Identifier: Apache-2.0
/* The guest's end of a client's connection. */
#include "talk.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void talk_open(struct talk *talk, bool is_again)
{
	memset(talk, 0, sizeof(*talk));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, talk->fds), 0);
	talk->client = supermachine_client_new(talk->fds[0], is_again);
	ck_assert_ptr_nonnull(talk->client);
	ck_assert_int_eq(sscanf(talk_hear(talk), "\nhello %63[0-9a-f]", talk->mark), 1);
}

void talk_open_ready(struct talk *talk)
{
	char answer[256];

	talk_open(talk, false);
	snprintf(answer, sizeof(answer),
		 "hello %s 1 " TALK_LIMITS " exec signal size forget get put ps statistics mount "
		 "umount pause resume sync nameserver hostname\n", talk->mark);
	talk_say(talk, answer);
	talk_expect(talk, SUPERMACHINE_CLIENT_READY, NULL);
}

void talk_close(struct talk *talk)
{
	supermachine_client_free(talk->client);
	close(talk->fds[0]);
	if (talk->fds[1] >= 0)
		close(talk->fds[1]);
}

void talk_say_bytes(struct talk *talk, const void *bytes, size_t length)
{
	ck_assert_int_eq(send(talk->fds[1], bytes, length, MSG_DONTWAIT), (ssize_t)length);
}

void talk_say(struct talk *talk, const char *text)
{
	talk_say_bytes(talk, text, strlen(text));
}

int talk_next(struct talk *talk)
{
	supermachine_client_step(talk->client);
	return supermachine_client_next(talk->client, &talk->event);
}

void talk_expect(struct talk *talk, enum supermachine_client_event_kind kind, const char *id)
{
	ck_assert_int_eq(talk_next(talk), 1);
	ck_assert_int_eq(talk->event.kind, kind);
	ck_assert_pstr_eq(talk->event.id, id);
}

void talk_expect_nothing(struct talk *talk)
{
	ck_assert_int_eq(talk_next(talk), 0);
	ck_assert_str_eq(supermachine_client_problem(talk->client), "");
}

void talk_expect_end(struct talk *talk, int error)
{
	for (int i = 0; i < 2; i++) {
		errno = 0;
		ck_assert_int_eq(talk_next(talk), -1);
		ck_assert_int_eq(errno, error);
	}
	ck_assert_str_ne(supermachine_client_problem(talk->client), "");
	ck_assert_int_eq(supermachine_client_ps(talk->client, "late"), -1);
	ck_assert_int_eq(errno, EPIPE);
}

const char *talk_hear(struct talk *talk)
{
	ssize_t got;

	talk->heard_length = 0;
	do {
		supermachine_client_step(talk->client);
		got = recv(talk->fds[1], talk->heard + talk->heard_length,
			   sizeof(talk->heard) - 1 - talk->heard_length, MSG_DONTWAIT);
		talk->heard_length += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	talk->heard[talk->heard_length] = '\0';
	return talk->heard;
}
