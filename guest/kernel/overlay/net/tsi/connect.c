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
#include <net/tsi.h>

#include "announced.h"
#include "connect.h"
#include "hook.h"
#include "ops.h"
#include "route.h"
#include "wire.h"

/* --- The host ------------------------------------------------------------- */

/**
 * struct tsi_dgram - a link for datagrams, and what a connect() may go back to
 * @attempt: the link
 * @state: what its socket was before connect()
 * @peer: and to which peer
 * @local_peer: that of the link for @peer
 * @refused: the host has refused a connect() for which nobody waited, or has forgotten
 *	     one: it is to be asked again
 */
struct tsi_dgram {
	struct tsi_attempt attempt;
	enum tsi_state state;
	struct tsi_name peer;
	bool local_peer;
	bool refused;
};

static struct tsi_dgram *tsi_dgram_of(struct tsi_attempt *attempt)
{
	return container_of(attempt, struct tsi_dgram, attempt);
}

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
	return tsi_attempt_create(tsi_is_stream(tsi->sk) ?
				  sizeof(struct tsi_attempt) :
				  sizeof(struct tsi_dgram), tsi->sk, tsi, NULL);
}

/**
 * tsi_udp_address() - Take an address as UDP takes it
 * @sk: the socket that it was given for
 * @addr: the address, as it came from user space
 * @addr_len: its length
 * @own: gets the address as one of the socket's family, if it is not: that of no
 *	 family is one of IPv4 for sockets of IPv4; those of IPv6 take both
 *
 * Return: the length of @own, or 0 if @addr is to be used
 */
int tsi_udp_address(const struct sock *sk, const struct sockaddr *addr,
		    int addr_len, struct sockaddr_in6 *own)
{
	struct sockaddr_in in;

	if (addr_len < (int)sizeof(in) || sk->sk_protocol != IPPROTO_UDP)
		return 0;
	memcpy(&in, addr, sizeof(in));
	if (sk->sk_family == AF_INET && in.sin_family == AF_UNSPEC) {
		in.sin_family = AF_INET;
		memcpy(own, &in, sizeof(in));
		return sizeof(in);
	}
	if (sk->sk_family != AF_INET6 || in.sin_family != AF_INET ||
	    ipv6_only_sock(sk))
		return 0;
	*own = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = in.sin_port,
	};
	ipv6_addr_set_v4mapped(in.sin_addr.s_addr, &own->sin6_addr);
	return sizeof(*own);
}

/**
 * tsi_host_name() - Put an address as the host is to have it
 * @sk: the socket that it was given for
 * @addr: the address, not too short for its family
 * @addr_len: its length, as it came from user space
 * @name: where it goes
 */
void tsi_host_name(const struct sock *sk, const struct sockaddr *addr,
		   int addr_len, struct tsi_name *name)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&name->addr;
	struct sockaddr_in *in = (struct sockaddr_in *)&name->addr;
	struct sockaddr_in6 own;
	int own_len = tsi_udp_address(sk, addr, addr_len, &own);

	if (own_len) {
		addr = (const struct sockaddr *)&own;
		addr_len = own_len;
	}
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

	attempt->err = err;
	/* Of the next attempt the host knows by a new id: it keeps this one. */
	if (err) {
		/* That of a path is for who waits alone. */
		tsi_sock_detach(tsi, turn,
				tsi->sk->sk_family == AF_UNIX ? 0 : err);
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

/* No answer: what comes late must not be taken for that to another request. */
static bool tsi_dgram_is_silent(int err)
{
	return err == -ETIMEDOUT;
}

static void tsi_dgram_ask_again(struct tsi_attempt *attempt);

/* Who waits has it as it was before if the host refuses. */
static void tsi_dgram_connected(struct tsi_attempt *attempt,
				unsigned long turn, int err)
{
	struct tsi_dgram *dgram = tsi_dgram_of(attempt);
	struct tsi_link *link = &attempt->link;

	attempt->err = err;
	if (!err) {
		tsi_sock_move(attempt->tsi, &turn, TSI_CONNECTED);
		/* By a reset since the answer, which could not do it yet. */
		tsi_dgram_ask_again(attempt);
	} else if (tsi_dgram_is_silent(err)) {
		tsi_sock_detach(attempt->tsi, turn, 0);
	} else {
		tsi_link_set_name(link, &link->peer, &dgram->peer);
		WRITE_ONCE(link->local_peer, dgram->local_peer);
		tsi_sock_move(attempt->tsi, &turn, dgram->state);
	}
}

/* One that has not waited is connected already, and stays so. */
static void tsi_dgram_agreed(struct tsi_attempt *attempt, unsigned long turn,
			     int err)
{
	if (!err)
		return;
	if (tsi_dgram_is_silent(err)) {
		tsi_sock_detach(attempt->tsi, turn, err);
		return;
	}
	WRITE_ONCE(tsi_dgram_of(attempt)->refused, true);
	tsi_sock_fail(attempt->tsi, turn, TSI_CONNECTED, err);
}

/* A host that has forgotten the proxy is asked to connect it again. */
static void tsi_dgram_reset(struct tsi_attempt *attempt)
{
	xchg(&tsi_dgram_of(attempt)->refused, true);
	tsi_dgram_ask_again(attempt);
}

static const struct tsi_goal tsi_dgram_goal = {
	.port = TSI_PORT_CONNECT,
	.timeout = TSI_ANSWER_TIMEOUT,
	.request = tsi_connect_request,
	.answer = tsi_connect_answer,
	.done = tsi_dgram_connected,
	.reset = tsi_dgram_reset,
};

static const struct tsi_goal tsi_dgram_later_goal = {
	.port = TSI_PORT_CONNECT,
	.timeout = TSI_ANSWER_TIMEOUT,
	.request = tsi_connect_request,
	.answer = tsi_connect_answer,
	.done = tsi_dgram_agreed,
	.reset = tsi_dgram_reset,
};

/*
 * If it is to be, and nobody else is about to. A connect() that is under way looks
 * here in the end.
 */
static void tsi_dgram_ask_again(struct tsi_attempt *attempt)
{
	struct tsi_dgram *dgram = tsi_dgram_of(attempt);
	struct tsi_view view;

	tsi_sock_look(attempt->tsi, &view);
	/* Not before we have looked: see tsi_dgram_reset(). */
	if (view.link == &attempt->link && view.state == TSI_CONNECTED &&
	    xchg(&dgram->refused, false) &&
	    !tsi_attempt_begin(attempt, &tsi_dgram_later_goal, view.turn))
		WRITE_ONCE(dgram->refused, true);
	tsi_view_put(&view);
}

/**
 * tsi_dgram_connect_again() - Ask a host again that has refused
 * @link: of a connected datagram socket, which is about to send
 *
 * As a network would, where each datagram may get through or have an error.
 */
void tsi_dgram_connect_again(struct tsi_link *link)
{
	struct tsi_attempt *attempt = tsi_attempt_of(link);

	if (READ_ONCE(tsi_dgram_of(attempt)->refused))
		tsi_dgram_ask_again(attempt);
}

/* --- Streams -------------------------------------------------------------- */

/* The outcome of a call after which the socket is the guest's alone */
static int tsi_stream_native_outcome(struct tsi_sock *tsi)
{
	struct sock *sk = tsi->sk;

	if (READ_ONCE(sk->sk_state) == TCP_LISTEN)
		return -EISCONN;
	if (sk->sk_socket->state == SS_CONNECTED)
		return 0;
	return sock_error(sk) ?: -ECONNABORTED;
}

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
		return tsi_stream_native_outcome(tsi);
	if (view.state == TSI_LISTENING)
		return -EISCONN;
	WRITE_ONCE(tsi->told, true);
	return 0;
}

/* A path is found at once, or not at all. */
static int tsi_unix_wait(struct tsi_sock *tsi, struct tsi_attempt *attempt,
			 unsigned long turn)
{
	long timeout = sock_sndtimeo(tsi->sk, false);
	int err;

	err = tsi_attempt_wait(tsi, turn, TSI_WAIT_ALL, &timeout);
	/* As if it had not been tried, unless there is an outcome by now. */
	if (err && tsi_sock_detach(tsi, turn, 0))
		return err;
	return attempt->err;
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
	attempt->err = -ECONNABORTED;
	tsi_attempt_begin(attempt, &tsi_stream_goal, turn);

	if (tsi->sk->sk_family == AF_UNIX)
		err = tsi_unix_wait(tsi, attempt, turn);
	else if (flags & O_NONBLOCK)
		err = -EINPROGRESS;
	else
		err = tsi_stream_wait(tsi, turn, flags);
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
			 int addr_len, enum tsi_place place, int err)
{
	if (!tsi_may_reach_host(sk))
		return false;
	/* What the host has there for the guest was renamed or unlinked here. */
	if (sk->sk_family == AF_UNIX)
		return place == TSI_LOCAL && tsi_is_absent(addr, err) &&
		       !tsi_is_announced(addr, addr_len);
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

	err = native->connect(sock, addr, addr_len, flags | TSI_CONNECT_HOOKED);
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

/*
 * Like the family, each call tries for itself until one has connected, and so has an
 * outcome of its own. Returns whether there is one; if not, what was in the way has
 * gone.
 */
static bool tsi_unix_connect_again(struct socket *sock, struct sockaddr *addr,
				   int addr_len, int flags,
				   const struct tsi_view *view, int *err)
{
	struct tsi_sock *tsi = sock->tsi;
	long timeout = sock_sndtimeo(tsi->sk,
				     flags & O_NONBLOCK && !view->link);

	*err = view->state == TSI_LISTENING ? -EINVAL : -EISCONN;
	if (view->state != TSI_PENDING)
		return true;
	/* Who was first may wait for a listener that has no room. */
	if (!view->link) {
		*err = tsi->native->connect(sock, addr, addr_len, flags);
		if (!tsi_is_absent(addr, *err))
			return true;
	}
	*err = tsi_attempt_wait(tsi, view->turn, TSI_WAIT_ALL, &timeout);
	return *err != 0;
}

/* Surely for the host; else the guest is tried first. */
static bool tsi_stream_is_for_host(struct sock *sk, const struct sockaddr *addr,
				   int addr_len, enum tsi_place place)
{
	return place == TSI_HOST ||
	       (place == TSI_LOCAL && !tsi_has_listener(sk, addr, addr_len));
}

/* A socket of which the family knows nothing yet, or nothing any more */
static int tsi_stream_connect_new(struct socket *sock, struct sockaddr *addr,
				  int addr_len, int flags, bool *host)
{
	struct sock *sk = sock->sk;
	enum tsi_place place;
	bool served;
	int err;

	/* That of a connect before, which nobody has asked for yet */
	err = sock_error(sk);
	/* A program may lead it elsewhere, from the guest or to it. */
	if (!err)
		err = tsi_hook_connect(sk, addr, addr_len);
	if (err)
		return err;

	/* Within the guest no route has to be asked for, which costs much more. */
	served = tsi_is_loopback(sk, addr, addr_len) &&
		 tsi_has_listener(sk, addr, addr_len);
	place = served ? TSI_LOCAL : tsi_place(sk, addr, addr_len);
	*host = !served && tsi_stream_is_for_host(sk, addr, addr_len, place);
	if (*host)
		return 0;
	err = tsi_connect_native(sock, addr, addr_len, flags, place);
	*host = err && tsi_try_host(sk, addr, addr_len, place, err);
	return err;
}

static int tsi_stream_connect(struct socket *sock, struct sockaddr *addr,
			      int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sock *sk = tsi->sk;
	struct tsi_view view;
	unsigned long turn;
	bool host = false;
	int err;

	for (;;) {
		tsi_sock_look(tsi, &view);
		tsi_view_put(&view);
		turn = view.turn;
		if (view.state == TSI_NATIVE) {
			if (tsi_sock_move(tsi, &turn, TSI_PENDING))
				break;
		} else if (sk->sk_family != AF_UNIX) {
			return tsi_stream_connect_again(tsi, &view, flags);
		} else if (tsi_unix_connect_again(sock, addr, addr_len, flags,
						  &view, &err)) {
			return err;
		}
	}

	/* Or the family has a connect under way, or listens. */
	if (READ_ONCE(sk->sk_state) == TCP_CLOSE &&
	    sock->state == SS_UNCONNECTED)
		err = tsi_stream_connect_new(sock, addr, addr_len, flags, &host);
	else
		err = tsi->native->connect(sock, addr, addr_len, flags);
	if (host)
		return tsi_stream_connect_host(sock, addr, addr_len, flags,
					       turn);
	tsi_sock_move(tsi, &turn, TSI_NATIVE);
	return err;
}

/* --- Datagrams ------------------------------------------------------------ */

/* What the guest sends is not from the peer that is at the host. */
static int tsi_dgram_leave_guest(struct socket *sock)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (READ_ONCE(sock->sk->sk_state) == TCP_ESTABLISHED)
		sock->tsi->native->connect(sock, &none, sizeof(none), 0);
	/* As by any connect(), the socket gets a port. */
	return sock->sk->sk_family == AF_UNIX ? 0 : inet_send_prepare(sock->sk);
}

/* The link of the socket, which is PENDING; with a reference. */
static struct tsi_attempt *tsi_dgram_get_link(struct tsi_sock *tsi,
					      unsigned long *turn)
{
	struct tsi_attempt *attempt;
	struct tsi_view view;

	/* What is in the queue of the link is kept, as UDP does. */
	tsi_sock_look(tsi, &view);
	if (view.link)
		return tsi_attempt_of(view.link);

	attempt = tsi_host_link(tsi);
	if (IS_ERR(attempt))
		return attempt;
	if (!tsi_sock_attach(tsi, turn, TSI_PENDING, &attempt->link)) {
		tsi_link_close(&attempt->link);
		tsi_link_put(&attempt->link);
		return ERR_PTR(-ECONNABORTED);
	}
	return attempt;
}

static int tsi_dgram_wait(struct tsi_sock *tsi, struct tsi_attempt *attempt,
			  unsigned long turn)
{
	long timeout = TSI_ANSWER_TIMEOUT;
	struct tsi_view view;
	int err;

	err = tsi_attempt_wait(tsi, turn, TSI_WAIT_ALL, &timeout);
	if (err) {
		tsi_sock_detach(tsi, turn, 0);
		return err == -EAGAIN ? -ETIMEDOUT : err;
	}
	tsi_sock_look(tsi, &view);
	tsi_view_put(&view);
	if (attempt->err)
		return attempt->err;
	return view.state == TSI_CONNECTED ? 0 : -ECONNABORTED;
}

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
				  enum tsi_state before, bool local)
{
	struct tsi_sock *tsi = sock->tsi;
	bool wait = !(flags & O_NONBLOCK) || tsi->sk->sk_family == AF_UNIX;
	struct tsi_attempt *attempt;
	struct tsi_dgram *dgram;
	struct tsi_link *link;
	struct tsi_name name;
	int err = 0;

	if (local)
		err = tsi->native->connect(sock, addr, addr_len,
					   flags | TSI_CONNECT_HOOKED);
	else if (!wait)
		err = tsi_dgram_leave_guest(sock);
	if (err) {
		tsi_sock_move(tsi, &turn, before);
		return err;
	}

	attempt = tsi_dgram_get_link(tsi, &turn);
	if (IS_ERR(attempt)) {
		tsi_sock_move(tsi, &turn, before);
		return PTR_ERR(attempt);
	}
	link = &attempt->link;
	dgram = tsi_dgram_of(attempt);
	dgram->state = before;
	dgram->peer.len = tsi_link_copy_name(link, &link->peer,
					     &dgram->peer.addr);
	dgram->local_peer = link->local_peer;
	attempt->err = 0;
	WRITE_ONCE(dgram->refused, false);

	tsi_host_name(tsi->sk, addr, addr_len, &name);
	tsi_link_set_name(link, &link->peer, &name);
	WRITE_ONCE(link->local_peer, local);
	if (!wait) {
		/* If it cannot be begun, a reset or a sender has done it already. */
		tsi_sock_move(tsi, &turn, TSI_CONNECTED);
		tsi_attempt_begin(attempt, &tsi_dgram_later_goal, turn);
	} else if (!tsi_attempt_begin(attempt, &tsi_dgram_goal, turn)) {
		err = -ECONNABORTED;
	}
	if (!err && wait) {
		err = tsi_dgram_wait(tsi, attempt, turn);
		if (!err && !local)
			err = tsi_dgram_leave_guest(sock);
	}
	tsi_link_put(link);
	return err;
}

static void tsi_dgram_begin(struct tsi_sock *tsi, unsigned long *turn,
			    enum tsi_state *before)
{
	struct tsi_view view;
	bool ours;
	bool busy;

	do {
		tsi_sock_look(tsi, &view);
		*turn = view.turn;
		*before = view.state;
		ours = tsi_sock_move(tsi, turn, TSI_PENDING);
		/* From now on nobody asks for what was before. */
		busy = ours && view.link &&
		       tsi_attempt_is_busy(tsi_attempt_of(view.link));
		tsi_view_put(&view);
		/* The answer on its way would be taken for that to this one. */
		if (busy)
			tsi_sock_detach(tsi, *turn, 0);
	} while (busy || !ours);
}

static enum tsi_place tsi_dgram_place(struct sock *sk,
				      const struct sockaddr *addr,
				      int addr_len)
{
	struct sockaddr_in6 own;
	int own_len = tsi_udp_address(sk, addr, addr_len, &own);

	return own_len ? tsi_place(sk, (struct sockaddr *)&own, own_len) :
			 tsi_place(sk, addr, addr_len);
}

static int tsi_dgram_connect_locked(struct socket *sock, struct sockaddr *addr,
				    int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sock *sk = tsi->sk;
	enum tsi_state before;
	enum tsi_place place;
	unsigned long turn;
	int err;

	tsi_dgram_begin(tsi, &turn, &before);
	/* A program may lead it elsewhere, from the guest or to it. */
	err = tsi_hook_connect(sk, addr, addr_len);
	if (err)
		goto end;

	place = tsi_dgram_place(sk, addr, addr_len);
	if (place == TSI_HOST ||
	    (place == TSI_LOCAL && sk->sk_family != AF_UNIX &&
	     !tsi_has_receiver(sk, addr)))
		return tsi_dgram_connect_host(sock, addr, addr_len, flags,
					      turn, before,
					      place == TSI_LOCAL);

	err = tsi->native->connect(sock, addr, addr_len,
				   flags | TSI_CONNECT_HOOKED);
	if (sk->sk_family == AF_UNIX &&
	    tsi_try_host(sk, addr, addr_len, place, err))
		return tsi_dgram_connect_host(sock, addr, addr_len, flags,
					      turn, before, false);
	if (!err) {
		/* It hears nobody at the host any more. */
		tsi_sock_detach(tsi, turn, 0);
		return 0;
	}
end:
	tsi_sock_move(tsi, &turn, before);
	return err;
}

/* One after the other, as with the lock of a native socket. */
static int tsi_dgram_connect(struct socket *sock, struct sockaddr *addr,
			     int addr_len, int flags)
{
	int err;

	if (mutex_lock_killable(&sock->tsi->connecting))
		return -EINTR;
	err = tsi_dgram_connect_locked(sock, addr, addr_len, flags);
	mutex_unlock(&sock->tsi->connecting);
	return err;
}

static int tsi_disconnect(struct socket *sock, struct sockaddr *addr,
			  int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	bool locked = !tsi_is_stream(tsi->sk);
	int err;

	if (locked && mutex_lock_killable(&tsi->connecting))
		return -EINTR;
	err = tsi->native->connect(sock, addr, addr_len, flags);
	/* UNIX streams cannot. */
	if (!err)
		tsi_sock_detach(tsi, TSI_ANY_TURN, 0);
	if (locked)
		mutex_unlock(&tsi->connecting);
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
