/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_ANSWER_H
#define TSI_PEER_ANSWER_H

#include "message.h"
#include "peer.h"

/*
 * Answers to control messages, which go to the port that the request came from.
 * All of them pass here, so that they can be spoiled on command.
 */
void answer_result(struct peer *peer, enum opcode opcode, uint32_t port, int32_t result);
void answer_name(struct peer *peer, uint32_t port, int32_t result,
		 const struct sockaddr_storage *address, socklen_t length);

/* Fails the request, if the options say so: then it is answered. */
bool answer_failure(struct peer *peer, enum opcode opcode, uint32_t port);

/* As peer_expire(), for the answers that wait. */
int answer_expire(struct peer *peer, uint64_t now);
void answer_forget_delayed(struct peer *peer);

#endif
