// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagrams.
 *
 * Until it is connected, a datagram socket sends to the guest and to the host,
 * each datagram where its destination is, and receives from both.
 */

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>
#include <linux/virtio_vsock.h>
#include <net/af_vsock.h>

#include "tsi.h"

/* --- Send ----------------------------------------------------------------- */

/* Wait until there is room for one more datagram. */
static int tsi_wait_writable(struct tsi_link *link, long *timeout)
{
	wait_queue_head_t *queue = sk_sleep(link->tsi->sk);
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = link->data->sk;
	int err = 0;

	add_wait_queue(queue, &wait);
	while (!sock_writeable(sk) && !READ_ONCE(link->closed)) {
		if (!*timeout) {
			err = -EAGAIN;
			break;
		}
		if (signal_pending(current)) {
			err = sock_intr_errno(*timeout);
			break;
		}
		*timeout = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeout);
	}
	remove_wait_queue(queue, &wait);
	return err;
}

static int tsi_send_data(struct tsi_link *link, u32 port, struct msghdr *msg,
			 size_t len)
{
	struct sockaddr_vm host;
	void *name = msg->msg_name;
	int namelen = msg->msg_namelen;
	int ret;

	vsock_addr_init(&host, VMADDR_CID_HOST, port);
	msg->msg_name = &host;
	msg->msg_namelen = sizeof(host);
	ret = link->data->ops->sendmsg(link->data, msg, len);
	msg->msg_name = name;
	msg->msg_namelen = namelen;
	return ret;
}

/* Send to @addr, or without one to the peer that the host has connected. */
static int tsi_send_locked(struct tsi_link *link, const struct sockaddr *addr,
			   int addr_len, struct msghdr *msg, size_t len)
{
	struct tsi_sock *tsi = link->tsi;
	int err = 0;

	lockdep_assert_held(&link->send);
	/* connect() or close() came first. */
	if (link->closed)
		return -ECONNABORTED;
	if (!addr)
		return tsi_send_data(link, link->id, msg, len);

	/* An address without its datagram would be that of the next one. */
	if (!sock_writeable(link->data->sk))
		return -EAGAIN;
	if (len > VIRTIO_VSOCK_MAX_PKT_BUF_SIZE)
		return -EMSGSIZE;
	if (!link->created)
		err = tsi_control_create(link, 0);
	if (!err)
		err = tsi_control_address(link, TSI_PORT_SENDTO_ADDR, addr,
					  addr_len);
	if (err)
		return err;

	spin_lock(&tsi->lock);
	if (tsi->state != TSI_CONNECTED) {
		memcpy(&link->peer.addr, addr, addr_len);
		link->peer.len = addr_len;
	}
	spin_unlock(&tsi->lock);
	return tsi_send_data(link, TSI_PORT_SENDTO_DATA, msg, len);
}

static int tsi_send(struct tsi_link *link, const struct sockaddr *addr,
		    int addr_len, struct msghdr *msg, size_t len)
{
	long timeout = sock_sndtimeo(link->tsi->sk,
				     msg->msg_flags & MSG_DONTWAIT);
	int ret;

	tsi_link_sync(link);
	do {
		if (mutex_lock_interruptible(&link->send))
			return sock_intr_errno(timeout);
		ret = tsi_send_locked(link, addr, addr_len, msg, len);
		mutex_unlock(&link->send);
		if (ret != -EAGAIN || !timeout)
			return ret;
		ret = tsi_wait_writable(link, &timeout);
	} while (!ret);
	return ret;
}

/* The link of the socket, made if it has none. */
static struct tsi_link *tsi_dgram_link(struct tsi_sock *tsi)
{
	struct tsi_link *link = tsi_get_link(tsi, NULL);
	struct tsi_link *new;

	if (link)
		return link;
	new = tsi_link_create(tsi);
	if (IS_ERR(new))
		return new;

	spin_lock(&tsi->lock);
	link = tsi->link;
	if (!link) {
		/* One reference is that of the socket. */
		tsi->link = new;
		link = new;
	}
	tsi_link_get(link);
	spin_unlock(&tsi->lock);

	if (link != new) {
		tsi_link_close(new);
		tsi_link_put(new);
	}
	return link;
}

static int tsi_send_host(struct tsi_sock *tsi, struct msghdr *msg, size_t len)
{
	struct sockaddr_storage addr = {};
	struct tsi_link *link;
	int addr_len = msg->msg_namelen;
	int ret;

	if (msg->msg_flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (tsi->sk->sk_shutdown & SEND_SHUTDOWN)
		return -EPIPE;

	link = tsi_dgram_link(tsi);
	if (IS_ERR(link))
		return PTR_ERR(link);

	/* The family's own length; a copy, because @msg is for the payload. */
	if (tsi->sk->sk_family == AF_INET)
		addr_len = sizeof(struct sockaddr_in);
	else if (tsi->sk->sk_family == AF_INET6)
		addr_len = min_t(int, addr_len, sizeof(struct sockaddr_in6));
	memcpy(&addr, msg->msg_name, addr_len);

	ret = tsi_send(link, (struct sockaddr *)&addr, addr_len, msg, len);
	tsi_link_put(link);
	return ret;
}

/* A path says nothing about where it is: try the guest, then the host. */
static int tsi_send_unix(struct socket *sock, struct msghdr *msg, size_t len,
			 enum tsi_place place)
{
	struct iov_iter data = msg->msg_iter;
	int ret;

	ret = sock->tsi->native->sendmsg(sock, msg, len);
	if (place != TSI_LOCAL || (ret != -ECONNREFUSED && ret != -ENOENT))
		return ret;
	msg->msg_iter = data;
	return tsi_send_host(sock->tsi, msg, len);
}

static int tsi_send_named(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct tsi_sock *tsi = sock->tsi;
	enum tsi_place place;

	place = tsi_place(tsi->sk, msg->msg_name, msg->msg_namelen);
	if (tsi->sk->sk_family == AF_UNIX)
		return tsi_send_unix(sock, msg, len, place);
	if (place == TSI_HOST ||
	    (place == TSI_LOCAL && !tsi_has_receiver(tsi->sk, msg->msg_name)))
		return tsi_send_host(tsi, msg, len);
	return tsi->native->sendmsg(sock, msg, len);
}

/**
 * tsi_dgram_sendmsg() - sendmsg() of an impersonated datagram socket
 * @sock: the socket
 * @msg: what to send, and where to
 * @len: how much
 *
 * Return: @len, or an error
 */
int tsi_dgram_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_link *link;
	enum tsi_state state;
	int ret;

	if (msg->msg_name && msg->msg_namelen)
		return tsi_send_named(sock, msg, len);

	link = tsi_get_link(tsi, &state);
	if (state != TSI_CONNECTED) {
		ret = tsi->native->sendmsg(sock, msg, len);
	} else {
		ret = sock_error(tsi->sk);
		if (!ret && tsi->sk->sk_shutdown & SEND_SHUTDOWN)
			ret = -EPIPE;
		if (!ret)
			ret = tsi_send(link, NULL, 0, msg, len);
	}
	if (link)
		tsi_link_put(link);
	return ret;
}

/* --- Receive -------------------------------------------------------------- */

static int tsi_recv_host(struct tsi_link *link, struct msghdr *msg, size_t len,
			 int flags)
{
	struct tsi_sock *tsi = link->tsi;
	void *name = msg->msg_name;
	int ret;

	tsi_link_sync(link);
	msg->msg_name = NULL;
	ret = link->data->ops->recvmsg(link->data, msg, len,
				       flags | MSG_DONTWAIT);
	msg->msg_name = name;
	if (ret < 0 || !name)
		return ret;

	/* Who really sent it the host does not say. */
	spin_lock(&tsi->lock);
	memcpy(name, &link->peer.addr, link->peer.len);
	msg->msg_namelen = link->peer.len;
	spin_unlock(&tsi->lock);
	return ret;
}

/* Take what is there. Connected to the host, the guest is not heard. */
static int tsi_recv_now(struct socket *sock, struct msghdr *msg, size_t len,
			int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_link *link;
	enum tsi_state state;
	int ret = -EAGAIN;

	link = tsi_get_link(tsi, &state);
	if (state != TSI_CONNECTED)
		ret = tsi->native->recvmsg(sock, msg, len,
					   flags | MSG_DONTWAIT);
	if (ret == -EAGAIN && link)
		ret = tsi_recv_host(link, msg, len, flags);
	if (ret == -EAGAIN)
		ret = sock_error(tsi->sk) ?: -EAGAIN;
	if (link)
		tsi_link_put(link);
	return ret;
}

/**
 * tsi_dgram_recvmsg() - recvmsg() of an impersonated datagram socket
 * @sock: the socket
 * @msg: where to put it
 * @len: how much at most
 * @flags: of the call
 *
 * Return: how much was received, or an error
 */
int tsi_dgram_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		      int flags)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = sock->sk;
	wait_queue_head_t *queue = sk_sleep(sk);
	long timeout = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	int ret;

	if (flags & MSG_ERRQUEUE)
		return sock->tsi->native->recvmsg(sock, msg, len, flags);

	/* One datagram wakes one thread. */
	add_wait_queue_exclusive(queue, &wait);
	for (;;) {
		ret = tsi_recv_now(sock, msg, len, flags);
		if (ret != -EAGAIN)
			break;
		if (sk->sk_shutdown & RCV_SHUTDOWN) {
			ret = 0;
			break;
		}
		if (!timeout)
			break;
		if (signal_pending(current)) {
			ret = sock_intr_errno(timeout);
			break;
		}
		timeout = wait_woken(&wait, TASK_INTERRUPTIBLE, timeout);
	}
	remove_wait_queue(queue, &wait);
	return ret;
}

/* --- poll() --------------------------------------------------------------- */

/**
 * tsi_dgram_poll() - poll() of an impersonated datagram socket
 * @file: of the socket
 * @sock: the socket
 * @wait: where to register
 *
 * Return: the events, of both sides
 */
__poll_t tsi_dgram_poll(struct file *file, struct socket *sock,
			poll_table *wait)
{
	struct tsi_sock *tsi = sock->tsi;
	struct tsi_link *link;
	enum tsi_state state;
	__poll_t events;
	struct sock *sk;

	events = tsi->native->poll(file, sock, wait);

	link = tsi_get_link(tsi, &state);
	if (!link)
		return events;
	sk = link->data->sk;
	/* Connected to the host, what the guest sends is not read. */
	if (state == TSI_CONNECTED && !(sock->sk->sk_shutdown & RCV_SHUTDOWN))
		events &= ~(EPOLLIN | EPOLLRDNORM);
	if (!skb_queue_empty_lockless(&sk->sk_receive_queue))
		events |= EPOLLIN | EPOLLRDNORM;
	if (state == TSI_CONNECTED && !sock_writeable(sk))
		events &= ~(EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	tsi_link_put(link);
	return events;
}
