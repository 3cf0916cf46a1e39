// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data of streams, and poll().
 */

#include <linux/fs.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include <net/af_vsock.h>

#include "attempt.h"
#include "ops.h"

/* --- Data ----------------------------------------------------------------- */

/*
 * Get the link that data goes through, or NULL if it goes through the native
 * socket. Like TCP, wait for a connect that is under way.
 */
static int tsi_stream_link(struct tsi_sock *tsi, long timeout,
			   struct tsi_link **result)
{
	struct tsi_view view;
	int err;

	/* Within the guest it is to cost next to nothing. */
	if (READ_ONCE(tsi->state) == TSI_NATIVE) {
		*result = NULL;
		return 0;
	}
	for (;;) {
		tsi_sock_look(tsi, &view);
		if (view.state != TSI_PENDING)
			break;
		tsi_view_put(&view);
		err = tsi_attempt_wait(tsi, view.turn, TSI_WAIT_ALL, &timeout);
		if (err)
			return err;
	}
	if (view.link && view.state != TSI_CONNECTED) {
		tsi_link_put(view.link);
		view.link = NULL;
	}
	*result = view.link;
	return 0;
}

/**
 * tsi_stream_sendmsg() - sendmsg() of an impersonated stream
 * @sock: the socket
 * @msg: what to send
 * @len: how much
 *
 * Return: how much was sent, or an error
 */
int tsi_stream_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sock *sk = tsi->sk;
	struct tsi_link *link;
	int namelen = msg->msg_namelen;
	int ret;

	ret = tsi_stream_link(tsi, sock_sndtimeo(sk, msg->msg_flags &
						 MSG_DONTWAIT), &link);
	if (ret)
		return ret;
	if (!link)
		return tsi->native->sendmsg(sock, msg, len);

	ret = sock_error(sk);
	if (ret)
		goto out;
	tsi_link_sync(link);

	/* TCP does not look at an address once connected, vsock minds. */
	if (sk->sk_family != AF_UNIX)
		msg->msg_namelen = 0;
	ret = link->data->ops->sendmsg(link->data, msg, len);
	msg->msg_namelen = namelen;
	if (ret == -ENOTCONN || ret == -ECONNRESET)
		ret = -xchg(&link->error, 0) ?:
		      sk_stream_error(sk, msg->msg_flags, -EPIPE);
	/* Who has asked for SIGIO gets one when there is room again. */
	if (ret == -EAGAIN)
		sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
out:
	tsi_link_put(link);
	return ret;
}

/*
 * vsock refuses to wait for more than fits into its buffer, so MSG_WAITALL is
 * done here, piece by piece.
 */
static int tsi_recv(struct tsi_link *link, struct msghdr *msg, size_t len,
		    int flags)
{
	const struct proto_ops *ops = link->data->ops;
	bool all = flags & MSG_WAITALL && !(flags & MSG_PEEK);
	size_t done = 0;
	int ret;

	/* TCP throws it away instead of putting it anywhere. */
	if (flags & MSG_TRUNC && link->sk->sk_family != AF_UNIX)
		iov_iter_discard(&msg->msg_iter, ITER_DEST, len);
	flags &= ~(MSG_WAITALL | MSG_TRUNC);
	do {
		ret = ops->recvmsg(link->data, msg, len - done, flags);
		if (ret > 0)
			done += ret;
	} while (all && ret > 0 && done < len);

	/*
	 * The end of a stream that is gone comes as no connection, or to who has
	 * waited as the error, which is told once.
	 */
	if (ret == -ENOTCONN || ret == -ECONNRESET)
		ret = done ? 0 : -xchg(&link->error, 0);
	return done ?: ret;
}

/**
 * tsi_stream_recvmsg() - recvmsg() of an impersonated stream
 * @sock: the socket
 * @msg: where to put it
 * @len: how much at most
 * @flags: of the call
 *
 * Return: how much was received, or an error
 */
int tsi_stream_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		       int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_link *link;
	int ret;

	ret = tsi_stream_link(tsi, sock_rcvtimeo(tsi->sk, flags & MSG_DONTWAIT),
			      &link);
	if (ret)
		return ret;
	if (!link)
		return tsi->native->recvmsg(sock, msg, len, flags);

	if (flags & MSG_ERRQUEUE) {
		ret = tsi->native->recvmsg(sock, msg, len, flags);
		goto out;
	}
	ret = sock_error(tsi->sk);
	if (!ret) {
		tsi_link_sync(link);
		ret = tsi_recv(link, msg, len, flags);
	}
out:
	tsi_link_put(link);
	return ret;
}

/**
 * tsi_splice_read() - splice() from an impersonated stream
 * @sock: the socket
 * @ppos: not used
 * @pipe: where to
 * @len: how much at most
 * @flags: of the call
 *
 * Return: how much was moved, or an error
 */
ssize_t tsi_splice_read(struct socket *sock, loff_t *ppos,
			struct pipe_inode_info *pipe, size_t len,
			unsigned int flags)
{
	struct tsi_sock *tsi = sock->tsi;

	if (READ_ONCE(tsi->state) == TSI_NATIVE && tsi->native->splice_read)
		return tsi->native->splice_read(sock, ppos, pipe, len, flags);
	return copy_splice_read(sock->file, ppos, pipe, len, flags);
}

/* --- poll() --------------------------------------------------------------- */

/*
 * An error of the vsock socket is told by the native one, so that SO_ERROR finds it,
 * and once only.
 */
static __poll_t tsi_poll_link(struct file *file, struct tsi_link *link)
{
	struct sock *sk = link->sk;
	__poll_t events;
	int err;

	tsi_link_sync(link);
	/* Without a table nothing is registered: one wait queue is enough. */
	events = link->data->ops->poll(file, link->data, NULL);
	/* The vsock socket keeps its own: those who sleep there end by it. */
	err = xchg(&link->error, 0);
	if (err)
		WRITE_ONCE(sk->sk_err, err);
	events &= ~EPOLLERR;
	if (READ_ONCE(link->data->sk->sk_state) == TCP_CLOSE)
		events |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLHUP;
	if (READ_ONCE(sk->sk_err))
		events |= EPOLLERR;
	return events;
}

/**
 * tsi_stream_poll() - poll() of an impersonated stream
 * @file: of the socket
 * @sock: the socket
 * @wait: where to register
 *
 * Return: the events
 */
__poll_t tsi_stream_poll(struct file *file, struct socket *sock,
			 poll_table *wait)
{
	struct tsi_sock *tsi = sock->tsi;
	__poll_t events = 0;
	struct tsi_view view;

	/* First, so that no change after the look goes unseen. */
	sock_poll_wait(file, sock, wait);

	tsi_sock_look(tsi, &view);
	switch (view.state) {
	case TSI_NATIVE:
		events = tsi->native->poll(file, sock, NULL);
		break;
	case TSI_PENDING:
		/* What the native socket says now may not be the outcome. */
		break;
	case TSI_CONNECTED:
		events = tsi_poll_link(file, view.link);
		break;
	case TSI_LISTENING:
		events = tsi->native->poll(file, sock, NULL);
		if (tsi_has_connection(view.link))
			events |= EPOLLIN | EPOLLRDNORM;
		break;
	}
	tsi_view_put(&view);
	return events;
}
