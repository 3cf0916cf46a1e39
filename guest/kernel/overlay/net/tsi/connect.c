// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): in the guest, or through the host.
 */

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/un.h>
#include <linux/virtio_vsock_dgram.h>
#include <net/inet_common.h>
#include <net/ipv6.h>

#include "connect.h"
#include "hook.h"
#include "ops.h"
#include "route.h"
#include "wire.h"

/* --- The host ------------------------------------------------------------- */

/**
 * tsi_host_link() - Make a link for what a socket has to do with the host
 * @tsi: the socket, which is not changed
 *
 * Return: the link, or an error: -ENETUNREACH as without TSI, if the device has
 * gone
 */
struct tsi_attempt *tsi_host_link(struct tsi_sock *tsi)
{
	if (!virtio_vsock_has_dgram())
		return ERR_PTR(-ENETUNREACH);
	return tsi_attempt_create(sizeof(struct tsi_attempt), tsi->sk, tsi,
				  NULL);
}

/**
 * tsi_host_name() - Put an address as the host is to have it
 * @sk: the socket that it was given for
 * @addr: the address, of the family of @sk and not too short for it
 * @addr_len: its length, as it came from user space
 * @name: where it goes
 */
void tsi_host_name(const struct sock *sk, const struct sockaddr *addr,
		   int addr_len, struct tsi_name *name)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&name->addr;
	struct sockaddr_in *in = (struct sockaddr_in *)&name->addr;

	memset(&name->addr, 0, sizeof(name->addr));
	name->len = addr_len;
	if (sk->sk_family == AF_INET)
		name->len = sizeof(struct sockaddr_in);
	else if (sk->sk_family == AF_INET6)
		name->len = min_t(int, addr_len, sizeof(struct sockaddr_in6));
	memcpy(&name->addr, addr, name->len);

	/* The family's own, whatever there was behind its fields. */
	if (sk->sk_family == AF_INET)
		memset(in->sin_zero, 0, sizeof(in->sin_zero));
	if (sk->sk_family == AF_INET6)
		name->len = sizeof(*in6);
}

static struct sk_buff *tsi_connect_request(struct tsi_attempt *attempt)
{
	struct tsi_link *link = &attempt->link;
	struct tsi_name name = {};

	name.len = tsi_link_copy_name(link, &link->peer, &name.addr);
	return tsi_request_address(&link->control, &name);
}

static int tsi_connect_answer(struct tsi_attempt *attempt)
{
	return tsi_answer_result(&attempt->link.control, TSI_PORT_CONNECT);
}

static void tsi_stream_connected(struct tsi_attempt *attempt,
				 unsigned long turn, int err)
{
	struct tsi_sock *tsi = attempt->tsi;

	/* Of the next attempt the host knows by a new id: it keeps this one. */
	if (err) {
		tsi_sock_detach(tsi, turn, err);
		return;
	}
	/* A stream has nothing to ask once it is connected. */
	tsi_control_close(&attempt->link.control);
	if (tsi_sock_move(tsi, &turn, TSI_CONNECTED))
		sk_wake_async(tsi->sk, SOCK_WAKE_IO, POLL_OUT);
}

static const struct tsi_goal tsi_stream_goal = {
	.port = TSI_PORT_CONNECT,
	.timeout = TSI_CONNECT_TIMEOUT,
	.request = tsi_connect_request,
	.answer = tsi_connect_answer,
	.stream = true,
	.done = tsi_stream_connected,
};

static void tsi_dgram_connected(struct tsi_attempt *attempt,
				unsigned long turn, int err)
{
	/* One that does not wait is TSI_CONNECTED already. */
	if (err)
		tsi_sock_detach(attempt->tsi, turn, err);
	else
		tsi_sock_move(attempt->tsi, &turn, TSI_CONNECTED);
}

static void tsi_dgram_reset(struct tsi_attempt *attempt);

static const struct tsi_goal tsi_dgram_goal = {
	.port = TSI_PORT_CONNECT,
	.timeout = TSI_ANSWER_TIMEOUT,
	.request = tsi_connect_request,
	.answer = tsi_connect_answer,
	.done = tsi_dgram_connected,
	.reset = tsi_dgram_reset,
};

/* A host that has forgotten the proxy is asked to connect it again. */
static void tsi_dgram_reset(struct tsi_attempt *attempt)
{
	struct tsi_view view;

	tsi_sock_look(attempt->tsi, &view);
	if (view.link == &attempt->link && view.state == TSI_CONNECTED &&
	    READ_ONCE(attempt->step) == TSI_STEP_NONE)
		tsi_attempt_begin(attempt, &tsi_dgram_goal, view.turn);
	tsi_view_put(&view);
}

/* --- Streams -------------------------------------------------------------- */

static int tsi_stream_wait(struct tsi_sock *tsi, unsigned long turn, int flags)
{
	long timeout = sock_sndtimeo(tsi->sk, flags & O_NONBLOCK);
	struct tsi_view view;
	int err;

	/* The turn in which a link comes is followed by that of the outcome. */
	do {
		err = tsi_attempt_wait(tsi, turn, TSI_WAIT_ALL, &timeout);
		if (err)
			return err == -EAGAIN ? -EINPROGRESS : err;
		tsi_sock_look(tsi, &view);
		tsi_view_put(&view);
		turn = view.turn;
	} while (view.state == TSI_PENDING);

	if (view.state == TSI_NATIVE)
		return sock_error(tsi->sk) ?: -ECONNABORTED;
	WRITE_ONCE(tsi->told, true);
	return 0;
}

/* The socket is TSI_PENDING, and it is our turn. */
static int tsi_stream_connect_host(struct socket *sock, struct sockaddr *addr,
				   int addr_len, int flags, unsigned long turn)
{
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_attempt *attempt;
	struct tsi_name name;
	int err;

	attempt = tsi_host_link(tsi);
	if (IS_ERR(attempt)) {
		tsi_sock_move(tsi, &turn, TSI_NATIVE);
		return PTR_ERR(attempt);
	}
	tsi_host_name(tsi->sk, addr, addr_len, &name);
	tsi_link_set_name(&attempt->link, &attempt->link.peer, &name);

	if (!tsi_sock_attach(tsi, &turn, TSI_PENDING, &attempt->link)) {
		tsi_link_close(&attempt->link);
		err = -ECONNABORTED;
		goto out;
	}
	WRITE_ONCE(tsi->told, false);
	tsi_attempt_begin(attempt, &tsi_stream_goal, turn);

	/* A path is found at once, or not at all. */
	if (flags & O_NONBLOCK && tsi->sk->sk_family != AF_UNIX)
		err = -EINPROGRESS;
	else
		err = tsi_stream_wait(tsi, turn,
				      tsi->sk->sk_family == AF_UNIX ?
				      flags & ~O_NONBLOCK : flags);
out:
	tsi_link_put(&attempt->link);
	return err;
}

static bool tsi_is_mapped(const struct sockaddr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

	return ipv6_addr_v4mapped(&in6->sin6_addr);
}

/* Is the host worth a try after the guest has failed with @err? */
static bool tsi_try_host(struct sock *sk, const struct sockaddr *addr,
			 enum tsi_place place, int err)
{
	if (!tsi_may_reach_host(sk))
		return false;
	if (sk->sk_family == AF_UNIX)
		return place == TSI_LOCAL && tsi_is_absent(addr, err);
	if (place == TSI_LOCAL)
		return err == -ECONNREFUSED;
	/* A route may lead to a network of the guest that is not there now. */
	return place == TSI_GUEST && err == -ENETUNREACH &&
	       !READ_ONCE(sk->sk_bound_dev_if) &&
	       !(ipv6_only_sock(sk) && tsi_is_mapped(addr));
}

static int tsi_connect_native(struct socket *sock, struct sockaddr *addr,
			      int addr_len, int flags, enum tsi_place place)
{
	const struct proto_ops *native = sock->tsi->native;
	int err;

	err = native->connect(sock, addr, addr_len, flags);
	/*
	 * The loopback device is so quick that a refusal is usually here, and
	 * then the host is to be asked. The second call gets it.
	 */
	if (err == -EINPROGRESS && flags & O_NONBLOCK && place == TSI_LOCAL &&
	    READ_ONCE(sock->sk->sk_state) == TCP_CLOSE)
		err = native->connect(sock, addr, addr_len, flags);
	return err;
}

static int tsi_stream_connect_again(struct tsi_sock *tsi,
				    const struct tsi_view *view, int flags)
{
	switch (view->state) {
	case TSI_PENDING:
		if (flags & O_NONBLOCK)
			return -EALREADY;
		return tsi_stream_wait(tsi, view->turn, flags);
	case TSI_CONNECTED:
		/* As of TCP, the first to ask for the outcome gets it. */
		if (!xchg(&tsi->told, true))
			return 0;
		fallthrough;
	default:
		return -EISCONN;
	}
}

/* Surely for the host; else the guest is tried first. */
static bool tsi_stream_is_for_host(struct socket *sock,
				   const struct sockaddr *addr, int addr_len,
				   enum tsi_place *place)
{
	*place = tsi_place(sock->sk, addr, addr_len);
	/* The family has a connect under way, or listens. */
	if (READ_ONCE(sock->sk->sk_state) != TCP_CLOSE ||
	    sock->state != SS_UNCONNECTED)
		return false;
	return *place == TSI_HOST ||
	       (*place == TSI_LOCAL &&
		!tsi_has_listener(sock->sk, addr, addr_len));
}

static int tsi_stream_connect(struct socket *sock, struct sockaddr *addr,
			      int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sock *sk = tsi->sk;
	enum tsi_place place;
	struct tsi_view view;
	unsigned long turn;
	bool host;
	int err;

	do {
		tsi_sock_look(tsi, &view);
		tsi_view_put(&view);
		if (view.state != TSI_NATIVE)
			return tsi_stream_connect_again(tsi, &view, flags);
		turn = view.turn;
	} while (!tsi_sock_move(tsi, &turn, TSI_PENDING));

	/* That of a connect before, which nobody has asked for yet */
	err = sock->state == SS_UNCONNECTED ? sock_error(sk) : 0;
	if (err)
		goto end;

	host = tsi_stream_is_for_host(sock, addr, addr_len, &place);
	if (host)
		err = tsi_hook_connect(sk, addr, addr_len);
	if (err < 0)
		goto end;
	/* A program may have led it elsewhere. */
	if (err)
		host = tsi_stream_is_for_host(sock, addr, addr_len, &place);
	if (!host) {
		err = tsi_connect_native(sock, addr, addr_len, flags, place);
		host = tsi_try_host(sk, addr, place, err);
	}
	if (host)
		return tsi_stream_connect_host(sock, addr, addr_len, flags,
					       turn);
end:
	tsi_sock_move(tsi, &turn, TSI_NATIVE);
	return err;
}

/* --- Datagrams ------------------------------------------------------------ */

/*
 * The host answers at once, and programs do not expect to wait. A connect() that
 * must not block succeeds, and an error comes later, as one of the network would.
 * That of a path is found out at once in any case.
 *
 * An address of the guest, @local, has no receiver now and may have one later: then
 * the native socket is connected as well, and dgram.c decides for each datagram.
 */
static int tsi_dgram_connect_host(struct socket *sock, struct sockaddr *addr,
				  int addr_len, int flags, unsigned long turn,
				  bool local)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	bool wait = !(flags & O_NONBLOCK) || tsi->sk->sk_family == AF_UNIX;
	enum tsi_state state = wait ? TSI_PENDING : TSI_CONNECTED;
	long timeout = TSI_ANSWER_TIMEOUT;
	struct tsi_attempt *attempt;
	struct tsi_name name;
	struct tsi_view view;
	bool ours;
	int err = 0;

	if (local)
		err = tsi->native->connect(sock, addr, addr_len, flags);
	else if (READ_ONCE(tsi->sk->sk_state) == TCP_ESTABLISHED)
		/* What the guest sends is not from this peer. */
		tsi->native->connect(sock, &none, sizeof(none), 0);
	/* As by any connect(), the socket gets a port. */
	if (!err && tsi->sk->sk_family != AF_UNIX)
		err = inet_send_prepare(tsi->sk);
	if (err) {
		tsi_sock_move(tsi, &turn, TSI_NATIVE);
		return err;
	}

	/* What is in the queue of the link is kept, as UDP does. */
	tsi_sock_look(tsi, &view);
	if (view.link) {
		attempt = tsi_attempt_of(view.link);
		ours = tsi_sock_move(tsi, &turn, state);
	} else {
		attempt = tsi_host_link(tsi);
		if (IS_ERR(attempt)) {
			tsi_sock_move(tsi, &turn, TSI_NATIVE);
			return PTR_ERR(attempt);
		}
		ours = tsi_sock_attach(tsi, &turn, state, &attempt->link);
		if (!ours)
			tsi_link_close(&attempt->link);
	}
	if (!ours) {
		err = -ECONNABORTED;
		goto out;
	}

	tsi_host_name(tsi->sk, addr, addr_len, &name);
	tsi_link_set_name(&attempt->link, &attempt->link.peer, &name);
	WRITE_ONCE(attempt->link.local_peer, local);
	if (!tsi_attempt_begin(attempt, &tsi_dgram_goal, turn)) {
		tsi_sock_detach(tsi, turn, 0);
		err = -ECONNABORTED;
	}
	if (err || !wait)
		goto out;

	err = tsi_attempt_wait(tsi, turn, TSI_WAIT_ALL, &timeout);
	if (err)
		tsi_sock_detach(tsi, turn, 0);
	else if (READ_ONCE(tsi->state) != TSI_CONNECTED)
		err = sock_error(tsi->sk) ?: -ECONNABORTED;
	if (err == -EAGAIN)
		err = -ETIMEDOUT;
out:
	tsi_link_put(&attempt->link);
	return err;
}

static int tsi_dgram_begin(struct tsi_sock *tsi, unsigned long *turn,
			   enum tsi_state *before)
{
	struct tsi_view view;
	bool busy;

	do {
		tsi_sock_look(tsi, &view);
		/* The answer on its way would be taken for that to this one. */
		busy = view.link && READ_ONCE(tsi_attempt_of(view.link)->step) !=
				    TSI_STEP_NONE;
		tsi_view_put(&view);
		if (view.state == TSI_PENDING)
			return -EALREADY;
		if (busy)
			tsi_sock_detach(tsi, view.turn, 0);
		*turn = view.turn;
		*before = view.state;
	} while (busy || !tsi_sock_move(tsi, turn, TSI_PENDING));
	return 0;
}

static int tsi_dgram_connect(struct socket *sock, struct sockaddr *addr,
			     int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sock *sk = tsi->sk;
	enum tsi_state before;
	enum tsi_place place;
	unsigned long turn;
	int err;

	err = tsi_dgram_begin(tsi, &turn, &before);
	if (err)
		return err;

	place = tsi_place(sk, addr, addr_len);
	if (place == TSI_HOST)
		err = tsi_hook_connect(sk, addr, addr_len);
	if (err < 0)
		goto end;
	/* A program may have led it elsewhere. */
	if (err)
		place = tsi_place(sk, addr, addr_len);
	if (place == TSI_HOST ||
	    (place == TSI_LOCAL && sk->sk_family != AF_UNIX &&
	     !tsi_has_receiver(sk, addr)))
		return tsi_dgram_connect_host(sock, addr, addr_len, flags,
					      turn, place == TSI_LOCAL);

	err = tsi->native->connect(sock, addr, addr_len, flags);
	if (sk->sk_family == AF_UNIX && tsi_try_host(sk, addr, place, err))
		return tsi_dgram_connect_host(sock, addr, addr_len, flags,
					      turn, false);
	if (!err) {
		/* It hears nobody at the host any more. */
		tsi_sock_detach(tsi, turn, 0);
		return 0;
	}
end:
	tsi_sock_move(tsi, &turn, before);
	return err;
}

static int tsi_disconnect(struct socket *sock, struct sockaddr *addr,
			  int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	int err;

	err = tsi->native->connect(sock, addr, addr_len, flags);
	/* UNIX streams cannot. */
	if (!err)
		tsi_sock_detach(tsi, TSI_ANY_TURN, 0);
	return err;
}

/**
 * tsi_connect() - connect() of an impersonated socket
 * @sock: the socket
 * @addr: where to; AF_UNSPEC disconnects
 * @addr_len: length of @addr
 * @flags: of the file
 *
 * Return: 0 or an error
 */
int tsi_connect(struct socket *sock, struct sockaddr *addr, int addr_len,
		int flags)
{
	if (addr_len < (int)sizeof(sa_family_t))
		return -EINVAL;
	if (addr->sa_family == AF_UNSPEC)
		return tsi_disconnect(sock, addr, addr_len, flags);
	if (tsi_is_stream(sock->sk))
		return tsi_stream_connect(sock, addr, addr_len, flags);
	return tsi_dgram_connect(sock, addr, addr_len, flags);
}
