// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names, ioctl() and shutdown().
 */

#include <linux/compat.h>
#include <linux/sockios.h>
#include <linux/uaccess.h>
#include <net/af_vsock.h>

#include <asm/ioctls.h>

#include "hook.h"
#include "ops.h"
#include "sock.h"

/**
 * tsi_bind() - bind() of an impersonated socket
 * @sock: the socket
 * @addr: the address, in the guest; the host learns of it in listen()
 * @addr_len: its length
 *
 * Return: 0 or an error
 */
int tsi_bind(struct socket *sock, struct sockaddr *addr, int addr_len)
{
	struct tsi_sock *tsi = sock->tsi;

	/* The native socket does not know that it is connected. */
	if (tsi_is_stream(tsi->sk) && READ_ONCE(tsi->state) != TSI_NATIVE)
		return -EINVAL;
	return tsi->native->bind(sock, addr, addr_len);
}

/* Who is at the other end, or no address of the family if it is not known. */
static int tsi_peer_name(struct tsi_link *link, struct sockaddr *addr)
{
	int family = link->sk->sk_family;
	int len;

	len = tsi_link_copy_name(link, &link->peer, addr);
	if (len)
		return len;

	if (family == AF_INET)
		len = sizeof(struct sockaddr_in);
	else if (family == AF_INET6)
		len = sizeof(struct sockaddr_in6);
	else
		len = sizeof(sa_family_t);
	memset(addr, 0, len);
	addr->sa_family = family;
	return len;
}

/* Both ends have said that they send no more: it is no connection any longer. */
static bool tsi_is_over(const struct tsi_link *link)
{
	const struct sock *sk;

	if (!link->data)
		return false;
	sk = link->data->sk;
	return READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN &&
	       READ_ONCE(vsock_sk(sk)->peer_shutdown) & SEND_SHUTDOWN;
}

/**
 * tsi_getname() - getsockname(), getpeername() and the address for accept()
 * @sock: the socket
 * @addr: where the address goes
 * @peer: 0 for that of the socket, 1 for that of its peer, 2 for accept()
 *
 * Return: the length of the address, or an error
 */
int tsi_getname(struct socket *sock, struct sockaddr *addr, int peer)
{
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_view view;
	int len = 0;

	/*
	 * A connection that tsi_accept() has made a plain socket: the system
	 * call asks for its name by the operations of the listener.
	 */
	if (!tsi)
		return sock->ops->getname(sock, addr, peer);

	tsi_sock_look(tsi, &view);
	if (view.state == TSI_CONNECTED && peer && tsi_is_over(view.link) &&
	    tsi->sk->sk_family != AF_UNIX)
		len = -ENOTCONN;
	else if (view.state == TSI_CONNECTED)
		len = peer ? tsi_peer_name(view.link, addr) :
			     tsi_link_copy_name(view.link, &view.link->local,
						addr);
	tsi_view_put(&view);
	if (!len)
		return tsi->native->getname(sock, addr, peer);
	if (len < 0)
		return len;
	tsi_hook_getname(tsi->sk, addr, &len, peer);
	return len;
}

/* How much there is to read: of a stream all, of datagrams the first. */
static int tsi_readable(struct tsi_link *link)
{
	struct sk_buff_head *queue = &link->datagrams;
	struct sk_buff *skb;
	struct sock *sk;
	s64 bytes = 0;

	if (link->data) {
		sk = link->data->sk;
		lock_sock(sk);
		if (vsock_sk(sk)->transport)
			bytes = vsock_stream_has_data(vsock_sk(sk));
		release_sock(sk);
	} else {
		spin_lock_bh(&queue->lock);
		skb = skb_peek(queue);
		if (skb)
			bytes = skb->len;
		spin_unlock_bh(&queue->lock);
	}
	return bytes;
}

static int tsi_link_ioctl(struct socket *sock, struct tsi_link *link,
			  unsigned int cmd, unsigned long arg)
{
	const struct proto_ops *native = sock->tsi->native;
	int bytes;

	switch (cmd) {
	case SIOCINQ:
		bytes = tsi_readable(link);
		if (!bytes && !link->data)
			return native->ioctl(sock, cmd, arg);
		return put_user(bytes, (int __user *)arg);
	case SIOCOUTQ:
		/* What datagrams have queued, the native socket is charged for. */
		if (link->data)
			return link->data->ops->ioctl(link->data, cmd, arg);
		fallthrough;
	default:
		return native->ioctl(sock, cmd, arg);
	}
}

/**
 * tsi_ioctl() - ioctl() of an impersonated socket
 * @sock: the socket
 * @cmd: what to do
 * @arg: with what
 *
 * All but the questions about queues is for the native socket, interfaces and
 * routes among them.
 *
 * Return: 0 or an error
 */
int tsi_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_view view;
	int ret;

	tsi_sock_look(tsi, &view);
	if (view.link &&
	    (view.state == TSI_CONNECTED || !tsi_is_stream(tsi->sk)))
		ret = tsi_link_ioctl(sock, view.link, cmd, arg);
	else
		ret = tsi->native->ioctl(sock, cmd, arg);
	tsi_view_put(&view);
	return ret;
}

#ifdef CONFIG_COMPAT
/**
 * tsi_compat_ioctl() - ioctl() of an impersonated socket, by a 32-bit program
 * @sock: the socket
 * @cmd: what to do
 * @arg: with what
 *
 * Some families answer the questions about queues here, too.
 *
 * Return: 0 or an error
 */
int tsi_compat_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case SIOCINQ:
	case SIOCOUTQ:
		return tsi_ioctl(sock, cmd, (unsigned long)compat_ptr(arg));
	default:
		return sock->tsi->native->compat_ioctl(sock, cmd, arg);
	}
}
#endif

static int tsi_shutdown_connected(struct socket *sock, struct tsi_link *link,
				  int how)
{
	int err;

	if (link->data)
		return kernel_sock_shutdown(link->data, how);

	/* It is noted, though the native socket has no peer. */
	err = sock->tsi->native->shutdown(sock, how);
	return err == -ENOTCONN ? 0 : err;
}

/**
 * tsi_shutdown() - shutdown() of an impersonated socket
 * @sock: the socket
 * @how: SHUT_RD, SHUT_WR or SHUT_RDWR
 *
 * Return: 0 or an error
 */
int tsi_shutdown(struct socket *sock, int how)
{
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_view view;
	int err;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;

again:
	tsi_sock_look(tsi, &view);
	if (view.state == TSI_CONNECTED && tsi_is_over(view.link) &&
	    tsi->sk->sk_family != AF_UNIX) {
		err = -ENOTCONN;
	} else if (view.state == TSI_CONNECTED) {
		err = tsi_shutdown_connected(sock, view.link, how);
	} else {
		/*
		 * It ends a connect, and, unless only for writing, a listen;
		 * those who wait for one see it on the native socket.
		 */
		if (tsi_is_stream(tsi->sk) &&
		    (view.state != TSI_LISTENING || how != SHUT_WR) &&
		    !tsi_sock_detach(tsi, view.turn, 0)) {
			/* It is something else by now. */
			tsi_view_put(&view);
			goto again;
		}
		err = tsi->native->shutdown(sock, how);
		tsi->sk->sk_state_change(tsi->sk);
	}
	tsi_view_put(&view);
	return err;
}
