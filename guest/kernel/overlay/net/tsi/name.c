// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names, options, ioctl() and shutdown().
 */

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/sockios.h>
#include <linux/uaccess.h>
#include <net/af_vsock.h>

#include <asm/ioctls.h>

#include "tsi.h"

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
	if (tsi_is_stream(tsi) && READ_ONCE(tsi->state) != TSI_NATIVE)
		return -EINVAL;
	return tsi->native->bind(sock, addr, addr_len);
}

/* Copy a name of the link, if it is known. */
static int tsi_copy_name(struct tsi_sock *tsi, const struct tsi_name *name,
			 struct sockaddr *addr)
{
	int len;

	spin_lock(&tsi->lock);
	len = name->len;
	memcpy(addr, &name->addr, len);
	spin_unlock(&tsi->lock);
	return len;
}

/*
 * The host knows best who is at the other end. When it does not say, there is
 * what connect() was given; for an accepted connection, no address at all.
 */
static int tsi_peer_name(struct tsi_link *link, struct sockaddr *addr, int peer)
{
	struct tsi_sock *tsi = link->tsi;
	struct tsi_name name;
	int len;

	if (!READ_ONCE(link->peer_asked) &&
	    !tsi_control_getname(link, peer, &name)) {
		spin_lock(&tsi->lock);
		link->peer = name;
		WRITE_ONCE(link->peer_asked, true);
		spin_unlock(&tsi->lock);
	}

	len = tsi_copy_name(tsi, &link->peer, addr);
	if (len)
		return len;

	if (tsi->sk->sk_family == AF_INET)
		len = sizeof(struct sockaddr_in);
	else if (tsi->sk->sk_family == AF_INET6)
		len = sizeof(struct sockaddr_in6);
	else
		len = sizeof(sa_family_t);
	memset(addr, 0, len);
	addr->sa_family = tsi->sk->sk_family;
	return len;
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
	struct tsi_link *link;
	enum tsi_state state;
	int len = 0;

	/*
	 * A connection that tsi_accept() has made a plain socket: the system
	 * call asks for its name by the operations of the listener.
	 */
	if (!tsi)
		return sock->ops->getname(sock, addr, peer);

	link = tsi_get_link(tsi, &state);
	if (link && state == TSI_CONNECTED)
		len = peer ? tsi_peer_name(link, addr, peer) :
			     tsi_copy_name(tsi, &link->local, addr);
	if (link)
		tsi_link_put(link);
	return len ?: tsi->native->getname(sock, addr, peer);
}

/* How much there is to read: of a stream all, of datagrams the first. */
static int tsi_readable(struct tsi_link *link)
{
	struct sock *sk = link->data->sk;
	struct sk_buff *skb;
	s64 bytes = 0;

	if (tsi_is_stream(link->tsi)) {
		lock_sock(sk);
		if (vsock_sk(sk)->transport)
			bytes = vsock_stream_has_data(vsock_sk(sk));
		release_sock(sk);
	} else {
		spin_lock_bh(&sk->sk_receive_queue.lock);
		skb = skb_peek(&sk->sk_receive_queue);
		if (skb)
			bytes = skb->len;
		spin_unlock_bh(&sk->sk_receive_queue.lock);
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
		if (!bytes && !tsi_is_stream(link->tsi))
			return native->ioctl(sock, cmd, arg);
		return put_user(bytes, (int __user *)arg);
	case SIOCOUTQ:
		return link->data->ops->ioctl(link->data, cmd, arg);
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
	struct tsi_link *link;
	enum tsi_state state;
	int ret;

	link = tsi_get_link(tsi, &state);
	if (link && (state == TSI_CONNECTED || !tsi_is_stream(tsi)))
		ret = tsi_link_ioctl(sock, link, cmd, arg);
	else
		ret = tsi->native->ioctl(sock, cmd, arg);
	if (link)
		tsi_link_put(link);
	return ret;
}

/**
 * tsi_setsockopt() - setsockopt() of an impersonated socket
 * @sock: the socket
 * @level: never SOL_SOCKET
 * @optname: the option
 * @optval: its value
 * @optlen: length of @optval
 *
 * Return: 0 or an error
 */
int tsi_setsockopt(struct socket *sock, int level, int optname,
		   sockptr_t optval, unsigned int optlen)
{
	/* It would replace our operations by those of another family. */
	if (level == SOL_IPV6 && optname == IPV6_ADDRFORM)
		return -EOPNOTSUPP;
	return sock->tsi->native->setsockopt(sock, level, optname, optval,
					     optlen);
}

static int tsi_shutdown_connected(struct socket *sock, struct tsi_link *link,
				  int how)
{
	int err;

	if (tsi_is_stream(link->tsi))
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
	struct tsi_link *link;
	enum tsi_state state;
	int err;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;

	link = tsi_get_link(tsi, &state);
	if (state == TSI_CONNECTED) {
		err = tsi_shutdown_connected(sock, link, how);
	} else {
		/*
		 * It ends a connect, and, unless only for writing, a listen;
		 * those who wait for one see it on the native socket.
		 */
		if (tsi_is_stream(tsi) && (state != TSI_LISTENING ||
					   how != SHUT_WR))
			tsi_detach(tsi, NULL);
		err = tsi->native->shutdown(sock, how);
		tsi->sk->sk_state_change(tsi->sk);
	}
	if (link)
		tsi_link_put(link);
	return err;
}
