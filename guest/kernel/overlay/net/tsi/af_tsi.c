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
 * States, see enum tsi_state:
 *
 *	NATIVE  --connect()--> PENDING --guest took it, or error--> NATIVE
 *				       --host took it-------------> CONNECTED
 *	NATIVE  --listen()---> PENDING --host refused-------------> NATIVE
 *				       --host took it-------------> LISTENING
 *	CONNECTED, LISTENING --connect(AF_UNSPEC)-----------------> NATIVE
 *	PENDING, LISTENING --shutdown()---------------------------> NATIVE
 *
 * PENDING belongs to who entered it with tsi_begin(): a second connect() or
 * listen() sees it and waits or fails, nothing else is held up.
 *
 * Locks, outer before inner; none is held while somebody else may take long:
 *
 *	link->rpc	mutex. From a request to its answer, at most
 *			TSI_ANSWER_TIMEOUT, interruptible. A connect holds it
 *			only to look for the answer.
 *	link->send	mutex. While the two packets of a datagram are queued.
 *	tsi->lock	spinlock. Taken in process context only; state, link
 *			and names.
 *	sk_callback_lock of a vsock socket: its sk_user_data is the link. The
 *			callbacks take nothing else, and wake or queue work.
 *
 * Who uses a link takes a reference under tsi->lock and drops the lock. A link
 * that is closed under a user wakes him with the errors of a socket that was
 * shut down; the vsock sockets go with the last reference.
 */

#define pr_fmt(fmt) "tsi: " fmt

#include <linux/cache.h>
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/virtio_vsock_dgram.h>
#include <net/tsi.h>

#include "tsi.h"

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
 * tsi_sock_create() - Give a socket what TSI needs
 * @sock: the socket, which has a struct sock
 * @native: the operations of its family
 *
 * Return: the new tsi_sock, in state TSI_NATIVE, or NULL
 */
struct tsi_sock *tsi_sock_create(struct socket *sock,
				 const struct proto_ops *native)
{
	struct tsi_sock *tsi;

	tsi = kzalloc(sizeof(*tsi), GFP_KERNEL_ACCOUNT);
	if (!tsi)
		return NULL;

	kref_init(&tsi->ref);
	spin_lock_init(&tsi->lock);
	tsi->native = native;
	tsi->sk = sock->sk;
	sock_hold(tsi->sk);
	return tsi;
}

/**
 * tsi_sock_get() - Take a reference
 * @tsi: of this
 */
void tsi_sock_get(struct tsi_sock *tsi)
{
	kref_get(&tsi->ref);
}

static void tsi_sock_free(struct kref *ref)
{
	struct tsi_sock *tsi = container_of(ref, struct tsi_sock, ref);

	sock_put(tsi->sk);
	kfree(tsi);
}

/**
 * tsi_sock_put() - Drop a reference
 * @tsi: of this
 */
void tsi_sock_put(struct tsi_sock *tsi)
{
	kref_put(&tsi->ref, tsi_sock_free);
}

/**
 * tsi_get_link() - Look at the state of a socket and take its link
 * @tsi: the socket
 * @state: where the state goes, or NULL
 *
 * Return: the link, with a reference, or NULL if there is none
 */
struct tsi_link *tsi_get_link(struct tsi_sock *tsi, enum tsi_state *state)
{
	struct tsi_link *link;

	spin_lock(&tsi->lock);
	link = tsi->link;
	if (link)
		tsi_link_get(link);
	if (state)
		*state = tsi->state;
	spin_unlock(&tsi->lock);
	return link;
}

/**
 * tsi_begin() - Begin a connect() or listen()
 * @tsi: the socket
 * @state: where the state goes that it was in
 *
 * Return: whether the socket was TSI_NATIVE; then it is TSI_PENDING until
 * tsi_end() or tsi_detach()
 */
bool tsi_begin(struct tsi_sock *tsi, enum tsi_state *state)
{
	bool begun;

	spin_lock(&tsi->lock);
	*state = tsi->state;
	begun = tsi->state == TSI_NATIVE;
	if (begun)
		WRITE_ONCE(tsi->state, TSI_PENDING);
	spin_unlock(&tsi->lock);
	return begun;
}

/**
 * tsi_end() - End what tsi_begin() began
 * @tsi: the socket
 * @state: what it is in now
 * @link: its new link, whose reference is handed over, or NULL to keep what
 *	  there is
 *
 * A socket that was disconnected meanwhile stays so, and @link is closed.
 */
void tsi_end(struct tsi_sock *tsi, enum tsi_state state, struct tsi_link *link)
{
	bool ended;

	spin_lock(&tsi->lock);
	ended = tsi->state == TSI_PENDING;
	if (ended) {
		WRITE_ONCE(tsi->state, state);
		if (link)
			tsi->link = link;
	}
	spin_unlock(&tsi->lock);

	if (link && !ended) {
		tsi_link_close(link);
		tsi_link_put(link);
	}
	tsi->sk->sk_state_change(tsi->sk);
}

/**
 * tsi_detach() - Take the link from a socket, which is native then
 * @tsi: the socket
 * @only: do it only if this is its link; NULL for whatever it has
 *
 * Return: whether it was done
 */
bool tsi_detach(struct tsi_sock *tsi, struct tsi_link *only)
{
	struct tsi_link *link;

	spin_lock(&tsi->lock);
	link = tsi->link;
	if (!link || (only && link != only)) {
		spin_unlock(&tsi->lock);
		return false;
	}
	tsi->link = NULL;
	WRITE_ONCE(tsi->state, TSI_NATIVE);
	spin_unlock(&tsi->lock);

	tsi_link_close(link);
	tsi_link_put(link);
	return true;
}

static int tsi_release(struct socket *sock)
{
	const struct proto_ops *native = tsi_native(sock);
	struct tsi_sock *tsi = sock->tsi;
	int err;

	/* There is none if accept() has failed. */
	if (!tsi)
		return native->release(sock);

	sock->tsi = NULL;
	tsi_detach(tsi, NULL);
	err = native->release(sock);
	tsi_sock_put(tsi);
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
		return;
	}
}

static void __init tsi_ops_init(struct tsi_ops *to,
				const struct proto_ops *native, int type)
{
	to->native = native;
	to->ops = *native;
	to->ops.release = tsi_release;
	to->ops.bind = tsi_bind;
	to->ops.connect = tsi_connect;
	to->ops.getname = tsi_getname;
	to->ops.ioctl = tsi_ioctl;
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
