// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagrams.
 *
 * Until it is connected to the host, a datagram socket sends to the guest and to the
 * host, each datagram where its destination is, and receives from both. What it
 * sends to the host is charged to the native socket, so that SO_SNDBUF, poll() and
 * SIOCOUTQ mean what they mean without TSI.
 */

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/udp.h>
#include <linux/uio.h>
#include <linux/virtio_vsock.h>
#include <linux/virtio_vsock_dgram.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/transp_v6.h>
#include <net/udp.h>

#include "connect.h"
#include "hook.h"
#include "ops.h"
#include "route.h"
#include "wire.h"

/* What is left of 64 KiB behind the headers. */
#define TSI_UDP4_MAX	(0xffff - sizeof(struct udphdr) - sizeof(struct iphdr))
#define TSI_UDP6_MAX	(0xffff - sizeof(struct udphdr))

/**
 * struct tsi_cork - a datagram that more is to come of
 * @mutex: for all below
 * @name: where to; no address if to the peer
 * @bytes: what there is of it
 * @len: how much that is
 * @open: there is one, even if it has no bytes
 */
struct tsi_cork {
	struct mutex mutex;	/* all below */
	struct tsi_name name;
	u8 *bytes;
	size_t len;
	bool open;
};

/**
 * struct tsi_sending - what one call sends to the host
 * @tsi: the socket
 * @name: where to; no address for the peer that the host has connected
 * @payload: the datagrams, of which there are several with UDP_SEGMENT
 */
struct tsi_sending {
	struct tsi_sock *tsi;
	const struct tsi_name *name;
	struct sk_buff_head payload;
};

/* --- To the host ---------------------------------------------------------- */

/* The link of the socket, made if it has none; with a reference. */
static struct tsi_link *tsi_dgram_link(struct tsi_sock *tsi, bool connected)
{
	struct tsi_attempt *attempt;
	struct tsi_view view;

	for (;;) {
		tsi_sock_look(tsi, &view);
		if (connected && view.state != TSI_CONNECTED) {
			tsi_view_put(&view);
			return ERR_PTR(sock_error(tsi->sk) ?: -ENOTCONN);
		}
		if (view.link)
			return view.link;

		attempt = tsi_host_link(tsi);
		if (IS_ERR(attempt))
			return ERR_CAST(attempt);
		if (tsi_sock_equip(tsi, &attempt->link))
			return &attempt->link;
		tsi_link_close(&attempt->link);
		tsi_link_put(&attempt->link);
	}
}

/* An address for each datagram that is to go to one. */
static int tsi_make_addresses(struct tsi_link *link,
			      const struct tsi_sending *sending,
			      struct sk_buff_head *addresses)
{
	unsigned int count = skb_queue_len(&sending->payload);
	struct sk_buff *request;

	while (sending->name->len && skb_queue_len(addresses) < count) {
		request = tsi_request_address(&link->control, sending->name);
		if (!request)
			return -ENOMEM;
		skb_set_owner_w(request, link->sk);
		__skb_queue_tail(addresses, request);
	}
	return 0;
}

/* All of them, one after the other, each behind its address. */
static void tsi_send_locked(struct tsi_link *link, struct sk_buff *create,
			    struct sk_buff_head *addresses,
			    struct sk_buff_head *payload)
{
	u32 port = link->control.id;
	struct sk_buff *address;
	struct sk_buff *skb;

	lockdep_assert_held(&link->lock);
	if (create)
		tsi_link_create(link, create);
	while ((skb = __skb_dequeue(payload))) {
		address = __skb_dequeue(addresses);
		if (address) {
			tsi_control_send(&link->control, address,
					 TSI_PORT_SENDTO_ADDR, true);
			port = TSI_PORT_SENDTO_DATA;
		}
		virtio_vsock_dgram_send(skb, link->control.id, port,
					!skb_queue_empty(payload));
	}
}

static int tsi_send_link(struct tsi_link *link, struct tsi_sending *sending)
{
	struct sk_buff_head addresses;
	struct sk_buff *create = NULL;
	int err;

	if (!tsi_link_has_room(link))
		return -EAGAIN;

	__skb_queue_head_init(&addresses);
	err = tsi_make_addresses(link, sending, &addresses);
	if (!err && !READ_ONCE(link->created)) {
		create = tsi_request_create(&link->control, link->sk);
		err = create ? 0 : -ENOMEM;
	}
	if (err)
		goto out;

	spin_lock(&link->lock);
	if (link->closed || (!link->created && !create)) {
		/* connect(), close() or a reset of the device came first. */
		err = -ESTALE;
	} else {
		if (link->created) {
			kfree_skb(create);
			create = NULL;
		}
		/* The peer of a connect() is not for others to change. */
		if (sending->name->len &&
		    READ_ONCE(sending->tsi->state) == TSI_NATIVE)
			link->peer = *sending->name;
		tsi_send_locked(link, create, &addresses, &sending->payload);
		create = NULL;
	}
	spin_unlock(&link->lock);
out:
	kfree_skb(create);
	__skb_queue_purge(&addresses);
	return err;
}

static int tsi_send_now(void *context)
{
	struct tsi_sending *sending = context;
	struct tsi_link *link;
	int err;

	do {
		link = tsi_dgram_link(sending->tsi, !sending->name->len);
		if (IS_ERR(link))
			return PTR_ERR(link);
		err = tsi_send_link(link, sending);
		tsi_link_put(link);
	} while (err == -ESTALE);
	return err;
}

/* Each @segment bytes are a datagram, if it is not 0. */
static int tsi_send_host(struct tsi_sock *tsi, const struct tsi_name *name,
			 struct msghdr *msg, size_t len, size_t segment)
{
	struct tsi_sending sending = { .tsi = tsi, .name = name };
	bool noblock = msg->msg_flags & MSG_DONTWAIT;
	enum virtio_vsock_charge charge = noblock ? VIRTIO_VSOCK_CHARGE_TRY :
						    VIRTIO_VSOCK_CHARGE_WAIT;
	long timeout = sock_sndtimeo(tsi->sk, noblock);
	size_t left = len;
	struct sk_buff *skb;
	int err = 0;

	__skb_queue_head_init(&sending.payload);
	do {
		size_t part = segment ? min(left, segment) : left;

		skb = virtio_vsock_dgram_from_msg(tsi->sk, msg, part, charge,
						  &err);
		if (!skb)
			break;
		__skb_queue_tail(&sending.payload, skb);
		left -= part;
		charge = VIRTIO_VSOCK_CHARGE_ALWAYS;
	} while (left);
	if (!err)
		err = tsi_wait(tsi->sk, TSI_WAIT_ALL, &timeout, tsi_send_now,
			       &sending);
	__skb_queue_purge(&sending.payload);
	return err ?: len;
}

/* --- What the family looks at first --------------------------------------- */

/**
 * struct tsi_udp_options - what a call asks for besides
 * @segment: UDP_SEGMENT, or 0
 * @oif: the interface to send by, or 0
 */
struct tsi_udp_options {
	u16 segment;
	int oif;
};

static bool tsi_is_ipv4(const struct sock *sk, const struct sockaddr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

	return sk->sk_family == AF_INET ||
	       ipv6_addr_v4mapped(&in6->sin6_addr);
}

static int tsi_ipv4_options(struct sock *sk, struct msghdr *msg,
			    struct tsi_udp_options *options)
{
	struct ipcm_cookie ipc;
	int err;

	ipcm_init_sk(&ipc, inet_sk(sk));
	ipc.oif = 0;
	err = ip_cmsg_send(sk, msg, &ipc, sk->sk_family == AF_INET6);
	kfree(ipc.opt);
	options->oif = ipc.oif;
	return err;
}

static int tsi_ipv6_options(struct sock *sk, struct msghdr *msg,
			    struct tsi_udp_options *options)
{
	struct ipv6_txoptions room = { .tot_len = sizeof(room) };
	struct ipcm6_cookie ipc6;
	struct flowi6 flow = {};
	int err;

	ipcm6_init_sk(&ipc6, sk);
	ipc6.opt = &room;
	err = ip6_datagram_send_ctl(sock_net(sk), sk, msg, &flow, &ipc6);
	options->oif = flow.flowi6_oif;
	return err;
}

/* Control messages are checked by those who know them. */
static int tsi_udp_options(struct sock *sk, struct msghdr *msg, bool ipv4,
			   struct tsi_udp_options *options)
{
	int err;

	options->segment = READ_ONCE(udp_sk(sk)->gso_size);
	options->oif = 0;
	if (!msg->msg_controllen)
		return 0;
	err = udp_cmsg_send(sk, msg, &options->segment);
	if (err <= 0)
		return err;
	return ipv4 ? tsi_ipv4_options(sk, msg, options) :
		      tsi_ipv6_options(sk, msg, options);
}

/* What UDP finds out about a datagram before it looks for a route. */
static int tsi_udp_check(const struct sock *sk, const struct tsi_name *name,
			 bool ipv4, size_t len, size_t segment)
{
	const struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&name->addr;
	const struct sockaddr_in *in = (struct sockaddr_in *)&name->addr;
	__be32 addr = sk->sk_family == AF_INET ? in->sin_addr.s_addr :
						 in6->sin6_addr.s6_addr32[3];

	/* The port is at the same place in both. */
	if (!in->sin_port)
		return -EINVAL;
	if (ipv4 && ipv6_only_sock(sk))
		return -ENETUNREACH;
	if (ipv4 && ipv4_is_lbcast(addr) && !sock_flag(sk, SOCK_BROADCAST))
		return -EACCES;
	if (!ipv4 && ipv6_addr_type(&in6->sin6_addr) & IPV6_ADDR_LINKLOCAL &&
	    !in6->sin6_scope_id && !READ_ONCE(sk->sk_bound_dev_if))
		return -EINVAL;
	if (len > (ipv4 ? TSI_UDP4_MAX : TSI_UDP6_MAX))
		return -EMSGSIZE;
	if (segment && DIV_ROUND_UP(len, segment) > UDP_MAX_SEGMENTS)
		return -EINVAL;
	return 0;
}

/* --- UDP_CORK and MSG_MORE ------------------------------------------------ */

static struct tsi_cork *tsi_cork(struct tsi_sock *tsi)
{
	struct tsi_cork *cork = READ_ONCE(tsi->cork);
	struct tsi_cork *other;

	if (cork)
		return cork;
	cork = kzalloc(sizeof(*cork), GFP_KERNEL_ACCOUNT);
	if (!cork)
		return NULL;
	mutex_init(&cork->mutex);
	other = cmpxchg(&tsi->cork, NULL, cork);
	if (!other)
		return cork;
	kfree(cork);
	return other;
}

static bool tsi_is_corked(struct tsi_sock *tsi)
{
	struct tsi_cork *cork = READ_ONCE(tsi->cork);

	return cork && READ_ONCE(cork->open);
}

static int tsi_cork_add(struct tsi_cork *cork, const struct tsi_name *name,
			struct msghdr *msg, size_t len)
{
	u8 *bytes;

	lockdep_assert_held(&cork->mutex);
	if (cork->len + len > TSI_UDP4_MAX)
		return -EMSGSIZE;
	bytes = krealloc(cork->bytes, max(cork->len + len, (size_t)1),
			 GFP_KERNEL_ACCOUNT);
	if (!bytes)
		return -ENOMEM;
	cork->bytes = bytes;
	if (!copy_from_iter_full(bytes + cork->len, len, &msg->msg_iter))
		return -EFAULT;
	cork->len += len;
	/* The first has said where it goes. */
	if (!cork->open)
		cork->name = *name;
	WRITE_ONCE(cork->open, true);
	return 0;
}

static int tsi_cork_send(struct tsi_sock *tsi, struct tsi_cork *cork, int flags)
{
	struct kvec vec = { .iov_base = cork->bytes, .iov_len = cork->len };
	struct msghdr msg = { .msg_flags = flags };
	size_t segment = READ_ONCE(udp_sk(tsi->sk)->gso_size);
	int ret = -EINVAL;

	lockdep_assert_held(&cork->mutex);
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, cork->len);
	/* Each part was checked with what UDP_SEGMENT was then. */
	if (!segment || DIV_ROUND_UP(cork->len, segment) <= UDP_MAX_SEGMENTS)
		ret = tsi_send_host(tsi, &cork->name, &msg, cork->len, segment);
	kfree(cork->bytes);
	cork->bytes = NULL;
	cork->len = 0;
	WRITE_ONCE(cork->open, false);
	return ret < 0 ? ret : 0;
}

/* Send it, or keep it until there is the rest. */
static int tsi_send_corked(struct tsi_sock *tsi, const struct tsi_name *name,
			   struct msghdr *msg, size_t len, bool more)
{
	struct tsi_cork *cork = tsi_cork(tsi);
	int err;

	if (!cork)
		return -ENOMEM;
	if (msg->msg_flags & MSG_DONTWAIT) {
		if (!mutex_trylock(&cork->mutex))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&cork->mutex)) {
		return -ERESTARTSYS;
	}
	err = tsi_cork_add(cork, name, msg, len);
	if (!err && !more)
		err = tsi_cork_send(tsi, cork, msg->msg_flags);
	mutex_unlock(&cork->mutex);
	return err ?: len;
}

/**
 * tsi_dgram_uncork() - Send what UDP_CORK has kept
 * @sock: the socket, of UDP
 *
 * Return: 0 or an error
 */
int tsi_dgram_uncork(struct socket *sock)
{
	struct tsi_cork *cork = READ_ONCE(sock->tsi->cork);
	int err = 0;

	if (!cork)
		return 0;
	if (mutex_lock_interruptible(&cork->mutex))
		return -ERESTARTSYS;
	if (cork->open)
		err = tsi_cork_send(sock->tsi, cork, 0);
	mutex_unlock(&cork->mutex);
	return err;
}

/**
 * tsi_dgram_free_cork() - Throw away what UDP_CORK has kept
 * @tsi: the socket, which is being closed and has something like that
 */
void tsi_dgram_free_cork(struct tsi_sock *tsi)
{
	kfree(tsi->cork->bytes);
	kfree(tsi->cork);
	tsi->cork = NULL;
}

/* --- sendmsg() ------------------------------------------------------------ */

/*
 * To the host, unless the options name an interface of the guest. @name has no
 * address for the peer that the host has connected; @peer has one.
 */
static int tsi_send_udp(struct socket *sock, const struct tsi_name *name,
			const struct tsi_name *peer, struct msghdr *msg,
			size_t len)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sock *sk = tsi->sk;
	bool ipv4 = tsi_is_ipv4(sk, (struct sockaddr *)&peer->addr);
	struct tsi_udp_options options;
	bool more;
	int err;

	if (msg->msg_flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = tsi_udp_options(sk, msg, ipv4, &options);
	if (!err && options.oif)
		return tsi->native->sendmsg(sock, msg, len);
	if (!err)
		err = tsi_udp_check(sk, peer, ipv4, len, options.segment);
	if (!err && READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN)
		err = -EPIPE;
	/* As by any datagram, the socket gets a port. */
	if (!err)
		err = inet_send_prepare(sk);
	if (err)
		return err;

	more = msg->msg_flags & MSG_MORE || udp_test_bit(CORK, sk);
	if (more || tsi_is_corked(tsi))
		return tsi_send_corked(tsi, name, msg, len, more);
	return tsi_send_host(tsi, name, msg, len, options.segment);
}

/* A path says nothing about where it is: try the guest, then the host. */
static int tsi_send_unix(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct tsi_sock *tsi = sock->tsi;
	struct iov_iter data = msg->msg_iter;
	struct tsi_name name;
	enum tsi_place place;
	int ret;

	place = tsi_place(tsi->sk, msg->msg_name, msg->msg_namelen);
	ret = tsi->native->sendmsg(sock, msg, len);
	if (place != TSI_LOCAL || ret >= 0 ||
	    !tsi_is_absent(msg->msg_name, ret))
		return ret;
	if (msg->msg_flags & MSG_OOB)
		return -EOPNOTSUPP;
	msg->msg_iter = data;
	tsi_host_name(tsi->sk, msg->msg_name, msg->msg_namelen, &name);
	return tsi_send_host(tsi, &name, msg, len, 0);
}

static bool tsi_is_for_host(struct sock *sk, const struct msghdr *msg)
{
	enum tsi_place place = tsi_place(sk, msg->msg_name, msg->msg_namelen);

	return place == TSI_HOST ||
	       (place == TSI_LOCAL && !tsi_has_receiver(sk, msg->msg_name));
}

/* A program sees it first, and may lead it elsewhere, from the guest or to it. */
static int tsi_send_inet(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sockaddr_storage given;
	bool source = false;
	struct tsi_name name;
	int err = 0;

	memcpy(&given, msg->msg_name, msg->msg_namelen);
	/* The first part has said where it goes. */
	if (!tsi_is_corked(tsi))
		err = tsi_hook_sendmsg(tsi->sk, msg, &source);
	if (err)
		return err;
	if (tsi_is_for_host(tsi->sk, msg)) {
		tsi_host_name(tsi->sk, msg->msg_name, msg->msg_namelen, &name);
		return tsi_send_udp(sock, &name, &name, msg, len);
	}
	if (source) {
		/* To send from there is up to the family, which asks again. */
		memcpy(msg->msg_name, &given, msg->msg_namelen);
		msg->msg_flags &= ~MSG_SENDPAGE_NOPOLICY;
	}
	return tsi->native->sendmsg(sock, msg, len);
}

static int tsi_send_named(struct socket *sock, struct msghdr *msg, size_t len)
{
	int name_len = msg->msg_namelen;
	void *name = msg->msg_name;
	struct sockaddr_in6 own;
	int own_len;
	int ret;

	if (sock->sk->sk_family == AF_UNIX)
		return tsi_send_unix(sock, msg, len);

	own_len = tsi_udp_address(sock->sk, name, name_len, &own);
	if (own_len) {
		msg->msg_name = &own;
		msg->msg_namelen = own_len;
	}
	ret = tsi_send_inet(sock, msg, len);
	msg->msg_name = name;
	msg->msg_namelen = name_len;
	return ret;
}

/* To the peer that the host has connected, or to who is in the guest now. */
static int tsi_send_connected(struct socket *sock, const struct tsi_view *view,
			      struct msghdr *msg, size_t len)
{
	struct tsi_link *link = view->link;
	struct tsi_name none = {};
	struct tsi_name peer = {};
	int err;

	err = sock_error(sock->sk);
	if (err)
		return err;
	tsi_dgram_connect_again(link);
	if (sock->sk->sk_family == AF_UNIX) {
		if (READ_ONCE(sock->sk->sk_shutdown) & SEND_SHUTDOWN)
			return -EPIPE;
		return tsi_send_host(sock->tsi, &none, msg, len, 0);
	}
	peer.len = tsi_link_copy_name(link, &link->peer, &peer.addr);
	if (READ_ONCE(link->local_peer) &&
	    tsi_has_receiver(sock->sk, (struct sockaddr *)&peer.addr))
		return sock->tsi->native->sendmsg(sock, msg, len);
	return tsi_send_udp(sock, &none, &peer, msg, len);
}

/* For a socket of IPv6, an address of no family is no address. */
static bool tsi_is_named(const struct sock *sk, const struct msghdr *msg)
{
	const struct sockaddr *addr = msg->msg_name;

	return addr && msg->msg_namelen &&
	       !(sk->sk_family == AF_INET6 &&
		 msg->msg_namelen >= (int)sizeof(sa_family_t) &&
		 addr->sa_family == AF_UNSPEC);
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
	struct tsi_view view;
	int ret;

	if (tsi_is_named(sock->sk, msg))
		return tsi_send_named(sock, msg, len);

	tsi_sock_look(sock->tsi, &view);
	if (view.state == TSI_CONNECTED)
		ret = tsi_send_connected(sock, &view, msg, len);
	else
		ret = sock->tsi->native->sendmsg(sock, msg, len);
	tsi_view_put(&view);
	return ret;
}

/* --- recvmsg() ------------------------------------------------------------ */

/**
 * struct tsi_receiving - a call of recvmsg()
 * @sock: the socket
 * @msg: where to put it
 * @len: how much at most
 * @flags: of the call
 */
struct tsi_receiving {
	struct socket *sock;
	struct msghdr *msg;
	size_t len;
	int flags;
};

/* Control messages of the socket's level; of IP the host says nothing. */
static void tsi_recv_control(struct tsi_link *link,
			     const struct tsi_receiving *receiving,
			     struct sk_buff *skb)
{
	struct msghdr *msg = receiving->msg;

	sock_recv_cmsgs(msg, link->sk, skb);
	/* Who really sent it the host does not say. */
	if (msg->msg_name) {
		msg->msg_namelen = tsi_link_copy_name(link, &link->peer,
						      msg->msg_name);
		tsi_hook_recvmsg(link->sk, msg->msg_name, &msg->msg_namelen);
	}
}

static int tsi_recv_host(struct tsi_link *link,
			 const struct tsi_receiving *receiving)
{
	bool peek = receiving->flags & MSG_PEEK;
	struct sock *sk = link->sk;
	struct sk_buff *last;
	struct sk_buff *skb;
	size_t copied;
	int off;
	int ret;

	off = sk_peek_offset(sk, receiving->flags);
	skb = __skb_try_recv_datagram(sk, &link->datagrams,
				      receiving->flags | MSG_DONTWAIT, &off,
				      &ret, &last);
	if (!skb)
		return ret;
	if (!peek)
		atomic_sub(skb->truesize, &link->received);

	copied = min_t(size_t, receiving->len, skb->len - off);
	if (copied < skb->len - off)
		receiving->msg->msg_flags |= MSG_TRUNC;
	ret = skb_copy_datagram_msg(skb, off, receiving->msg, copied);
	if (!ret) {
		ret = receiving->flags & MSG_TRUNC ? skb->len : copied;
		sk_peek_offset_bwd(sk, peek ? -ret : ret);
		tsi_recv_control(link, receiving, skb);
	}
	consume_skb(skb);
	return ret;
}

/* Is the guest heard? Not by one who is connected to the host alone. */
static bool tsi_hears_guest(const struct tsi_view *view)
{
	return view->state != TSI_CONNECTED || READ_ONCE(view->link->local_peer);
}

/* Take what is there. */
static int tsi_recv_now(void *context)
{
	const struct tsi_receiving *receiving = context;
	struct socket *sock = receiving->sock;
	struct sock *sk = sock->sk;
	struct tsi_view view;
	int ret = -EAGAIN;

	tsi_sock_look(sock->tsi, &view);
	if (tsi_hears_guest(&view))
		ret = sock->tsi->native->recvmsg(sock, receiving->msg,
						 receiving->len,
						 receiving->flags |
						 MSG_DONTWAIT);
	if (ret == -EAGAIN && view.link)
		ret = tsi_recv_host(view.link, receiving);
	tsi_view_put(&view);
	if (ret != -EAGAIN)
		return ret;

	ret = sock_error(sk);
	if (ret)
		return ret;
	/* The end, but only for who would wait for more. */
	if (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN &&
	    !(receiving->flags & MSG_DONTWAIT))
		return 0;
	return -EAGAIN;
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
	struct tsi_receiving receiving = {
		.sock = sock,
		.msg = msg,
		.len = len,
		.flags = flags,
	};
	long timeout = sock_rcvtimeo(sock->sk, flags & MSG_DONTWAIT);

	if (flags & MSG_ERRQUEUE)
		return sock->tsi->native->recvmsg(sock, msg, len, flags);
	/* One datagram wakes one thread. */
	return tsi_wait(sock->sk, TSI_WAIT_ONE, &timeout, tsi_recv_now,
			&receiving);
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
	struct tsi_view view;
	__poll_t events;

	events = tsi->native->poll(file, sock, wait);

	tsi_sock_look(tsi, &view);
	if (!view.link)
		return events;
	if (!tsi_hears_guest(&view) &&
	    !(READ_ONCE(sock->sk->sk_shutdown) & RCV_SHUTDOWN))
		events &= ~(EPOLLIN | EPOLLRDNORM);
	if (!skb_queue_empty_lockless(&view.link->datagrams))
		events |= EPOLLIN | EPOLLRDNORM;
	if (!tsi_link_has_room(view.link))
		events &= ~(EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	tsi_view_put(&view);
	return events;
}
