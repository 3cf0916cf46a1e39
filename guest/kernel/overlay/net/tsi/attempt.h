/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a link is asked to become: a request to the host, its answer, and for
 * streams to the host a vsock connection.
 */
#ifndef _TSI_ATTEMPT_H
#define _TSI_ATTEMPT_H

#include <linux/container_of.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "sock.h"
#include "wait.h"

/* How long a host may take to answer a question it need not ask others for. */
#define TSI_ANSWER_TIMEOUT	(5 * HZ)
/* What TCP takes to give up on a connection, with default settings. */
#define TSI_CONNECT_TIMEOUT	(127 * HZ)

/**
 * enum tsi_step - how far an attempt is
 * @TSI_STEP_NONE: there is none, or it is over
 * @TSI_STEP_ROOM: there was no room for the request
 * @TSI_STEP_ANSWER: the host has been asked and has not answered
 * @TSI_STEP_STREAM: the host has answered, the vsock stream to it is not there
 */
enum tsi_step {
	TSI_STEP_NONE,
	TSI_STEP_ROOM,
	TSI_STEP_ANSWER,
	TSI_STEP_STREAM,
};

struct tsi_attempt;

/**
 * struct tsi_goal - what is attempted
 * @port: what is requested of the host
 * @timeout: how long it may take, in jiffies
 * @request: make the request, or return NULL for want of memory
 * @answer: look for the answer; 0, -EAGAIN if there is none, or an error
 * @stream: after the answer, a vsock stream to the host is to be connected
 * @done: it is over, with 0 or an error; @turn is that of begin(). Once, in process
 *	  context
 * @event: something else has happened to the link; in process context, or NULL
 * @reset: the host has forgotten everything, and nothing is being asked; in process
 *	   context, or NULL
 * @close: the link is being closed; or NULL
 */
struct tsi_goal {
	u32 port;
	long timeout;
	struct sk_buff *(*request)(struct tsi_attempt *attempt);
	int (*answer)(struct tsi_attempt *attempt);
	bool stream;
	void (*done)(struct tsi_attempt *attempt, unsigned long turn, int err);
	void (*event)(struct tsi_attempt *attempt);
	void (*reset)(struct tsi_attempt *attempt);
	void (*close)(struct tsi_attempt *attempt);
};

/**
 * struct tsi_attempt - a link, and what it is asked to become
 * @link: the link
 * @tsi: the socket, with a reference, or NULL
 * @work: carries on an attempt that nobody waits for
 * @waiters: how many wait for it and carry it on themselves
 * @was_reset: the host has forgotten everything, which @work sees to
 * @mutex: for all below
 * @step: how far it is
 * @goal: what it is
 * @turn: the turn of the socket that the attempt has
 * @deadline: when it has taken too long, in jiffies
 * @err: the outcome, for who waits; of the goals that tell it
 */
struct tsi_attempt {
	struct tsi_link link;
	struct tsi_sock *tsi;
	struct delayed_work work;
	atomic_t waiters;
	bool was_reset;

	struct mutex mutex;	/* step, goal, turn, deadline */
	enum tsi_step step;
	const struct tsi_goal *goal;
	unsigned long turn;
	unsigned long deadline;
	int err;
};

static inline struct tsi_attempt *tsi_attempt_of(struct tsi_link *link)
{
	return container_of(link, struct tsi_attempt, link);
}

struct tsi_attempt *tsi_attempt_create(size_t size, struct sock *sk,
				       struct tsi_sock *tsi,
				       struct socket *data);
bool tsi_attempt_begin(struct tsi_attempt *attempt,
		       const struct tsi_goal *goal, unsigned long turn);
bool tsi_attempt_is_busy(struct tsi_attempt *attempt);
void tsi_attempt_poke(struct tsi_attempt *attempt);
void tsi_attempt_poke_later(struct tsi_attempt *attempt);
bool tsi_attempt_advance(struct tsi_attempt *attempt);
int tsi_attempt_wait(struct tsi_sock *tsi, unsigned long turn,
		     enum tsi_wait_mode mode, long *timeout);

#endif /* _TSI_ATTEMPT_H */
