// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way to a proxy at the host: two vsock sockets inside the kernel.
 */

#include <linux/slab.h>
#include <net/af_vsock.h>

#include "tsi.h"

/**
 * tsi_wake() - Wake who waits for a socket that a program holds
 * @sk: the socket
 * @events: what they may wait for
 */
void tsi_wake(struct sock *sk, __poll_t events)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, events);
	if (events & EPOLLIN)
		sk_wake_async_rcu(sk, SOCK_WAKE_WAITD, POLL_IN);
	if (events & EPOLLOUT)
		sk_wake_async_rcu(sk, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}

static void tsi_link_event(struct sock *sk, __poll_t events)
{
	bool space = events == (EPOLLOUT | EPOLLWRNORM);
	struct tsi_link *link;

	read_lock_bh(&sk->sk_callback_lock);
	link = sk->sk_user_data;
	/* There is space before there is a stream: no reason to wake anybody. */
	if (link && !(space && READ_ONCE(link->step) == TSI_STEP_STREAM)) {
		tsi_wake(link->tsi->sk, events);
		tsi_connect_event(link);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/*
 * The callbacks of the vsock sockets. Who sleeps in an operation of theirs
 * sleeps on their wait queue.
 */
static void tsi_data_ready(struct sock *sk)
{
	sock_def_readable(sk);
	tsi_link_event(sk, EPOLLIN | EPOLLRDNORM);
}

static void tsi_write_space(struct sock *sk)
{
	struct socket_wq *wq;

	/* Who writes is not woken for each packet that has gone, as ever. */
	if (!sock_writeable(sk))
		return;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_sync_poll(&wq->wait,
						EPOLLOUT | EPOLLWRNORM);
	rcu_read_unlock();
	tsi_link_event(sk, EPOLLOUT | EPOLLWRNORM);
}

static void tsi_state_change(struct sock *sk)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_all(&wq->wait);
	rcu_read_unlock();
	tsi_link_event(sk, EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM |
			   EPOLLRDHUP | EPOLLHUP);
}

static void tsi_error_report(struct sock *sk)
{
	tsi_state_change(sk);
	tsi_link_event(sk, EPOLLERR);
}

static void tsi_link_attach(struct tsi_link *link)
{
	struct sock *sk = link->control->sk;

	/* Of the control socket, answers are all there is to wait for. */
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = link;
	sk->sk_data_ready = tsi_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);

	sk = link->data->sk;
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = link;
	sk->sk_data_ready = tsi_data_ready;
	sk->sk_write_space = tsi_write_space;
	sk->sk_state_change = tsi_state_change;
	sk->sk_error_report = tsi_error_report;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* The callbacks stay: without a link they are what they replaced. */
static void tsi_link_unattach(struct socket *sock)
{
	write_lock_bh(&sock->sk->sk_callback_lock);
	sock->sk->sk_user_data = NULL;
	write_unlock_bh(&sock->sk->sk_callback_lock);
}

/*
 * vsock knows no network namespaces. With the initial one, a socket that
 * lingers after close() cannot outlive its namespace.
 */
static int tsi_vsock_create(int type, struct socket **sock)
{
	return sock_create_kern(&init_net, AF_VSOCK, type, 0, sock);
}

static int tsi_vsock_bind(struct socket *sock)
{
	struct sockaddr_vm addr;

	vsock_addr_init(&addr, VMADDR_CID_ANY, VMADDR_PORT_ANY);
	return kernel_bind(sock, (struct sockaddr *)&addr, sizeof(addr));
}

static void tsi_link_free(struct kref *ref)
{
	struct tsi_link *link = container_of(ref, struct tsi_link, ref);

	if (link->data)
		sock_release(link->data);
	if (link->control)
		sock_release(link->control);
	tsi_sock_put(link->tsi);
	kfree(link);
}

/**
 * tsi_link_get() - Take a reference
 * @link: of this
 */
void tsi_link_get(struct tsi_link *link)
{
	kref_get(&link->ref);
}

/**
 * tsi_link_put() - Drop a reference
 * @link: of this
 *
 * Context: Process context. May sleep.
 */
void tsi_link_put(struct tsi_link *link)
{
	kref_put(&link->ref, tsi_link_free);
}

static struct tsi_link *tsi_link_alloc(struct tsi_sock *tsi)
{
	struct tsi_link *link;
	int err;

	link = kzalloc(sizeof(*link), GFP_KERNEL_ACCOUNT);
	if (!link)
		return ERR_PTR(-ENOMEM);

	kref_init(&link->ref);
	tsi_sock_get(tsi);
	link->tsi = tsi;
	link->host_port = TSI_PORT_STREAM;
	mutex_init(&link->rpc);
	mutex_init(&link->send);
	INIT_DELAYED_WORK(&link->work, tsi_connect_work);

	err = tsi_vsock_create(SOCK_DGRAM, &link->control);
	if (!err)
		err = tsi_vsock_bind(link->control);
	if (err) {
		tsi_link_put(link);
		return ERR_PTR(err);
	}
	return link;
}

/**
 * tsi_link_create() - Make a link with an id of its own
 * @tsi: for this socket, which is not changed
 *
 * The host does not know of it yet.
 *
 * Return: the link, or an error
 */
struct tsi_link *tsi_link_create(struct tsi_sock *tsi)
{
	struct tsi_link *link = tsi_link_alloc(tsi);
	int err;

	if (IS_ERR(link))
		return link;

	err = tsi_vsock_create(tsi->sk->sk_type, &link->data);
	if (!err)
		err = tsi_vsock_bind(link->data);
	if (err) {
		tsi_link_put(link);
		return ERR_PTR(err);
	}

	link->id = vsock_sk(link->data->sk)->local_addr.svm_port;
	tsi_link_sync(link);
	tsi_link_attach(link);
	return link;
}

/**
 * tsi_link_adopt() - Make the link of a connection that came from the host
 * @tsi: for the socket that has been accepted
 * @data: the vsock socket, which the link owns if this succeeds
 *
 * Return: the link, or an error
 */
struct tsi_link *tsi_link_adopt(struct tsi_sock *tsi, struct socket *data)
{
	struct tsi_link *link = tsi_link_alloc(tsi);

	if (IS_ERR(link))
		return link;

	link->data = data;
	link->id = vsock_sk(data->sk)->local_addr.svm_port;
	link->host_port = vsock_sk(data->sk)->remote_addr.svm_port;
	link->created = true;
	tsi_link_sync(link);
	tsi_link_attach(link);
	return link;
}

/**
 * tsi_link_close() - End the use of a link by its socket
 * @link: which the socket does not point to any more
 *
 * The host is told to give up the proxy, then the stream ends, which wakes who
 * still uses it.
 */
void tsi_link_close(struct tsi_link *link)
{
	bool created;
	bool end;

	tsi_link_unattach(link->control);
	tsi_link_unattach(link->data);
	if (cancel_delayed_work(&link->work))
		tsi_link_put(link);

	/* A datagram that is being sent comes before, or not at all. */
	mutex_lock(&link->send);
	created = link->created;
	link->closed = true;
	mutex_unlock(&link->send);

	/* Nothing is to be said, and nobody to be woken, after the peer's end. */
	end = READ_ONCE(vsock_sk(link->data->sk)->peer_shutdown) !=
	      SHUTDOWN_MASK;
	if (created)
		tsi_control_release(link, end && tsi_is_stream(link->tsi) &&
				    link->data->state == SS_CONNECTED ?
				    MSG_MORE : 0);
	tsi_link_sync(link);
	if (end)
		kernel_sock_shutdown(link->data, SHUT_RDWR);
}

/**
 * tsi_link_sync() - Let options of the socket hold for its vsock socket
 * @link: the link of the socket
 *
 * Options are set on the native socket, by the generic code. Those that vsock
 * heeds are taken over before each use, which is cheaper than to hook into
 * every way to set one.
 */
void tsi_link_sync(struct tsi_link *link)
{
	struct sock *from = link->tsi->sk;
	struct sock *to = link->data->sk;

	WRITE_ONCE(to->sk_rcvtimeo, READ_ONCE(from->sk_rcvtimeo));
	WRITE_ONCE(to->sk_sndtimeo, READ_ONCE(from->sk_sndtimeo));
	if (to->sk_type == SOCK_STREAM) {
		/* More than half the buffer would wait for ever. */
		int lowat = min_t(u64, READ_ONCE(from->sk_rcvlowat),
				  vsock_sk(to)->buffer_size / 2);

		WRITE_ONCE(to->sk_rcvlowat, lowat);
		WRITE_ONCE(to->sk_lingertime, READ_ONCE(from->sk_lingertime));
		if (sock_flag(from, SOCK_LINGER) != sock_flag(to, SOCK_LINGER))
			sock_valbool_flag(to, SOCK_LINGER,
					  sock_flag(from, SOCK_LINGER));
	} else {
		WRITE_ONCE(to->sk_rcvbuf, READ_ONCE(from->sk_rcvbuf));
		WRITE_ONCE(to->sk_sndbuf, READ_ONCE(from->sk_sndbuf));
	}
}
