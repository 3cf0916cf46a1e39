// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a link is asked to become.
 *
 * tsi_attempt_advance() carries an attempt on as far as it goes without waiting.
 * A thread that blocks in connect() or listen() calls it each time it is woken.
 * When nobody blocks, the events of the link have a worker call it, which so never
 * waits either.
 */

#include <linux/slab.h>
#include <net/af_vsock.h>

#include "attempt.h"
#include "wire.h"

/* --- Worker --------------------------------------------------------------- */

/*
 * Drop a reference where the last one may not be dropped, because that sleeps: then it
 * is the worker's.
 */
static void tsi_attempt_put(struct tsi_attempt *attempt)
{
	/* Pending work has one of its own. */
	while (!refcount_dec_not_one(&attempt->link.ref.refcount)) {
		if (queue_delayed_work(system_unbound_wq, &attempt->work, 0))
			return;
	}
}

/* Have the worker look at it in @delay jiffies. */
static void tsi_attempt_queue(struct tsi_attempt *attempt, unsigned long delay)
{
	if (!kref_get_unless_zero(&attempt->link.ref))
		return;
	if (mod_delayed_work(system_unbound_wq, &attempt->work, delay))
		tsi_attempt_put(attempt);
}

/**
 * tsi_attempt_poke() - Have the worker call the goal's event()
 * @attempt: of this
 */
void tsi_attempt_poke(struct tsi_attempt *attempt)
{
	tsi_attempt_queue(attempt, 0);
}

/**
 * tsi_attempt_poke_later() - Have the worker call the goal's event() in a while
 * @attempt: of this
 */
void tsi_attempt_poke_later(struct tsi_attempt *attempt)
{
	tsi_attempt_queue(attempt, HZ / 10);
}

static void tsi_attempt_cancel(struct tsi_attempt *attempt)
{
	if (cancel_delayed_work(&attempt->work))
		tsi_link_put(&attempt->link);
}

/* Have the worker look at the deadline, if not earlier. */
static void tsi_attempt_arm(struct tsi_attempt *attempt)
{
	long left = READ_ONCE(attempt->deadline) - jiffies;

	tsi_link_get(&attempt->link);
	if (!queue_delayed_work(system_unbound_wq, &attempt->work,
				max(left, 1L)))
		tsi_link_put(&attempt->link);
	/* The one who closes the link has cancelled before we queued. */
	if (READ_ONCE(attempt->link.closed))
		tsi_attempt_cancel(attempt);
}

/* What was asked is forgotten, and what was answered holds no more. */
static void tsi_attempt_reset(struct tsi_attempt *attempt,
			      const struct tsi_goal *goal)
{
	bool over;

	mutex_lock(&attempt->mutex);
	over = attempt->step == TSI_STEP_NONE;
	if (attempt->step == TSI_STEP_ANSWER)
		WRITE_ONCE(attempt->step, TSI_STEP_ROOM);
	mutex_unlock(&attempt->mutex);
	if (over && goal && goal->reset)
		goal->reset(attempt);
}

static void tsi_attempt_work(struct work_struct *work)
{
	struct tsi_attempt *attempt =
		container_of(to_delayed_work(work), struct tsi_attempt, work);
	const struct tsi_goal *goal;

	if (READ_ONCE(attempt->link.closed))
		goto out;

	goal = READ_ONCE(attempt->goal);
	if (xchg(&attempt->was_reset, false))
		tsi_attempt_reset(attempt, goal);
	if (goal && goal->event)
		goal->event(attempt);
	if (!tsi_attempt_advance(attempt))
		tsi_attempt_arm(attempt);
out:
	tsi_link_put(&attempt->link);
}

static void tsi_attempt_event(struct tsi_link *link, enum tsi_event event)
{
	struct tsi_attempt *attempt = tsi_attempt_of(link);
	const struct tsi_goal *goal = READ_ONCE(attempt->goal);

	if (event == TSI_EVENT_RESET)
		WRITE_ONCE(attempt->was_reset, true);

	if (event == TSI_EVENT_RESET || (goal && goal->event) ||
	    (READ_ONCE(attempt->step) != TSI_STEP_NONE &&
	     !atomic_read(&attempt->waiters)))
		tsi_attempt_queue(attempt, 0);
}

static bool tsi_attempt_go_on(struct tsi_attempt *attempt);

/*
 * A stream goes on to connect at once: a thread would be woken for no more than that,
 * and go to sleep again.
 */
static bool tsi_attempt_answer(struct tsi_link *link)
{
	struct tsi_attempt *attempt = tsi_attempt_of(link);
	const struct tsi_goal *goal = READ_ONCE(attempt->goal);

	if (goal && goal->stream)
		return kref_get_unless_zero(&link->ref);
	tsi_wake(link->sk, 0);
	if (READ_ONCE(attempt->step) != TSI_STEP_NONE &&
	    !atomic_read(&attempt->waiters))
		tsi_attempt_queue(attempt, 0);
	return false;
}

/* Nothing comes from the host meanwhile: who waits here may not wait for long. */
static void tsi_attempt_answered(struct tsi_link *link)
{
	struct tsi_attempt *attempt = tsi_attempt_of(link);

	if (READ_ONCE(link->closed))
		goto out;
	if (mutex_trylock(&attempt->mutex))
		tsi_attempt_go_on(attempt);
	else
		tsi_attempt_queue(attempt, 0);
out:
	tsi_attempt_put(attempt);
}

/* --- Life ----------------------------------------------------------------- */

static void tsi_attempt_close(struct tsi_link *link)
{
	struct tsi_attempt *attempt = tsi_attempt_of(link);
	const struct tsi_goal *goal = READ_ONCE(attempt->goal);

	tsi_attempt_cancel(attempt);
	if (goal && goal->close)
		goal->close(attempt);
}

static void tsi_attempt_free(struct tsi_link *link)
{
	struct tsi_attempt *attempt = tsi_attempt_of(link);

	if (attempt->tsi)
		tsi_sock_put(attempt->tsi);
	kfree(attempt);
}

static const struct tsi_link_ops tsi_attempt_ops = {
	.event = tsi_attempt_event,
	.answer = tsi_attempt_answer,
	.answered = tsi_attempt_answered,
	.close = tsi_attempt_close,
	.free = tsi_attempt_free,
};

/**
 * tsi_attempt_create() - Make a link that can be asked to become something
 * @size: of a structure that begins with a struct tsi_attempt
 * @sk: the native socket
 * @tsi: the socket that it is for, or NULL
 * @data: see tsi_link_init()
 *
 * Return: it, or an error
 */
struct tsi_attempt *tsi_attempt_create(size_t size, struct sock *sk,
				       struct tsi_sock *tsi,
				       struct socket *data)
{
	struct tsi_attempt *attempt;
	int err;

	attempt = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!attempt) {
		if (data)
			sock_release(data);
		return ERR_PTR(-ENOMEM);
	}

	mutex_init(&attempt->mutex);
	INIT_DELAYED_WORK(&attempt->work, tsi_attempt_work);
	if (tsi)
		tsi_sock_get(tsi);
	attempt->tsi = tsi;
	err = tsi_link_init(&attempt->link, &tsi_attempt_ops, sk, data);
	if (err) {
		tsi_link_close(&attempt->link);
		tsi_link_put(&attempt->link);
		return ERR_PTR(err);
	}
	return attempt;
}

/* --- Steps ---------------------------------------------------------------- */

static int tsi_step_room(struct tsi_attempt *attempt)
{
	int err;

	/* First, so that no answer is thought to be that to an earlier one. */
	skb_queue_purge(&attempt->link.control.answers);
	err = tsi_link_request(&attempt->link, attempt->goal->request(attempt),
			       attempt->goal->port);
	if (err)
		return err;
	WRITE_ONCE(attempt->step, TSI_STEP_ANSWER);
	return -EAGAIN;
}

static int tsi_stream_begin(struct tsi_attempt *attempt)
{
	struct sockaddr_vm host;
	int err;

	vsock_addr_init(&host, VMADDR_CID_HOST, TSI_PORT_STREAM);
	err = kernel_connect(attempt->link.data, (struct sockaddr *)&host,
			     sizeof(host), O_NONBLOCK);
	if (err && err != -EINPROGRESS)
		return err;
	WRITE_ONCE(attempt->step, TSI_STEP_STREAM);
	return -EAGAIN;
}

static int tsi_step_answer(struct tsi_attempt *attempt)
{
	int err = attempt->goal->answer(attempt);

	if (!err && attempt->goal->stream)
		return tsi_stream_begin(attempt);
	return err;
}

static int tsi_step_stream(struct tsi_attempt *attempt)
{
	struct sock *sk = attempt->link.data->sk;
	bool connecting;
	int err;

	/* Without the lock, so as not to wait for who is about to change it. */
	if (READ_ONCE(sk->sk_state) == TCP_SYN_SENT && !READ_ONCE(sk->sk_err))
		return -EAGAIN;

	lock_sock(sk);
	connecting = sk->sk_state == TCP_SYN_SENT && !sk->sk_err;
	err = sock_error(sk);
	if (!err && sk->sk_state == TCP_CLOSE)
		err = -ECONNREFUSED;
	release_sock(sk);

	if (connecting)
		return -EAGAIN;
	/* The timer of vsock for an answer to the request. */
	if (cancel_delayed_work(&vsock_sk(sk)->connect_work))
		sock_put(sk);
	/* The host has lost the proxy between its answer and our request. */
	return err == -ECONNRESET ? -ECONNREFUSED : err;
}

static int tsi_attempt_step(struct tsi_attempt *attempt)
{
	int err = -EAGAIN;

	if (attempt->step == TSI_STEP_ROOM)
		err = tsi_step_room(attempt);
	if (err == -EAGAIN && attempt->step == TSI_STEP_ANSWER)
		err = tsi_step_answer(attempt);
	if (err == -EAGAIN && attempt->step == TSI_STEP_STREAM)
		err = tsi_step_stream(attempt);
	if (err == -EAGAIN && time_after_eq(jiffies, attempt->deadline))
		err = -ETIMEDOUT;
	return err;
}

/*
 * Nothing is left for the worker but what has happened to the link meanwhile. A goal
 * that wants to hear of that keeps it, though it may find no more than the deadline.
 */
static void tsi_attempt_dismiss(struct tsi_attempt *attempt,
				const struct tsi_goal *goal)
{
	if (goal->event)
		return;
	tsi_attempt_cancel(attempt);
	if (READ_ONCE(attempt->was_reset))
		tsi_attempt_poke(attempt);
}

/* The mutex is held, and dropped. */
static bool tsi_attempt_go_on(struct tsi_attempt *attempt)
{
	const struct tsi_goal *goal;
	unsigned long turn;
	int err = -EAGAIN;
	bool over;

	goal = attempt->goal;
	turn = attempt->turn;
	if (attempt->step != TSI_STEP_NONE) {
		err = tsi_attempt_step(attempt);
		if (err != -EAGAIN)
			WRITE_ONCE(attempt->step, TSI_STEP_NONE);
	}
	over = attempt->step == TSI_STEP_NONE;
	mutex_unlock(&attempt->mutex);

	/* Only the first to see the outcome comes here. */
	if (err != -EAGAIN) {
		tsi_attempt_dismiss(attempt, goal);
		goal->done(attempt, turn, err);
	}
	return over;
}

/**
 * tsi_attempt_advance() - Carry an attempt on
 * @attempt: the attempt
 *
 * Return: whether it is over
 */
bool tsi_attempt_advance(struct tsi_attempt *attempt)
{
	if (READ_ONCE(attempt->step) == TSI_STEP_NONE)
		return true;
	mutex_lock(&attempt->mutex);
	return tsi_attempt_go_on(attempt);
}

/**
 * tsi_attempt_begin() - Ask the host
 * @attempt: of the link
 * @goal: what for
 * @turn: of the socket, for @goal's done()
 *
 * Return: whether it was begun; not if something is asked already, or if it is
 * somebody else's turn
 */
bool tsi_attempt_begin(struct tsi_attempt *attempt,
		       const struct tsi_goal *goal, unsigned long turn)
{
	mutex_lock(&attempt->mutex);
	if (attempt->step != TSI_STEP_NONE ||
	    (attempt->tsi && READ_ONCE(attempt->tsi->turn) != turn)) {
		mutex_unlock(&attempt->mutex);
		return false;
	}
	WRITE_ONCE(attempt->goal, goal);
	attempt->turn = turn;
	WRITE_ONCE(attempt->deadline, jiffies + goal->timeout);
	WRITE_ONCE(attempt->step, TSI_STEP_ROOM);
	mutex_unlock(&attempt->mutex);

	tsi_attempt_arm(attempt);
	tsi_attempt_advance(attempt);
	return true;
}

/**
 * tsi_attempt_is_busy() - Is something asked of the host?
 * @attempt: of the link
 *
 * Nothing is begun any more with a turn that was over before the call.
 *
 * Return: whether it is
 */
bool tsi_attempt_is_busy(struct tsi_attempt *attempt)
{
	bool busy;

	mutex_lock(&attempt->mutex);
	busy = attempt->step != TSI_STEP_NONE;
	mutex_unlock(&attempt->mutex);
	return busy;
}

/* --- Waiting -------------------------------------------------------------- */

/**
 * struct tsi_attempt_waiter - who waits until a turn is over
 * @tsi: the socket
 * @turn: the turn
 * @attempt: that decides it, or NULL
 */
struct tsi_attempt_waiter {
	struct tsi_sock *tsi;
	unsigned long turn;
	struct tsi_attempt *attempt;
};

static int tsi_turn_is_over(void *context)
{
	struct tsi_attempt_waiter *waiter = context;

	if (waiter->attempt)
		tsi_attempt_advance(waiter->attempt);
	/* Pairs with tsi_sock_change(): the outcome is there first. */
	return smp_load_acquire(&waiter->tsi->turn) == waiter->turn ? -EAGAIN : 0;
}

/**
 * tsi_attempt_wait() - Wait until a turn of a socket is over
 * @tsi: the socket
 * @turn: the turn
 * @mode: how to wait
 * @timeout: how long, in jiffies; updated
 *
 * Return: 0 if it is over, well or not, -EAGAIN after the time, or the error for
 * a signal
 */
int tsi_attempt_wait(struct tsi_sock *tsi, unsigned long turn,
		     enum tsi_wait_mode mode, long *timeout)
{
	struct tsi_attempt_waiter waiter = { .tsi = tsi, .turn = turn };
	struct tsi_view view;
	int err;

	tsi_sock_look(tsi, &view);
	if (view.turn != turn) {
		tsi_view_put(&view);
		return 0;
	}
	if (view.link) {
		waiter.attempt = tsi_attempt_of(view.link);
		atomic_inc(&waiter.attempt->waiters);
	}
	err = tsi_wait(tsi->sk, mode, timeout, tsi_turn_is_over, &waiter);
	/* What came while we were the one to look */
	if (view.link && atomic_dec_and_test(&waiter.attempt->waiters) && err)
		tsi_attempt_queue(waiter.attempt, 0);
	tsi_view_put(&view);
	return err;
}
