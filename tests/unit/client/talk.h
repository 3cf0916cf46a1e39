/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_TALK_H
#define CLIENT_TALK_H

#include <stdbool.h>
#include <stddef.h>

#include "supermachine-client.h"

/* A client, and the guest's end of its connection. */
struct talk {
	int fds[2];			/* the client's, and the guest's */
	struct supermachine_client *client;
	struct supermachine_client_event event;
	char mark[64];
	char heard[1 << 16];		/* what the client has sent last, as a string */
	size_t heard_length;
};

#define TALK_WINDOW 100
#define TALK_LIMITS "processes=512 body=1000 window=100"

/* With a client that has sent its hello, or is ready. */
void talk_open(struct talk *talk, bool is_again);
void talk_open_ready(struct talk *talk);
void talk_close(struct talk *talk);

/* The guest says this; in many pieces, if it is to come so. */
void talk_say(struct talk *talk, const char *text);
void talk_say_bytes(struct talk *talk, const void *bytes, size_t length);

/* The client takes a step and its next event; the result is what that returns. */
int talk_next(struct talk *talk);

/* The next event is of this kind and about this id, or about none. */
void talk_expect(struct talk *talk, enum supermachine_client_event_kind kind, const char *id);
/* There is none. */
void talk_expect_nothing(struct talk *talk);
/* The connection ends with this error. */
void talk_expect_end(struct talk *talk, int error);

/* What the client has sent since the last time, after a step. */
const char *talk_hear(struct talk *talk);

#endif
