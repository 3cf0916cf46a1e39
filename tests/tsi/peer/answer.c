// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct delayed_answer {
	TAILQ_ENTRY(delayed_answer) entry;
	uint64_t due;
	enum opcode opcode;
	uint32_t port;
	size_t size;
	uint8_t bytes[NAME_SIZE];
};

static void send_answer(struct peer *peer, uint32_t source, uint32_t port, const uint8_t *bytes,
			size_t size, bool fill)
{
	struct packet_header header = {
		.src_cid = HOST_CID,
		.dst_cid = peer->options->guest_cid,
		.src_port = source,
		.dst_port = port,
		.len = (uint32_t)size,
		.type = PACKET_DATAGRAM,
		.op = OP_RW,
	};

	peer->wire.send(peer->wire.device, &header, bytes, fill);
}

/* An answer to a request that this control socket did not send, or no longer waits for. */
static void send_stale(struct peer *peer, enum opcode opcode, uint32_t port)
{
	uint8_t bytes[NAME_SIZE];

	name_encode(bytes, -EIO, NULL, 0);
	send_answer(peer, opcode == TSI_GETNAME ? TSI_CONNECT : TSI_GETNAME, port, bytes,
		    opcode == TSI_GETNAME ? RESULT_SIZE : NAME_SIZE, false);
}

static void send_now(struct peer *peer, enum opcode opcode, uint32_t port, const uint8_t *bytes,
		     size_t size, unsigned int how)
{
	uint32_t source = how & WRONG_SOURCE_PORT ? 1 : (uint32_t)opcode;

	if (how & STALE_ANSWER)
		send_stale(peer, opcode, port);
	/* Two bytes of a result, all but the end of a name. */
	if (how & SHORT_ANSWER)
		size -= 2;
	send_answer(peer, source, port, bytes, size, how & LONG_ANSWER);
	if (how & DUPLICATE_ANSWER)
		send_answer(peer, source, port, bytes, size, how & LONG_ANSWER);
}

static bool is_spoiled(const struct options *options, enum opcode opcode)
{
	return !options->misbehaviour_opcode || options->misbehaviour_opcode == opcode;
}

static unsigned int how_to_answer(const struct options *options, enum opcode opcode)
{
	return is_spoiled(options, opcode) ? options->misbehaviour : 0;
}

static void send_later(struct peer *peer, enum opcode opcode, uint32_t port, const uint8_t *bytes,
		       size_t size)
{
	struct delayed_answer *answer = NULL;

	if (peer->delayed_count < DELAYED_MAX)
		answer = calloc(1, sizeof(*answer));
	if (!answer) {
		log_note(peer->log, "no room for a delayed answer to %u", port);
		return;
	}
	answer->due = monotonic_time() + peer->options->delay_milliseconds * UINT64_C(1000000);
	answer->opcode = opcode;
	answer->port = port;
	answer->size = size;
	memcpy(answer->bytes, bytes, size);
	TAILQ_INSERT_TAIL(&peer->delayed, answer, entry);
	peer->delayed_count++;
}

static void answer(struct peer *peer, enum opcode opcode, uint32_t port, const uint8_t *bytes,
		   size_t size)
{
	unsigned int how = how_to_answer(peer->options, opcode);

	if (how & NO_ANSWER)
		log_note(peer->log, "%s of port %u is not answered", opcode_name(opcode), port);
	else if (how & DELAYED_ANSWER)
		send_later(peer, opcode, port, bytes, size);
	else
		send_now(peer, opcode, port, bytes, size, how);
}

void answer_result(struct peer *peer, enum opcode opcode, uint32_t port, int32_t result)
{
	uint8_t bytes[RESULT_SIZE];

	result_encode(bytes, result);
	answer(peer, opcode, port, bytes, sizeof(bytes));
}

void answer_name(struct peer *peer, uint32_t port, int32_t result,
		 const struct sockaddr_storage *address, socklen_t length)
{
	uint8_t bytes[NAME_SIZE];

	name_encode(bytes, result, address, length);
	answer(peer, TSI_GETNAME, port, bytes, sizeof(bytes));
}

static bool has_answer(enum opcode opcode)
{
	return opcode == TSI_CONNECT || opcode == TSI_LISTEN || opcode == TSI_ACCEPT ||
	       opcode == TSI_GETNAME;
}

bool answer_failure(struct peer *peer, enum opcode opcode, uint32_t port)
{
	int32_t result = -(int32_t)peer->options->fail_with;

	if (!result || !is_spoiled(peer->options, opcode) || !has_answer(opcode))
		return false;
	peer->failable_count++;
	if (peer->failable_count < peer->options->fail_first ||
	    peer->failable_count > peer->options->fail_last)
		return false;
	if (opcode == TSI_GETNAME)
		answer_name(peer, port, result, NULL, 0);
	else
		answer_result(peer, opcode, port, result);
	return true;
}

static void remove_delayed(struct peer *peer, struct delayed_answer *answer)
{
	TAILQ_REMOVE(&peer->delayed, answer, entry);
	peer->delayed_count--;
	free(answer);
}

int answer_expire(struct peer *peer, uint64_t now)
{
	struct delayed_answer *answer;

	while ((answer = TAILQ_FIRST(&peer->delayed)) && answer->due <= now) {
		send_now(peer, answer->opcode, answer->port, answer->bytes, answer->size,
			 how_to_answer(peer->options, answer->opcode));
		remove_delayed(peer, answer);
	}
	return answer ? (int)((answer->due - now) / 1000000) + 1 : -1;
}

void answer_forget_delayed(struct peer *peer)
{
	struct delayed_answer *answer;

	while ((answer = TAILQ_FIRST(&peer->delayed)))
		remove_delayed(peer, answer);
}
