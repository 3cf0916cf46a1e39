// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way to one proxy of the host: its control port, and for payload a vsock
 * stream, or a port for datagrams.
 */

#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/virtio_vsock_dgram.h>
#include <net/af_vsock.h>

#include "link.h"
#include "wait.h"
#include "wire.h"

/* --- What comes ----------------------------------------------------------- */

static bool tsi_link_answer(struct vsock_port *port, struct sk_buff *skb)
{
	struct tsi_link *link =
		container_of(port, struct tsi_link, control.port);

	tsi_control_queue(&link->control, skb);
	return link->ops->answer(link);
}

static void tsi_link_answered(struct vsock_port *port)
{
	struct tsi_link *link =
		container_of(port, struct tsi_link, control.port);

	link->ops->answered(link);
}

static void tsi_link_reset(struct vsock_port *port)
{
	struct tsi_link *link =
		container_of(port, struct tsi_link, control.port);

	spin_lock(&link->lock);
	WRITE_ONCE(link->created, false);
	spin_unlock(&link->lock);
	link->ops->event(link, TSI_EVENT_RESET);
}

/*
 * What all sockets together have received and not read, as net.ipv4.udp_mem bounds
 * it for UDP: 1/32 of the memory.
 */
static atomic_long_t tsi_received;	/* truesize */

static bool tsi_received_too_much(void)
{
	return atomic_long_read(&tsi_received) >
	       (long)(PFN_PHYS(totalram_pages()) / 32);
}

static void tsi_datagram_free(struct sk_buff *skb)
{
	atomic_long_sub(skb->truesize, &tsi_received);
}

static bool tsi_link_datagram(struct vsock_port *port, struct sk_buff *skb)
{
	struct tsi_link *link = container_of(port, struct tsi_link, port);
	struct sock *sk = link->sk;

	/* As UDP does: what is too much is lost. */
	if (atomic_read(&link->received) > READ_ONCE(sk->sk_rcvbuf) ||
	    tsi_received_too_much() ||
	    READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN) {
		atomic_inc(&sk->sk_drops);
		kfree_skb(skb);
		return false;
	}
	atomic_add(skb->truesize, &link->received);
	atomic_long_add(skb->truesize, &tsi_received);
	skb->destructor = tsi_datagram_free;
	/* For the control messages of recvmsg() */
	if (sock_flag(sk, SOCK_TIMESTAMP) ||
	    sock_flag(sk, SOCK_TIMESTAMPING_RX_SOFTWARE))
		__net_timestamp(skb);
	sock_skb_set_dropcount(sk, skb);
	skb_queue_tail(&link->datagrams, skb);
	tsi_wake(sk, EPOLLIN | EPOLLRDNORM);
	return false;
}

static int tsi_link_room(struct wait_queue_entry *room, unsigned int mode,
			 int sync, void *key)
{
	struct tsi_link *link = container_of(room, struct tsi_link, room);

	list_del_init(&room->entry);
	tsi_wake(link->sk, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	/* After close() nobody waits for us: a reference could be the last. */
	if (!READ_ONCE(link->closed))
		link->ops->event(link, TSI_EVENT_ROOM);
	return 0;
}

/*
 * The callbacks of the vsock stream. Who sleeps in an operation of vsock sleeps
 * at its own wait queue. They come for each packet, and so take no lock.
 */
static void tsi_stream_event(struct sock *sk, __poll_t events)
{
	struct tsi_link *link;

	rcu_read_lock();
	link = rcu_dereference_sk_user_data(sk);
	if (link) {
		tsi_wake(READ_ONCE(link->sk), events);
		link->ops->event(link, TSI_EVENT_STREAM);
	}
	rcu_read_unlock();
}

static void tsi_data_ready(struct sock *sk)
{
	sock_def_readable(sk);
	tsi_stream_event(sk, EPOLLIN | EPOLLRDNORM);
}

static void tsi_write_space(struct sock *sk)
{
	struct socket_wq *wq;

	/* As usual, writers are not woken for every packet sent. */
	if (!sock_writeable(sk))
		return;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_sync_poll(&wq->wait,
						EPOLLOUT | EPOLLWRNORM);
	rcu_read_unlock();

	/* There is space before there is a stream: no reason to wake anybody. */
	if (READ_ONCE(sk->sk_state) != TCP_SYN_SENT)
		tsi_stream_event(sk, EPOLLOUT | EPOLLWRNORM);
}

static void tsi_state_change(struct sock *sk)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_all(&wq->wait);
	rcu_read_unlock();
	tsi_stream_event(sk, EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM |
			     EPOLLRDHUP | EPOLLHUP);
}

static void tsi_error_report(struct sock *sk)
{
	struct tsi_link *link;

	rcu_read_lock();
	link = rcu_dereference_sk_user_data(sk);
	if (link)
		WRITE_ONCE(link->error, READ_ONCE(sk->sk_err));
	rcu_read_unlock();
	tsi_state_change(sk);
	tsi_stream_event(sk, EPOLLERR);
}

static void tsi_stream_attach(struct tsi_link *link)
{
	struct sock *sk = link->data->sk;

	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, link);
	sk->sk_data_ready = tsi_data_ready;
	sk->sk_write_space = tsi_write_space;
	sk->sk_state_change = tsi_state_change;
	sk->sk_error_report = tsi_error_report;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* The callbacks stay: without a link they are what they replaced. */
static void tsi_stream_detach(struct tsi_link *link)
{
	rcu_assign_sk_user_data(link->data->sk, NULL);
}

/* --- Life ----------------------------------------------------------------- */

/*
 * vsock knows no network namespaces. With the initial one, a socket that
 * lingers after close() cannot outlive its namespace.
 */
static int tsi_stream_create(struct socket **data)
{
	struct sockaddr_vm addr;
	int err;

	err = sock_create_kern(&init_net, AF_VSOCK, SOCK_STREAM, 0, data);
	if (err)
		return err;

	vsock_addr_init(&addr, VMADDR_CID_ANY, VMADDR_PORT_ANY);
	err = kernel_bind(*data, (struct sockaddr *)&addr, sizeof(addr));
	if (err) {
		sock_release(*data);
		*data = NULL;
	}
	return err;
}

static int tsi_link_open_data(struct tsi_link *link)
{
	int err;

	if (!tsi_is_stream(link->sk)) {
		link->port.limit = U32_MAX;
		link->port.receive = tsi_link_datagram;
		err = vsock_port_open(&link->port);
		link->control.id = link->port.number;
		return err;
	}

	err = link->data ? 0 : tsi_stream_create(&link->data);
	if (err)
		return err;
	link->control.id = vsock_sk(link->data->sk)->local_addr.svm_port;
	tsi_link_sync(link);
	tsi_stream_attach(link);
	return 0;
}

/**
 * tsi_link_init() - Begin a link
 * @link: zeroed; the first reference is that of the caller
 * @ops: of its owner
 * @sk: the native socket
 * @data: vsock socket of a connection that has come from the host, which is the
 *	  link's from now on whatever is returned; NULL for a proxy with an id of
 *	  its own, of which the host does not know yet
 *
 * Return: 0, or an error; then the link is to be closed and put all the same
 */
int tsi_link_init(struct tsi_link *link, const struct tsi_link_ops *ops,
		  struct sock *sk, struct socket *data)
{
	int err;

	kref_init(&link->ref);
	link->ops = ops;
	link->sk = sk;
	sock_hold(sk);
	link->data = data;
	spin_lock_init(&link->lock);
	skb_queue_head_init(&link->datagrams);
	init_waitqueue_func_entry(&link->room, tsi_link_room);
	INIT_LIST_HEAD(&link->room.entry);

	link->created = data;
	link->owed = data;
	link->control.host_port = data ?
		vsock_sk(data->sk)->remote_addr.svm_port : TSI_PORT_STREAM;
	link->control.port.receive = tsi_link_answer;
	link->control.port.received = tsi_link_answered;
	link->control.port.reset = tsi_link_reset;
	err = tsi_control_open(&link->control);
	if (!err)
		err = tsi_link_open_data(link);
	if (err)
		return err;

	link->release = tsi_request_release(&link->control);
	return link->release ? 0 : -ENOMEM;
}

/**
 * tsi_link_get() - Take a reference
 * @link: of this
 */
void tsi_link_get(struct tsi_link *link)
{
	kref_get(&link->ref);
}

static void tsi_link_reclaim(struct rcu_head *rcu)
{
	struct tsi_link *link = container_of(rcu, struct tsi_link, rcu);

	sock_put(link->sk);
	link->ops->free(link);
}

static void tsi_link_free(struct kref *ref)
{
	struct tsi_link *link = container_of(ref, struct tsi_link, ref);

	/* Somebody may have looked for room after the link was closed. */
	virtio_vsock_dgram_forget(&link->room);
	skb_queue_purge(&link->datagrams);
	if (link->data)
		sock_release(link->data);
	call_rcu(&link->rcu, tsi_link_reclaim);
}

/**
 * tsi_link_put() - Drop a reference
 * @link: of this, which has been closed if it is the last one
 *
 * Context: Process context. May sleep.
 */
void tsi_link_put(struct tsi_link *link)
{
	kref_put(&link->ref, tsi_link_free);
}

/**
 * tsi_link_linger() - Let SO_LINGER of the socket hold for the stream
 * @link: of a socket that is being closed; without a stream, nothing is done
 */
void tsi_link_linger(struct tsi_link *link)
{
	struct sock *from = link->sk;
	struct sock *to;

	if (!link->data)
		return;
	to = link->data->sk;
	if (!sock_flag(from, SOCK_LINGER) && !sock_flag(to, SOCK_LINGER))
		return;
	lock_sock(to);
	to->sk_lingertime = READ_ONCE(from->sk_lingertime);
	sock_valbool_flag(to, SOCK_LINGER, sock_flag(from, SOCK_LINGER));
	release_sock(to);
}

/* Will the stream say that it ends, right after the proxy was given up? */
static bool tsi_stream_ends(const struct tsi_link *link)
{
	return link->data && link->data->state == SS_CONNECTED &&
	       READ_ONCE(vsock_sk(link->data->sk)->peer_shutdown) !=
	       SHUTDOWN_MASK;
}

/**
 * tsi_link_close() - End the use of a link
 * @link: which its socket does not point to any more; a second time is nothing
 *
 * The host is told to give up the proxy, then the stream ends, which wakes who
 * still uses it.
 *
 * Context: Process context. May sleep.
 */
void tsi_link_close(struct tsi_link *link)
{
	struct sk_buff *release;
	bool closed;

	/* A datagram that is being sent comes before, or not at all. */
	spin_lock(&link->lock);
	closed = link->closed;
	link->closed = true;
	release = link->release;
	link->release = NULL;
	if (link->owed && release) {
		tsi_control_send(&link->control, release, TSI_PORT_RELEASE,
				 tsi_stream_ends(link));
		release = NULL;
	}
	spin_unlock(&link->lock);
	if (closed)
		return;

	kfree_skb(release);
	link->ops->close(link);
	virtio_vsock_dgram_forget(&link->room);
	tsi_control_close(&link->control);
	if (link->data) {
		tsi_stream_detach(link);
		/* Nothing is to be said after the peer's end. */
		if (READ_ONCE(vsock_sk(link->data->sk)->peer_shutdown) !=
		    SHUTDOWN_MASK)
			kernel_sock_shutdown(link->data, SHUT_RDWR);
	} else {
		vsock_port_close(&link->port);
	}
	tsi_wake(link->sk, 0);
}

/**
 * tsi_link_move() - Let a link serve another socket
 * @link: of a stream, whose control port is closed
 * @sk: the native socket
 */
void tsi_link_move(struct tsi_link *link, struct sock *sk)
{
	struct sock *old = link->sk;

	sock_hold(sk);
	virtio_vsock_dgram_forget(&link->room);
	WRITE_ONCE(link->sk, sk);
	/* A callback may have seen @old. TCP has set it for who listens. */
	if (!sock_flag(old, SOCK_RCU_FREE)) {
		lock_sock(old);
		sock_set_flag(old, SOCK_RCU_FREE);
		release_sock(old);
	}
	sock_put(old);
	tsi_link_sync(link);
}

/**
 * tsi_link_sync() - Let options of the socket hold for its vsock stream
 * @link: the link of the socket, of a stream
 *
 * Options are set on the native socket, by the generic code. Those that vsock
 * heeds are taken over before each use, which is cheaper than to hook into
 * every way to set one.
 */
void tsi_link_sync(struct tsi_link *link)
{
	struct sock *from = link->sk;
	struct sock *to = link->data->sk;
	/* More than half the buffer would wait for ever. */
	int lowat = min_t(u64, READ_ONCE(from->sk_rcvlowat),
			  vsock_sk(to)->buffer_size / 2);

	WRITE_ONCE(to->sk_rcvtimeo, READ_ONCE(from->sk_rcvtimeo));
	WRITE_ONCE(to->sk_sndtimeo, READ_ONCE(from->sk_sndtimeo));
	if (READ_ONCE(to->sk_rcvlowat) == lowat)
		return;
	/* The host may be waiting for room, and we for it to send that much. */
	lock_sock(to);
	if (link->data->ops->set_rcvlowat(to, lowat))
		WRITE_ONCE(to->sk_rcvlowat, lowat);
	release_sock(to);
}

/* --- What goes ------------------------------------------------------------ */

/**
 * tsi_link_create() - Have the host make the proxy
 * @link: whose lock is held; the proxy is to be given up from now on
 * @request: from tsi_request_create(); is consumed
 */
void tsi_link_create(struct tsi_link *link, struct sk_buff *request)
{
	lockdep_assert_held(&link->lock);
	tsi_control_send(&link->control, request, TSI_PORT_CREATE, true);
	WRITE_ONCE(link->created, true);
	link->owed = true;
}

/**
 * tsi_link_has_room() - May packets be sent to the host?
 * @link: by way of this
 *
 * Return: whether they may; if not, the owner is told when
 */
bool tsi_link_has_room(struct tsi_link *link)
{
	return virtio_vsock_dgram_has_room(&link->room);
}

/**
 * tsi_link_request() - Send a request, after the proxy was made
 * @link: of the proxy
 * @request: the request, consumed
 * @port: what is requested
 *
 * Return: 0; -EAGAIN if there is no room, see tsi_link_has_room(); -ECONNABORTED
 * if the link was closed, or -ENOMEM
 */
int tsi_link_request(struct tsi_link *link, struct sk_buff *request, u32 port)
{
	struct sk_buff *create = NULL;
	int err;

	err = request ? 0 : -ENOMEM;
	if (!err && !tsi_link_has_room(link))
		err = -EAGAIN;
	/* What the host has made itself, it alone can make again. */
	if (!err && !READ_ONCE(link->created) &&
	    link->control.host_port != TSI_PORT_STREAM)
		err = -ECONNRESET;
	if (!err && !READ_ONCE(link->created)) {
		create = tsi_request_create(&link->control, link->sk);
		err = create ? 0 : -ENOMEM;
	}
	if (err)
		goto out;

	spin_lock(&link->lock);
	if (link->closed) {
		err = -ECONNABORTED;
	} else if (!link->created && !create) {
		/* A reset came in between: it has what is under way begun again. */
		err = link->control.host_port == TSI_PORT_STREAM ? -EAGAIN :
								   -ECONNRESET;
	} else {
		if (!link->created) {
			tsi_link_create(link, create);
			create = NULL;
		}
		tsi_control_send(&link->control, request, port, false);
		request = NULL;
	}
	spin_unlock(&link->lock);
out:
	kfree_skb(create);
	kfree_skb(request);
	return err;
}

/**
 * tsi_link_set_name() - Set a name of a link
 * @link: the link
 * @to: its @peer or @local
 * @from: the name
 */
void tsi_link_set_name(struct tsi_link *link, struct tsi_name *to,
		       const struct tsi_name *from)
{
	spin_lock(&link->lock);
	memcpy(&to->addr, &from->addr, from->len);
	to->len = from->len;
	spin_unlock(&link->lock);
}

/**
 * tsi_link_copy_name() - Get a name of a link
 * @link: the link
 * @name: its @peer or @local
 * @addr: where the address goes
 *
 * Return: its length, 0 if it is not known
 */
int tsi_link_copy_name(struct tsi_link *link, const struct tsi_name *name,
		       void *addr)
{
	int len;

	spin_lock(&link->lock);
	len = name->len;
	memcpy(addr, &name->addr, len);
	spin_unlock(&link->lock);
	return len;
}
