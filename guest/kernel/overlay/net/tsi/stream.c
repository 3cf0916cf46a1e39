// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams: listen(), accept(), data.
 */

#include <linux/fs.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/un.h>
#include <net/af_vsock.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "tsi.h"

/* --- listen() ------------------------------------------------------------- */

/*
 * Who listens at a loopback address wants to be reached from the same machine
 * alone, which is the guest. See tsi_place() for what a path means to the host.
 */
static bool tsi_name_for_host(const struct tsi_name *name)
{
	const struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&name->addr;
	const struct sockaddr_in *in = (struct sockaddr_in *)&name->addr;
	const struct sockaddr_un *un = (struct sockaddr_un *)&name->addr;

	switch (name->addr.ss_family) {
	case AF_INET:
		return !ipv4_is_loopback(in->sin_addr.s_addr);
	case AF_INET6:
		return !ipv6_addr_loopback(&in6->sin6_addr) &&
		       !ipv6_addr_v4mapped_loopback(&in6->sin6_addr);
	default:
		return name->len > offsetof(struct sockaddr_un, sun_path) + 1 &&
		       (un->sun_path[0] == '/' || !un->sun_path[0]);
	}
}

/*
 * Errors of the host after which the guest is content to listen for itself:
 * not allowed, taken, not an address of the host. Paths are a matter of the
 * guest in the first place, so that none of the host's errors counts.
 */
static bool tsi_listen_in_guest(const struct sock *sk, int err)
{
	return err == -EPERM || err == -EACCES || err == -EADDRINUSE ||
	       err == -EADDRNOTAVAIL ||
	       (sk->sk_family == AF_UNIX && err != -ERESTARTSYS);
}

/* The guest listens already; have the host do it too. */
static int tsi_listen_host(struct socket *sock, int backlog,
			   struct tsi_link **result)
{
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_name name = {};
	struct tsi_link *link;
	int err;

	/* The port that bind() or listen() has picked, if it was for any */
	err = tsi->native->getname(sock, (struct sockaddr *)&name.addr, 0);
	if (err < 0)
		return err;
	name.len = err;
	if (!tsi_name_for_host(&name))
		return -EADDRNOTAVAIL;

	link = tsi_link_create(tsi);
	if (IS_ERR(link))
		return PTR_ERR(link);

	/* The host may connect before its answer is here. */
	err = kernel_listen(link->data, backlog);
	if (!err)
		err = tsi_control_create(link, MSG_MORE);
	if (!err)
		err = tsi_control_listen(link, &name, backlog);
	if (err) {
		tsi_link_close(link);
		tsi_link_put(link);
		return err;
	}
	*result = link;
	return 0;
}

/**
 * tsi_listen() - listen() of an impersonated socket
 * @sock: the socket
 * @backlog: how many connections may wait, of the guest and of the host each
 *
 * Return: 0 or an error
 */
int tsi_listen(struct socket *sock, int backlog)
{
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_link *link = NULL;
	enum tsi_state state;
	int err;

	if (!tsi_begin(tsi, &state)) {
		if (state != TSI_LISTENING)
			return -EINVAL;
		/* The host would not change its own. */
		link = tsi_get_link(tsi, NULL);
		if (link) {
			kernel_listen(link->data, backlog);
			tsi_link_put(link);
		}
		return tsi->native->listen(sock, backlog);
	}

	err = tsi->native->listen(sock, backlog);
	if (!err) {
		err = tsi_listen_host(sock, backlog, &link);
		if (err && tsi_listen_in_guest(tsi->sk, err))
			err = 0;
		else if (err)
			tsi->native->shutdown(sock, SHUT_RD);
	}
	tsi_end(tsi, link ? TSI_LISTENING : TSI_NATIVE, link);
	return err;
}

/* --- accept() ------------------------------------------------------------- */

/*
 * A connection of TCP has the options of its listener. What vsock heeds, and
 * what programs set on listeners to have it on all connections.
 */
static void tsi_inherit(const struct sock *from, struct sock *to)
{
	WRITE_ONCE(to->sk_rcvtimeo, READ_ONCE(from->sk_rcvtimeo));
	WRITE_ONCE(to->sk_sndtimeo, READ_ONCE(from->sk_sndtimeo));
	WRITE_ONCE(to->sk_rcvlowat, READ_ONCE(from->sk_rcvlowat));
	WRITE_ONCE(to->sk_sndbuf, READ_ONCE(from->sk_sndbuf));
	WRITE_ONCE(to->sk_rcvbuf, READ_ONCE(from->sk_rcvbuf));
	WRITE_ONCE(to->sk_priority, READ_ONCE(from->sk_priority));
	WRITE_ONCE(to->sk_mark, READ_ONCE(from->sk_mark));
	WRITE_ONCE(to->sk_lingertime, READ_ONCE(from->sk_lingertime));
	sock_valbool_flag(to, SOCK_LINGER, sock_flag(from, SOCK_LINGER));
	sock_valbool_flag(to, SOCK_KEEPOPEN, sock_flag(from, SOCK_KEEPOPEN));
	to->sk_reuse = from->sk_reuse;
	if (to->sk_protocol == IPPROTO_TCP)
		tcp_sk(to)->nonagle = tcp_sk(from)->nonagle;
}

/* Give @newsock a native socket like that of a program's own socket(). */
static int tsi_accept_native(const struct sock *listener,
			     struct socket *newsock)
{
	struct socket *sock;
	struct sock *sk;
	int err;

	err = __sock_create(sock_net(listener), listener->sk_family,
			    listener->sk_type, listener->sk_protocol, &sock, 0);
	if (err)
		return err;

	/* Its struct sock moves to @newsock; of the rest nothing is needed. */
	sk = sock->sk;
	lock_sock(sk);
	sock_graft(sk, newsock);
	tsi_inherit(listener, sk);
	release_sock(sk);

	sock->sk = NULL;
	module_put(sock->ops->owner);
	sock->ops = NULL;
	sock_release(sock);
	return 0;
}

/* Where the connection came in, as far as the guest can tell. */
static void tsi_accept_name(struct socket *sock, struct tsi_link *link)
{
	int len = sock->tsi->native->getname(sock, (struct sockaddr *)
					     &link->local.addr, 0);

	link->local.len = max(len, 0);
}

static int tsi_accept_host(struct socket *sock, struct socket *newsock,
			   struct tsi_link *listener)
{
	struct tsi_sock *child;
	struct tsi_link *link;
	struct socket *data;
	int err;

	err = kernel_accept(listener->data, &data, O_NONBLOCK);
	if (err)
		return err;

	err = tsi_accept_native(sock->sk, newsock);
	if (err)
		goto out_data;

	child = tsi_sock_create(newsock, sock->tsi->native);
	if (!child) {
		err = -ENOMEM;
		goto out_data;
	}
	/* With it, close() cleans up what is in @newsock. */
	newsock->tsi = child;

	link = tsi_link_adopt(child, data);
	if (IS_ERR(link)) {
		err = PTR_ERR(link);
		goto out_data;
	}
	tsi_accept_name(sock, link);
	child->link = link;
	child->state = TSI_CONNECTED;
	return 0;

out_data:
	sock_release(data);
	return err;
}

/* Take what is there, from the guest first. */
static int tsi_accept_now(struct socket *sock, struct socket *newsock,
			  const struct proto_accept_arg *arg)
{
	struct proto_accept_arg now = *arg;
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_link *link;
	enum tsi_state state;
	int err;

	now.flags |= O_NONBLOCK;
	err = tsi->native->accept(sock, newsock, &now);
	if (!err)
		newsock->ops = tsi->native;
	if (err != -EAGAIN)
		return err;

	link = tsi_get_link(tsi, &state);
	if (state == TSI_LISTENING)
		err = tsi_accept_host(sock, newsock, link);
	if (link)
		tsi_link_put(link);
	return err;
}

/**
 * tsi_accept() - accept() of an impersonated socket
 * @sock: the listener
 * @newsock: the connection, without a struct sock yet
 * @arg: flags
 *
 * A connection of the guest becomes a plain socket.
 *
 * Return: 0 or an error
 */
int tsi_accept(struct socket *sock, struct socket *newsock,
	       struct proto_accept_arg *arg)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	wait_queue_head_t *queue = sk_sleep(sock->sk);
	long timeout = sock_rcvtimeo(sock->sk, arg->flags & O_NONBLOCK);
	int err;

	/* One connection wakes one thread. */
	add_wait_queue_exclusive(queue, &wait);
	for (;;) {
		err = tsi_accept_now(sock, newsock, arg);
		if (err != -EAGAIN || !timeout)
			break;
		if (signal_pending(current)) {
			err = sock_intr_errno(timeout);
			break;
		}
		timeout = wait_woken(&wait, TASK_INTERRUPTIBLE, timeout);
	}
	remove_wait_queue(queue, &wait);
	return err;
}

/* --- Data ----------------------------------------------------------------- */

/*
 * Get the link that data goes through, or NULL if it goes through the native
 * socket. Like TCP, wait for a connect that is under way.
 */
static int tsi_stream_link(struct tsi_sock *tsi, long timeout,
			   struct tsi_link **result)
{
	struct tsi_link *link;
	enum tsi_state state;
	int err;

	for (;;) {
		link = tsi_get_link(tsi, &state);
		if (state != TSI_PENDING)
			break;
		if (link)
			tsi_link_put(link);
		err = timeout ? tsi_wait_connected(tsi, &timeout) : -EAGAIN;
		if (err)
			return err == -EINPROGRESS ? -EAGAIN : err;
	}
	if (link && state != TSI_CONNECTED) {
		tsi_link_put(link);
		link = NULL;
	}
	*result = link;
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
	if (ret == -ENOTCONN)
		ret = sk_stream_error(sk, msg->msg_flags, -EPIPE);
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

	flags &= ~MSG_WAITALL;
	do {
		ret = ops->recvmsg(link->data, msg, len - done, flags);
		if (ret > 0)
			done += ret;
	} while (all && ret > 0 && done < len);

	/* The end of a stream that was reset comes as no connection. */
	if (ret == -ENOTCONN)
		ret = 0;
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
 * An error of the vsock socket is moved to the native one, so that SO_ERROR
 * finds it, and once only.
 */
static __poll_t tsi_poll_link(struct file *file, struct tsi_link *link)
{
	struct sock *sk = link->tsi->sk;
	__poll_t events;
	int err;

	tsi_link_sync(link);
	/* Without a table nothing is registered: one wait queue is enough. */
	events = link->data->ops->poll(file, link->data, NULL);
	if (events & EPOLLERR) {
		err = sock_error(link->data->sk);
		if (err)
			WRITE_ONCE(sk->sk_err, -err);
		events &= ~EPOLLERR;
	}
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
	struct tsi_link *link;
	enum tsi_state state;

	/* First, so that no change after the look goes unseen. */
	sock_poll_wait(file, sock, wait);

	link = tsi_get_link(tsi, &state);
	switch (state) {
	case TSI_NATIVE:
		events = tsi->native->poll(file, sock, NULL);
		break;
	case TSI_PENDING:
		/* What the native socket says now may not be the outcome. */
		break;
	case TSI_CONNECTED:
		events = tsi_poll_link(file, link);
		break;
	case TSI_LISTENING:
		events = tsi->native->poll(file, sock, NULL) |
			 (tsi_poll_link(file, link) &
			  (EPOLLIN | EPOLLRDNORM));
		break;
	}
	if (link)
		tsi_link_put(link);
	return events;
}
