// SPDX-License-Identifier: GPL-2.0-only
/*
 * To wait, and to wake who waits, at the socket that a program holds.
 */

#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "wait.h"

static bool tsi_interrupted(enum tsi_wait_mode mode)
{
	return mode == TSI_WAIT_KILLABLE ? fatal_signal_pending(current) :
					   signal_pending(current);
}

/**
 * tsi_wait() - Try until it works, the time is over, or a signal comes
 * @sk: the socket at which whatever can make it work is told
 * @mode: how to wait
 * @timeout: how long, in jiffies; updated
 * @attempt: tries without waiting; -EAGAIN if it is to be tried again
 * @context: for @attempt
 *
 * All of TSI waits here. Between two tries the task sleeps until there was an
 * event, whatever the reason for -EAGAIN; so nothing can turn it into a loop.
 *
 * Return: what @attempt has returned, -EAGAIN after the time, or the error for a
 * signal
 */
int tsi_wait(struct sock *sk, enum tsi_wait_mode mode, long *timeout,
	     int (*attempt)(void *context), void *context)
{
	int state = mode == TSI_WAIT_KILLABLE ? TASK_KILLABLE :
						TASK_INTERRUPTIBLE;
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	wait_queue_head_t *queue = sk_sleep(sk);
	int ret;

	/* Most often it works at once. */
	ret = attempt(context);
	if (ret != -EAGAIN || !*timeout)
		return ret;

	if (mode == TSI_WAIT_ONE)
		add_wait_queue_exclusive(queue, &wait);
	else
		add_wait_queue(queue, &wait);
	/* Who wakes changes what we look at, and then looks for who waits. */
	smp_mb();
	for (;;) {
		ret = attempt(context);
		if (ret != -EAGAIN || !*timeout)
			break;
		if (tsi_interrupted(mode)) {
			ret = sock_intr_errno(*timeout);
			break;
		}
		*timeout = wait_woken(&wait, state, *timeout);
	}
	remove_wait_queue(queue, &wait);
	return ret;
}

/**
 * tsi_wake() - Wake who waits at a socket that a program holds
 * @sk: the socket
 * @events: what there is for poll(); 0 if it is for tsi_wait() alone
 */
void tsi_wake(struct sock *sk, __poll_t events)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	/* poll() asks for EPOLLMSG of no socket. */
	if (skwq_has_sleeper(wq))
		wake_up_poll(&wq->wait, events ?: EPOLLMSG);
	if (events & EPOLLIN)
		sk_wake_async_rcu(sk, SOCK_WAKE_WAITD, POLL_IN);
	if (events & EPOLLOUT)
		sk_wake_async_rcu(sk, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}
