// SPDX-License-Identifier: GPL-2.0-only
/*
 * listen() and accept(): connections come from the guest, and from the host.
 *
 * One from the host is a vsock connection to the listener's link. The host is asked
 * who it is from, and only with the answer, or without one after a time, it is
 * there for poll() and accept(), which so never wait for the host.
 *
 * A host that has given the address to somebody else is asked again when that may
 * have changed, see announced.c. Until then the socket serves the guest alone, and
 * has its link all the same.
 */

#define pr_fmt(fmt) "tsi: " fmt

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/un.h>
#include <net/af_vsock.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "announced.h"
#include "connect.h"
#include "ops.h"
#include "route.h"
#include "wire.h"

/**
 * struct tsi_listener - the link of a socket that listens
 * @attempt: the link
 * @announced: the address
 * @backlog: as given to listen()
 * @result: what the host said to it, 0 or an error
 * @listening: listen() has returned, or is about to
 * @logged: the log has it that the host does not listen
 * @lock: for all below
 * @asked: connections of which it is not known who they are from
 * @ready: connections to accept, the oldest first
 * @count: how many there are in both
 */
struct tsi_listener {
	struct tsi_attempt attempt;
	struct tsi_announced announced;
	int backlog;
	int result;
	bool listening;
	bool logged;

	spinlock_t lock;	/* all below */
	struct list_head asked;
	struct list_head ready;
	int count;
};

/**
 * struct tsi_caller - a connection from the host that was not accepted
 * @attempt: its link
 * @listener: which it is for, with a reference
 * @node: in the list of the listener, which has a reference; under its lock
 */
struct tsi_caller {
	struct tsi_attempt attempt;
	struct tsi_listener *listener;
	struct list_head node;
};

static struct tsi_listener *tsi_listener_of(struct tsi_attempt *attempt)
{
	return container_of(attempt, struct tsi_listener, attempt);
}

/* --- Connections from the host -------------------------------------------- */

static struct sk_buff *tsi_caller_request(struct tsi_attempt *attempt)
{
	return tsi_request_getname(&attempt->link.control);
}

static int tsi_caller_answer(struct tsi_attempt *attempt)
{
	struct tsi_link *link = &attempt->link;
	struct tsi_name name = {};
	int err;

	err = tsi_answer_name(&link->control, link->sk->sk_family, &name);
	if (!err)
		tsi_link_set_name(link, &link->peer, &name);
	return err;
}

/*
 * The listener of a caller, with a reference. With @forget, it is the caller's,
 * who has none any more.
 */
static struct tsi_listener *tsi_caller_listener(struct tsi_caller *caller,
						bool forget)
{
	struct tsi_link *link = &caller->attempt.link;
	struct tsi_listener *listener;

	spin_lock(&link->lock);
	listener = caller->listener;
	if (forget)
		caller->listener = NULL;
	else if (listener)
		tsi_link_get(&listener->attempt.link);
	spin_unlock(&link->lock);
	return listener;
}

/* Without an answer it is from no address at all. */
static void tsi_caller_done(struct tsi_attempt *attempt, unsigned long turn,
			    int err)
{
	struct tsi_caller *caller =
		container_of(attempt, struct tsi_caller, attempt);
	struct tsi_listener *listener = tsi_caller_listener(caller, false);

	/* There is nothing more to ask. */
	tsi_control_close(&attempt->link.control);
	if (!listener)
		return;

	spin_lock(&listener->lock);
	if (!list_empty(&caller->node))
		list_move_tail(&caller->node, &listener->ready);
	spin_unlock(&listener->lock);
	tsi_wake(listener->attempt.link.sk, EPOLLIN | EPOLLRDNORM);
	tsi_link_put(&listener->attempt.link);
}

static void tsi_caller_close(struct tsi_attempt *attempt)
{
	struct tsi_caller *caller =
		container_of(attempt, struct tsi_caller, attempt);
	struct tsi_listener *listener = tsi_caller_listener(caller, true);

	if (listener)
		tsi_link_put(&listener->attempt.link);
}

static const struct tsi_goal tsi_caller_goal = {
	.port = TSI_PORT_GETNAME,
	.timeout = TSI_ANSWER_TIMEOUT,
	.request = tsi_caller_request,
	.answer = tsi_caller_answer,
	.done = tsi_caller_done,
	.close = tsi_caller_close,
};

static bool tsi_listener_is_full(struct tsi_listener *listener)
{
	return READ_ONCE(listener->count) > READ_ONCE(listener->backlog);
}

/*
 * Takes a connection off its listener, the oldest that is ready, or with @any one
 * that is not; the reference is that of the list. When that made room, those that
 * wait in vsock move up.
 */
static struct tsi_caller *tsi_caller_take(struct tsi_listener *listener,
					  bool any)
{
	struct tsi_caller *caller;
	bool was_full = false;

	spin_lock(&listener->lock);
	caller = list_first_entry_or_null(&listener->ready, struct tsi_caller,
					  node);
	if (!caller && any)
		caller = list_first_entry_or_null(&listener->asked,
						  struct tsi_caller, node);
	if (caller) {
		was_full = tsi_listener_is_full(listener);
		list_del_init(&caller->node);
		listener->count--;
	}
	spin_unlock(&listener->lock);
	if (was_full)
		tsi_attempt_poke(&listener->attempt);
	return caller;
}

static void tsi_caller_hang_up(struct tsi_caller *caller)
{
	tsi_link_close(&caller->attempt.link);
	tsi_link_put(&caller->attempt.link);
}

static void tsi_caller_add(struct tsi_listener *listener, struct socket *data)
{
	struct tsi_link *link = &listener->attempt.link;
	struct tsi_attempt *attempt;
	struct tsi_caller *caller;
	bool added;

	attempt = tsi_attempt_create(sizeof(*caller), link->sk, NULL, data);
	if (IS_ERR(attempt))
		return;
	caller = container_of(attempt, struct tsi_caller, attempt);
	tsi_link_get(link);
	caller->listener = listener;
	INIT_LIST_HEAD(&caller->node);
	/* For close(), before anybody else sees it */
	attempt->goal = &tsi_caller_goal;

	spin_lock(&listener->lock);
	added = !READ_ONCE(link->closed);
	if (added) {
		/* The list has one of its own: it may be accepted at once. */
		tsi_link_get(&attempt->link);
		list_add_tail(&caller->node, &listener->asked);
		listener->count++;
	}
	spin_unlock(&listener->lock);

	if (added) {
		tsi_attempt_begin(attempt, &tsi_caller_goal, 0);
	} else {
		tsi_caller_close(attempt);
		tsi_link_close(&attempt->link);
	}
	tsi_link_put(&attempt->link);
}

/* --- The host listens ----------------------------------------------------- */

static struct sk_buff *tsi_listen_request(struct tsi_attempt *attempt)
{
	struct tsi_link *link = &attempt->link;
	struct tsi_name name = {};

	name.len = tsi_link_copy_name(link, &link->local, &name.addr);
	return tsi_request_listen(&link->control, &name,
				  tsi_listener_of(attempt)->backlog);
}

static int tsi_listen_answer(struct tsi_attempt *attempt)
{
	return tsi_answer_result(&attempt->link.control, TSI_PORT_LISTEN);
}

/*
 * Errors of the host after which the guest is content to listen for itself:
 * not allowed, taken, not an address of the host. Paths are a matter of the
 * guest in the first place, so that none of the host's errors counts.
 */
static bool tsi_listen_in_guest(const struct sock *sk, int err)
{
	return err == -EPERM || err == -EACCES || err == -EADDRINUSE ||
	       err == -EADDRNOTAVAIL || sk->sk_family == AF_UNIX;
}

/* Said once of each listener: programs are not told. */
static void tsi_listen_log(struct tsi_listener *listener, int err)
{
	struct tsi_link *link = &listener->attempt.link;
	struct sockaddr_un *un;
	struct tsi_name name = {};

	/* Of one that is being closed nobody wants to know. */
	if (listener->logged || READ_ONCE(link->closed))
		return;
	listener->logged = true;
	name.len = tsi_link_copy_name(link, &link->local, &name.addr);
	if (name.addr.ss_family != AF_UNIX) {
		net_notice_ratelimited("the host does not listen at %pISpc: error %d\n",
				       &name.addr, -err);
		return;
	}
	un = (struct sockaddr_un *)&name.addr;
	net_notice_ratelimited("the host does not listen at %*pE: error %d\n",
			       (int)strnlen(un->sun_path + 1,
					    sizeof(un->sun_path) - 1) + 1,
			       un->sun_path, -err);
}

/*
 * The host has given the address to somebody else. Another socket of the guest that
 * had it before, or had the path, is how servers are replaced, and nothing to
 * complain about.
 */
static void tsi_listen_taken(struct tsi_listener *listener)
{
	if (tsi_announced_taken(&listener->announced) &&
	    listener->attempt.link.sk->sk_family != AF_UNIX)
		tsi_listen_log(listener, -EADDRINUSE);
}

static void tsi_listen_done(struct tsi_attempt *attempt, unsigned long turn,
			    int err)
{
	struct tsi_listener *listener = tsi_listener_of(attempt);
	const struct sock *sk = attempt->link.sk;
	bool again = listener->listening;

	WRITE_ONCE(listener->result, err);
	listener->listening = true;
	if (again && (err == -ETIMEDOUT || err == -ENOMEM)) {
		tsi_listen_log(listener, err);
		tsi_announced_ask_again(&listener->announced);
		tsi_attempt_poke_later(attempt);
		return;
	}
	if (err && err != -EADDRINUSE) {
		if (again || (sk->sk_family != AF_UNIX &&
			      tsi_listen_in_guest(sk, err)))
			tsi_listen_log(listener, err);
		tsi_sock_detach(attempt->tsi, turn, 0);
		return;
	}
	if (err)
		tsi_listen_taken(listener);
	else
		tsi_announced_held(&listener->announced);
	tsi_sock_move(attempt->tsi, &turn, TSI_LISTENING);
	/* Since it was asked, what was in the way has gone, or the host forgot. */
	if (tsi_announced_is_due(&listener->announced))
		tsi_attempt_poke(attempt);
}

/* Unless it is being asked: then the answer is looked at first. */
static void tsi_listen_ask(struct tsi_listener *listener)
{
	struct tsi_attempt *attempt = &listener->attempt;
	struct tsi_view view;

	tsi_sock_look(attempt->tsi, &view);
	if (view.link == &attempt->link && view.state == TSI_LISTENING &&
	    READ_ONCE(attempt->step) == TSI_STEP_NONE) {
		tsi_announced_ask(&listener->announced);
		tsi_attempt_begin(attempt, attempt->goal, view.turn);
	}
	tsi_view_put(&view);
}

static void tsi_listen_event(struct tsi_attempt *attempt)
{
	struct tsi_listener *listener = tsi_listener_of(attempt);
	struct socket *data;
	int err = 0;

	if (tsi_announced_is_due(&listener->announced))
		tsi_listen_ask(listener);
	while (!err && !tsi_listener_is_full(listener)) {
		err = kernel_accept(attempt->link.data, &data, O_NONBLOCK);
		if (!err)
			tsi_caller_add(listener, data);
	}
	/* As for want of memory: nothing else would have us look again. */
	if (err && err != -EAGAIN && err != -EINVAL)
		tsi_attempt_poke_later(attempt);
}

/* A host that has forgotten the proxy is asked to listen again. */
static void tsi_listen_reset(struct tsi_attempt *attempt)
{
	tsi_announced_ask_again(&tsi_listener_of(attempt)->announced);
}

static void tsi_listen_close(struct tsi_attempt *attempt)
{
	struct tsi_listener *listener = tsi_listener_of(attempt);
	struct sock *sk = attempt->link.data->sk;
	struct tsi_caller *caller;
	struct socket *data;

	/* From now on vsock refuses: a proxy would be left of what it accepted. */
	lock_sock(sk);
	sk->sk_shutdown = SHUTDOWN_MASK;
	release_sock(sk);
	/* Those that wait in vsock have a proxy, too, and are closed by this. */
	while (!kernel_accept(attempt->link.data, &data, O_NONBLOCK))
		tsi_caller_add(listener, data);
	while ((caller = tsi_caller_take(listener, true)))
		tsi_caller_hang_up(caller);
	tsi_announced_remove(&listener->announced);
}

static const struct tsi_goal tsi_listen_goal = {
	.port = TSI_PORT_LISTEN,
	.timeout = TSI_ANSWER_TIMEOUT,
	.request = tsi_listen_request,
	.answer = tsi_listen_answer,
	.done = tsi_listen_done,
	.event = tsi_listen_event,
	.reset = tsi_listen_reset,
	.close = tsi_listen_close,
};

static void tsi_listen_again(struct tsi_announced *announced)
{
	struct tsi_listener *listener =
		container_of(announced, struct tsi_listener, announced);

	tsi_attempt_poke(&listener->attempt);
}

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

static struct tsi_attempt *tsi_listener_create(struct tsi_sock *tsi,
					       const struct tsi_name *name,
					       int backlog)
{
	struct tsi_listener *listener;
	struct tsi_attempt *attempt;
	int err;

	attempt = tsi_attempt_create(sizeof(*listener), tsi->sk, tsi, NULL);
	if (IS_ERR(attempt))
		return attempt;
	listener = tsi_listener_of(attempt);
	listener->backlog = max(backlog, 0);
	spin_lock_init(&listener->lock);
	INIT_LIST_HEAD(&listener->asked);
	INIT_LIST_HEAD(&listener->ready);
	tsi_link_set_name(&attempt->link, &attempt->link.local, name);
	listener->announced.again = tsi_listen_again;
	/* For close(), before anybody else sees it */
	attempt->goal = &tsi_listen_goal;

	/* The host may connect before its answer is here. */
	err = kernel_listen(attempt->link.data, backlog);
	if (err) {
		tsi_link_close(&attempt->link);
		tsi_link_put(&attempt->link);
		return ERR_PTR(err);
	}
	tsi_announced_add(&listener->announced, name, sock_net(tsi->sk));
	return attempt;
}

static void tsi_own_name4(const struct sock *sk, struct sockaddr_in *in)
{
	const struct inet_sock *inet = inet_sk(sk);

	in->sin_family = AF_INET;
	in->sin_port = inet->inet_sport;
	in->sin_addr.s_addr = inet->inet_rcv_saddr;
}

static void tsi_own_name6(const struct sock *sk, struct sockaddr_in6 *in6)
{
	in6->sin6_family = AF_INET6;
	in6->sin6_port = inet_sk(sk)->inet_sport;
	in6->sin6_addr = sk->sk_v6_rcv_saddr;
}

/* What it is bound to, which a BPF program may have getsockname() conceal. */
static int tsi_own_name(struct socket *sock, struct tsi_name *name)
{
	struct sockaddr *addr = (struct sockaddr *)&name->addr;
	struct sock *sk = sock->sk;
	int len;

	switch (sk->sk_family) {
	case AF_INET:
		tsi_own_name4(sk, (struct sockaddr_in *)addr);
		len = sizeof(struct sockaddr_in);
		break;
	case AF_INET6:
		tsi_own_name6(sk, (struct sockaddr_in6 *)addr);
		len = sizeof(struct sockaddr_in6);
		break;
	default:
		len = sock->tsi->native->getname(sock, addr, 0);
		break;
	}
	name->len = max(len, 0);
	return min(len, 0);
}

/* The guest listens already; have the host do it too. It is our turn. */
static int tsi_listen_host(struct socket *sock, int backlog,
			   unsigned long *turn)
{
	long timeout = MAX_SCHEDULE_TIMEOUT;
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_attempt *attempt;
	struct tsi_name name = {};
	int err;

	/* The port that bind() or listen() has picked, if it was for any */
	err = tsi_own_name(sock, &name);
	if (err)
		return err;
	if (!tsi_name_for_host(&name) || !tsi_may_reach_host(tsi->sk) ||
	    READ_ONCE(tsi->sk->sk_bound_dev_if))
		return -EADDRNOTAVAIL;

	attempt = tsi_listener_create(tsi, &name, backlog);
	if (IS_ERR(attempt))
		return PTR_ERR(attempt);
	if (!tsi_sock_attach(tsi, turn, TSI_PENDING, &attempt->link)) {
		tsi_link_close(&attempt->link);
		err = -EINVAL;
		goto out;
	}
	tsi_attempt_begin(attempt, &tsi_listen_goal, *turn);

	/* listen() is not interrupted: half of it could not be undone. */
	err = tsi_attempt_wait(tsi, *turn, TSI_WAIT_KILLABLE, &timeout);
	if (!err)
		err = READ_ONCE(tsi_listener_of(attempt)->result);
out:
	tsi_link_put(&attempt->link);
	return err;
}

/* The socket listens already, and is to have another backlog. */
static int tsi_listen_resize(struct socket *sock, const struct tsi_view *view,
			     int backlog)
{
	struct tsi_listener *listener;

	if (view->state == TSI_LISTENING) {
		/* The host would not change its own. */
		listener = tsi_listener_of(tsi_attempt_of(view->link));
		WRITE_ONCE(listener->backlog, max(backlog, 0));
		kernel_listen(view->link->data, backlog);
		tsi_attempt_poke(&listener->attempt);
	}
	return sock->tsi->native->listen(sock, backlog);
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
	struct tsi_view view;
	unsigned long turn;
	int err;

	do {
		tsi_sock_look(tsi, &view);
		if (READ_ONCE(tsi->sk->sk_state) == TCP_LISTEN) {
			err = tsi_listen_resize(sock, &view, backlog);
			tsi_view_put(&view);
			return err;
		}
		tsi_view_put(&view);
		if (view.state != TSI_NATIVE)
			return -EINVAL;
		turn = view.turn;
	} while (!tsi_sock_move(tsi, &turn, TSI_PENDING));

	err = tsi->native->listen(sock, backlog);
	if (!err) {
		err = tsi_listen_host(sock, backlog, &turn);
		if (err && tsi_listen_in_guest(tsi->sk, err))
			err = 0;
		else if (err)
			tsi->native->shutdown(sock, SHUT_RD);
	}
	/* Unless the outcome has decided it already */
	tsi_sock_detach(tsi, turn, 0);
	return err;
}

/* --- accept() ------------------------------------------------------------- */

/**
 * tsi_has_connection() - Would accept() find a connection of the host?
 * @link: of a socket that is TSI_LISTENING
 *
 * Return: whether it would
 */
bool tsi_has_connection(struct tsi_link *link)
{
	struct tsi_listener *listener =
		tsi_listener_of(tsi_attempt_of(link));

	return !list_empty_careful(&listener->ready);
}

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
	struct tsi_name name = {};

	tsi_own_name(sock, &name);
	tsi_link_set_name(link, &link->local, &name);
}

static int tsi_accept_caller(struct socket *sock, struct socket *newsock,
			     struct tsi_caller *caller)
{
	struct tsi_attempt *attempt = &caller->attempt;
	struct tsi_sock *child;
	int err;

	err = tsi_accept_native(sock->sk, newsock);
	if (err)
		return err;
	child = tsi_sock_create(newsock, sock->tsi->native);
	if (!child)
		return -ENOMEM;

	/* With it, close() cleans up what is in @newsock. */
	newsock->tsi = child;
	child->told = true;
	tsi_sock_get(child);
	attempt->tsi = child;
	tsi_accept_name(sock, &attempt->link);
	tsi_link_move(&attempt->link, child->sk);
	tsi_caller_close(attempt);
	child->link = &attempt->link;
	child->state = TSI_CONNECTED;
	return 0;
}

static int tsi_accept_host(struct socket *sock, struct socket *newsock,
			   struct tsi_link *link)
{
	struct tsi_listener *listener =
		tsi_listener_of(tsi_attempt_of(link));
	struct tsi_caller *caller;
	int err;

	caller = tsi_caller_take(listener, false);
	if (!caller)
		return -EAGAIN;

	err = tsi_accept_caller(sock, newsock, caller);
	if (err)
		tsi_caller_hang_up(caller);
	return err;
}

/**
 * struct tsi_acceptor - a call of accept()
 * @sock: the listener
 * @newsock: the connection
 * @arg: its flags
 */
struct tsi_acceptor {
	struct socket *sock;
	struct socket *newsock;
	const struct proto_accept_arg *arg;
};

static int tsi_accept_guest(struct socket *sock, struct socket *newsock,
			    struct proto_accept_arg *arg)
{
	const struct proto_ops *native = sock->tsi->native;
	int err;

	err = native->accept(sock, newsock, arg);
	if (!err)
		newsock->ops = native;
	return err;
}

/* Take what is there, from the guest first. */
static int tsi_accept_now(void *context)
{
	struct tsi_acceptor *acceptor = context;
	struct tsi_sock *tsi = acceptor->sock->tsi;
	struct proto_accept_arg now = *acceptor->arg;
	struct tsi_view view;
	int err;

	now.flags |= O_NONBLOCK;
	err = tsi_accept_guest(acceptor->sock, acceptor->newsock, &now);
	if (err != -EAGAIN)
		return err;

	tsi_sock_look(tsi, &view);
	if (view.state == TSI_LISTENING)
		err = tsi_accept_host(acceptor->sock, acceptor->newsock,
				      view.link);
	tsi_view_put(&view);
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
	struct tsi_acceptor acceptor = {
		.sock = sock,
		.newsock = newsock,
		.arg = arg,
	};
	long timeout = sock_rcvtimeo(sock->sk, arg->flags & O_NONBLOCK);

	/* Then the host does not serve it, and will not. */
	if (READ_ONCE(sock->tsi->state) == TSI_NATIVE)
		return tsi_accept_guest(sock, newsock, arg);
	/* One connection wakes one thread. */
	return tsi_wait(sock->sk, TSI_WAIT_ONE, &timeout, tsi_accept_now,
			&acceptor);
}
