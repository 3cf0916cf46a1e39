// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transparent socket impersonation
 *
 * A program opens a TCP, UDP or UNIX socket as ever. What it holds is a socket
 * of that family: struct socket points to the family's own struct sock, which
 * answers for options, names, flags, namespaces and accounting. Only the
 * operations are replaced by ours, and struct socket carries a struct tsi_sock.
 * Our operations hand over to those of the family (the native ones), or, where
 * the other end is not in the guest, to a vsock socket inside the kernel that
 * the host has joined to a real socket of its own.
 *
 * So there is no number for AF_TSI: a program asks for AF_INET and has AF_INET,
 * and between guest and host the real family is named.
 *
 *	struct socket --ops--> struct tsi_ops --native--> operations of TCP, ...
 *	  |   |
 *	  |   +--tsi--> struct tsi_sock --link--> struct tsi_link
 *	  |		    |			    |	    |
 *	  +-----sk----------+--sk--> TCP, ...	   data	 control   (vsock)
 *
 * A link is one proxy at the host. A stream has none until connect() or
 * listen() needs the host; when a connect fails its link goes, and the next one
 * gets a new link, so that the host never sees the same id twice. A datagram
 * socket has one from the first datagram that goes to the host.
 *
 * There is one wait queue, that of the socket the program holds. The callbacks
 * of the vsock sockets wake it too. So poll() and epoll register once, stay
 * valid whatever becomes of the socket, and need to change nothing in it.
 *
 * Below the operations there are layers, and none calls one that is above it:
 *
 *	connect.c listen.c stream.c dgram.c name.c	the operations
 *	attempt.c	what a link is asked to become: request, answer, outcome
 *	sock.c		who serves a socket; the states, and how they change
 *	link.c		the way to one proxy of the host
 *	control.c	requests and answers
 *	wait.c route.c	to wait and to wake; which destinations are in the guest
 *	announced.c	where the host listens for the guest
 *
 * Locks, outer before inner; none is held while somebody else may take long:
 *
 *	tsi->connecting	of a datagram socket; while it is connected, which the host
 *			answers at once.
 *	cork->mutex	of a datagram that more is to come of; while it is sent.
 *	attempt->mutex	while an attempt is carried on, which never waits.
 *	listener->lock	spinlock. Connections to accept.
 *	tsi->lock	spinlock. State and link, and the turn they have.
 *	link->lock	spinlock. While the packets that belong together are queued.
 *	tsi_announced_lock	spinlock. Where the host listens for the guest.
 *	vsock_table_lock: the callbacks of a port run with it held. They take
 *			link->lock at most, and wake or queue work. Those of a vsock
 *			stream run under RCU.
 *
 * Who uses a link takes a reference under tsi->lock and drops the lock. A link
 * that is closed under its users wakes them with the errors of a socket that was
 * shut down; the vsock stream goes with the last reference.
 */

#define pr_fmt(fmt) "tsi: " fmt

#include <linux/cache.h>
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/virtio_vsock_dgram.h>
#include <net/tsi.h>

#include "ops.h"
#include "route.h"
#include "sock.h"

/**
 * struct tsi_ops - socket operations of one kind of impersonated socket
 * @ops: those of @native, with what TSI does differently in their place
 * @native: those of the real family
 */
struct tsi_ops {
	struct proto_ops ops;
	const struct proto_ops *native;
};

static bool tsi_hijack __read_mostly;
core_param(tsi_hijack, tsi_hijack, bool, 0644);

static bool tsi_hijack_unix __read_mostly;
core_param(tsi_hijack_unix, tsi_hijack_unix, bool, 0644);

/**
 * struct tsi_kind - a kind of socket that can be impersonated
 * @family: its family
 * @type: its type
 * @protocol: the one protocol of these
 */
struct tsi_kind {
	int family;
	int type;
	int protocol;
};

static const struct tsi_kind tsi_kinds[] = {
	{ AF_INET, SOCK_STREAM, IPPROTO_TCP },
	{ AF_INET, SOCK_DGRAM, IPPROTO_UDP },
	{ AF_INET6, SOCK_STREAM, IPPROTO_TCP },
	{ AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
	{ AF_UNIX, SOCK_STREAM, 0 },
	{ AF_UNIX, SOCK_DGRAM, 0 },
};

/* Filled in at boot: operations of a family may be private to it. */
static struct tsi_ops tsi_ops[ARRAY_SIZE(tsi_kinds)] __ro_after_init;

/**
 * tsi_close_socket() - Let a socket have no more to do with the host
 * @sock: a socket that is about to be released, impersonated or not
 *
 * The operations need not be ours any more, see tsi_hand_over().
 */
void tsi_close_socket(struct socket *sock)
{
	struct tsi_sock *tsi = sock->tsi;

	if (!tsi)
		return;

	sock->tsi = NULL;
	/* Most have never had to do with the host. */
	if (READ_ONCE(tsi->state) != TSI_NATIVE || READ_ONCE(tsi->link))
		tsi_sock_detach(tsi, TSI_ANY_TURN, 0);
	if (tsi->cork)
		tsi_dgram_free_cork(tsi);
	tsi_sock_put(tsi);
}

/*
 * TLS makes its operations of those that it finds in the first socket, and has
 * them replace ours. So it must find those of the family. It takes connected
 * sockets alone, and one that is connected in the guest has no more need of us,
 * unless it is disconnected again: then it is one of the guest alone, also where
 * the protocol was refused. Other threads may still be in our operations with
 * @sock->tsi, which therefore stays to the end. What comes from the host does not
 * pass the family's own socket, where TLS would look for it.
 */
static int tsi_hand_over(struct socket *sock, sockptr_t optval,
			 unsigned int optlen)
{
	const struct proto_ops *ops = READ_ONCE(sock->ops);
	struct tsi_sock *tsi = sock->tsi;

	if (READ_ONCE(tsi->state) != TSI_NATIVE)
		return -EOPNOTSUPP;
	if (READ_ONCE(sock->sk->sk_state) != TCP_ESTABLISHED)
		return -ENOTCONN;

	/* Another thread may have come first, with TLS's in their place now. */
	if (ops->bind == tsi_bind)
		cmpxchg(&sock->ops, ops, tsi->native);
	return tsi->native->setsockopt(sock, SOL_TCP, TCP_ULP, optval, optlen);
}

static int tsi_setsockopt(struct socket *sock, int level, int optname,
			  sockptr_t optval, unsigned int optlen)
{
	int err;

	if (level == SOL_TCP && optname == TCP_ULP &&
	    sock->sk->sk_protocol == IPPROTO_TCP)
		return tsi_hand_over(sock, optval, optlen);
	/* It would replace our operations by those of another family. */
	if (level == SOL_IPV6 && optname == IPV6_ADDRFORM)
		return -EOPNOTSUPP;
	err = sock->tsi->native->setsockopt(sock, level, optname, optval,
					    optlen);
	if (!err && level == SOL_UDP && optname == UDP_CORK &&
	    sock->sk->sk_protocol == IPPROTO_UDP &&
	    !udp_test_bit(CORK, sock->sk))
		err = tsi_dgram_uncork(sock);
	return err;
}

static bool tsi_wanted(const struct sock *sk)
{
	switch (sk->sk_family) {
	case AF_INET:
	case AF_INET6:
		return READ_ONCE(tsi_hijack);
	case AF_UNIX:
		return READ_ONCE(tsi_hijack_unix);
	default:
		return false;
	}
}

/**
 * tsi_hijack_socket() - Let a new socket reach the host
 * @sock: a socket that user space has just created
 *
 * Does nothing to sockets that are not to be impersonated, and nothing at all
 * unless the vsock device carries datagrams now.
 */
void tsi_hijack_socket(struct socket *sock)
{
	struct tsi_sock *tsi;
	int i;

	if (!tsi_wanted(sock->sk) || !virtio_vsock_has_dgram())
		return;

	for (i = 0; i < ARRAY_SIZE(tsi_ops); i++) {
		if (sock->ops != tsi_ops[i].native ||
		    sock->sk->sk_protocol != tsi_kinds[i].protocol)
			continue;

		/* Without memory it is the plain socket that it is already. */
		tsi = tsi_sock_create(sock, sock->ops);
		if (!tsi)
			return;
		sock->tsi = tsi;
		sock->ops = &tsi_ops[i].ops;
		/* What it has queued counts as memory of its cgroup. */
		if (sock->type == SOCK_DGRAM)
			sock->sk->sk_allocation |= __GFP_ACCOUNT;
		return;
	}
}

static void __init tsi_ops_init(struct tsi_ops *to,
				const struct proto_ops *native, int type)
{
	to->native = native;
	to->ops = *native;
	to->ops.bind = tsi_bind;
	to->ops.connect = tsi_connect;
	to->ops.getname = tsi_getname;
	to->ops.ioctl = tsi_ioctl;
#ifdef CONFIG_COMPAT
	to->ops.compat_ioctl = tsi_compat_ioctl;
#endif
	to->ops.shutdown = tsi_shutdown;
	if (native->setsockopt)
		to->ops.setsockopt = tsi_setsockopt;

	if (type == SOCK_STREAM) {
		to->ops.listen = tsi_listen;
		to->ops.accept = tsi_accept;
		to->ops.poll = tsi_stream_poll;
		to->ops.sendmsg = tsi_stream_sendmsg;
		to->ops.recvmsg = tsi_stream_recvmsg;
		to->ops.splice_read = tsi_splice_read;
	} else {
		to->ops.poll = tsi_dgram_poll;
		to->ops.sendmsg = tsi_dgram_sendmsg;
		to->ops.recvmsg = tsi_dgram_recvmsg;
	}
}

static int __init tsi_init(void)
{
	struct socket *sock;
	int err;
	int i;

	for (i = 0; i < ARRAY_SIZE(tsi_kinds); i++) {
		err = sock_create_kern(&init_net, tsi_kinds[i].family,
				       tsi_kinds[i].type, 0, &sock);
		if (err) {
			/* Such as IPv6 with ipv6.disable=1: there is none. */
			pr_debug("no sockets of family %d: %d\n",
				 tsi_kinds[i].family, err);
			continue;
		}
		tsi_ops_init(&tsi_ops[i], sock->ops, tsi_kinds[i].type);
		sock_release(sock);
	}
	return 0;
}
late_initcall(tsi_init);
