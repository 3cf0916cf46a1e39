// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): in the guest, or through the host.
 *
 * A connect to the host is a request, its answer, and for streams a vsock
 * connection. tsi_connect_advance() carries it on as far as it goes without
 * waiting. A thread that blocks in connect() calls it each time it is woken.
 * When nobody blocks, the callbacks of the vsock sockets have a worker call it,
 * which so never waits either.
 */

#include <linux/sched/signal.h>
#include <linux/virtio_vsock_dgram.h>
#include <net/af_vsock.h>

#include "tsi.h"

/* Have the worker look at @link now. Callers have a reference; so has work. */
static void tsi_connect_queue(struct tsi_link *link)
{
	tsi_link_get(link);
	if (mod_delayed_work(system_unbound_wq, &link->work, 0))
		tsi_link_put(link);
}

/* Have the worker look at @link at its deadline, if not earlier. */
static void tsi_connect_arm(struct tsi_link *link)
{
	long left = link->deadline - jiffies;

	tsi_link_get(link);
	if (!queue_delayed_work(system_unbound_wq, &link->work, max(left, 1L)))
		tsi_link_put(link);
	/* The one who closes the link has cancelled before we queued. */
	if (READ_ONCE(link->closed) && cancel_delayed_work(&link->work))
		tsi_link_put(link);
}

/**
 * tsi_connect_event() - A vsock socket of a link has changed
 * @link: the link
 *
 * Context: Any.
 */
void tsi_connect_event(struct tsi_link *link)
{
	if (READ_ONCE(link->step) != TSI_STEP_NONE &&
	    !atomic_read(&link->waiters))
		tsi_connect_queue(link);
}

static int tsi_connect_stream(struct tsi_link *link)
{
	struct sockaddr_vm host;
	int err;

	vsock_addr_init(&host, VMADDR_CID_HOST, TSI_PORT_STREAM);
	err = kernel_connect(link->data, (struct sockaddr *)&host, sizeof(host),
			     O_NONBLOCK);
	if (err && err != -EINPROGRESS)
		return err;
	WRITE_ONCE(link->step, TSI_STEP_STREAM);
	return -EINPROGRESS;
}

static int tsi_connect_dgram(struct tsi_link *link)
{
	struct sockaddr_vm host;

	vsock_addr_init(&host, VMADDR_CID_HOST, link->id);
	return kernel_connect(link->data, (struct sockaddr *)&host,
			      sizeof(host), 0);
}

static int tsi_step_answer(struct tsi_link *link)
{
	__le32 result;
	int err;

	err = tsi_control_receive(link, TSI_PORT_CONNECT, &result,
				  sizeof(result));
	if (err)
		return err == -EAGAIN ? -EINPROGRESS : err;
	err = tsi_control_error(le32_to_cpu(result));
	if (err)
		return err == -EINPROGRESS ? -EPROTO : err;
	if (tsi_is_stream(link->tsi))
		return tsi_connect_stream(link);
	return tsi_connect_dgram(link);
}

static int tsi_step_stream(struct tsi_link *link)
{
	struct sock *sk = link->data->sk;
	bool connecting;
	int err;

	/* Without the lock, so as not to wait for who is about to change it. */
	if (READ_ONCE(sk->sk_state) == TCP_SYN_SENT && !READ_ONCE(sk->sk_err))
		return -EINPROGRESS;

	lock_sock(sk);
	connecting = sk->sk_state == TCP_SYN_SENT && !sk->sk_err;
	err = sock_error(sk);
	if (!err && sk->sk_state == TCP_CLOSE)
		err = -ECONNREFUSED;
	release_sock(sk);

	if (connecting)
		return -EINPROGRESS;
	/* The timer of vsock for an answer to the request. */
	if (cancel_delayed_work(&vsock_sk(sk)->connect_work))
		sock_put(sk);
	/* The host has lost the proxy between its answer and our request. */
	return err == -ECONNRESET ? -ECONNREFUSED : err;
}

static int tsi_connect_step(struct tsi_link *link)
{
	int err = -EINPROGRESS;

	if (link->step == TSI_STEP_ANSWER)
		err = tsi_step_answer(link);
	if (link->step == TSI_STEP_STREAM)
		err = tsi_step_stream(link);
	if (err == -EINPROGRESS && time_after_eq(jiffies, link->deadline))
		err = -ETIMEDOUT;
	return err;
}

/* Only the first to see the outcome comes here. */
static void tsi_connect_finish(struct tsi_link *link, int err)
{
	struct tsi_sock *tsi = link->tsi;
	struct sock *sk = tsi->sk;

	if (cancel_delayed_work(&link->work))
		tsi_link_put(link);

	if (!err) {
		spin_lock(&tsi->lock);
		if (tsi->link == link)
			WRITE_ONCE(tsi->state, TSI_CONNECTED);
		spin_unlock(&tsi->lock);
		sk->sk_state_change(sk);
		sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
		return;
	}

	/*
	 * The error is there before the state changes, for who waits for that.
	 * The next attempt needs a new id: the host keeps this one for a while.
	 */
	WRITE_ONCE(sk->sk_err, -err);
	if (!tsi_detach(tsi, link))
		WRITE_ONCE(sk->sk_err, 0);
	else
		sk_error_report(sk);
}

/**
 * tsi_connect_advance() - Carry a connect to the host on
 * @link: with the connect
 *
 * Return: whether it is over
 */
bool tsi_connect_advance(struct tsi_link *link)
{
	int err = -EINPROGRESS;
	bool over;

	mutex_lock(&link->rpc);
	if (link->step != TSI_STEP_NONE) {
		err = tsi_connect_step(link);
		if (err != -EINPROGRESS)
			WRITE_ONCE(link->step, TSI_STEP_NONE);
	}
	over = link->step == TSI_STEP_NONE;
	mutex_unlock(&link->rpc);

	if (err != -EINPROGRESS)
		tsi_connect_finish(link, err);
	return over;
}

/**
 * tsi_connect_work() - Carry on a connect that nobody waits for
 * @work: that of the link
 */
void tsi_connect_work(struct work_struct *work)
{
	struct tsi_link *link =
		container_of(to_delayed_work(work), struct tsi_link, work);

	if (!READ_ONCE(link->closed) && !tsi_connect_advance(link))
		tsi_connect_arm(link);
	tsi_link_put(link);
}

/**
 * tsi_wait_connected() - Wait until a connect is over
 * @tsi: the socket
 * @timeout: how long, in jiffies; updated
 *
 * Return: 0 if it is over, well or not, -EINPROGRESS after the time, or the
 * error for a signal
 */
int tsi_wait_connected(struct tsi_sock *tsi, long *timeout)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	wait_queue_head_t *queue = sk_sleep(tsi->sk);
	struct tsi_link *link = tsi_get_link(tsi, NULL);
	int err = 0;

	if (link)
		atomic_inc(&link->waiters);
	add_wait_queue(queue, &wait);
	for (;;) {
		if (link)
			tsi_connect_advance(link);
		if (READ_ONCE(tsi->state) != TSI_PENDING)
			break;
		if (!*timeout) {
			err = -EINPROGRESS;
			break;
		}
		if (signal_pending(current)) {
			err = sock_intr_errno(*timeout);
			break;
		}
		*timeout = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeout);
	}
	remove_wait_queue(queue, &wait);
	if (link) {
		/* What came while we were the one to look */
		if (atomic_dec_and_test(&link->waiters) && err)
			tsi_connect_queue(link);
		tsi_link_put(link);
	}
	return err;
}

/*
 * Begin to connect to the host; the socket is TSI_PENDING. Datagram sockets
 * keep the link they have, and what is in its queue.
 */
static int tsi_connect_begin(struct tsi_sock *tsi, struct sockaddr *addr,
			     int addr_len)
{
	struct tsi_link *link = tsi_get_link(tsi, NULL);
	bool published = true;
	int err;

	if (!link) {
		/* As without TSI, if the device has gone */
		if (!virtio_vsock_has_dgram())
			return -ENETUNREACH;

		link = tsi_link_create(tsi);
		if (IS_ERR(link))
			return PTR_ERR(link);

		spin_lock(&tsi->lock);
		published = tsi->state == TSI_PENDING && !tsi->link;
		if (published) {
			tsi_link_get(link);
			tsi->link = link;
		}
		spin_unlock(&tsi->lock);
		if (!published) {
			err = -ECONNABORTED;
			goto out;
		}
	}

	spin_lock(&tsi->lock);
	memcpy(&link->peer.addr, addr, addr_len);
	link->peer.len = addr_len;
	link->peer_asked = false;
	spin_unlock(&tsi->lock);

	/* Somebody may be asking for the name of the peer. */
	if (mutex_lock_interruptible(&link->rpc)) {
		err = -ERESTARTSYS;
		goto out;
	}
	mutex_lock(&link->send);
	err = link->closed ? -ECONNABORTED : 0;
	if (!err && !link->created)
		err = tsi_control_create(link, MSG_MORE);
	mutex_unlock(&link->send);
	if (!err) {
		link->deadline = jiffies + TSI_CONNECT_TIMEOUT;
		tsi_connect_arm(link);
		WRITE_ONCE(link->step, TSI_STEP_ANSWER);
		err = tsi_control_address(link, TSI_PORT_CONNECT, addr,
					  addr_len);
		if (err)
			WRITE_ONCE(link->step, TSI_STEP_NONE);
	}
	mutex_unlock(&link->rpc);
out:
	if (err && !tsi_detach(tsi, link) && !published)
		tsi_link_close(link);
	tsi_link_put(link);
	return err;
}

static int tsi_connect_wait(struct tsi_sock *tsi, int flags)
{
	struct sock *sk = tsi->sk;
	long timeout = sock_sndtimeo(sk, flags & O_NONBLOCK);
	int err;

	err = tsi_wait_connected(tsi, &timeout);
	if (err)
		return err;
	if (READ_ONCE(tsi->state) == TSI_NATIVE)
		return sock_error(sk) ?: -ECONNABORTED;
	return 0;
}

/* How much of an address is worth sending on. */
static int tsi_connect_len(const struct sock *sk, int addr_len)
{
	switch (sk->sk_family) {
	case AF_INET:
		return sizeof(struct sockaddr_in);
	case AF_INET6:
		return min_t(int, addr_len, sizeof(struct sockaddr_in6));
	default:
		return addr_len;
	}
}

/* A stream; the socket is TSI_PENDING. */
static int tsi_connect_host(struct socket *sock, struct sockaddr *addr,
			    int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	int err;

	err = tsi_connect_begin(tsi, addr, tsi_connect_len(tsi->sk, addr_len));
	if (err) {
		tsi_end(tsi, TSI_NATIVE, NULL);
		return err;
	}
	if (flags & O_NONBLOCK)
		return -EINPROGRESS;
	return tsi_connect_wait(tsi, flags);
}

static bool tsi_refused(const struct sock *sk, int err)
{
	return err == -ECONNREFUSED ||
	       (sk->sk_family == AF_UNIX && err == -ENOENT);
}

/* Is the host worth a try after the guest has failed with @err? */
static bool tsi_try_host(const struct sock *sk, enum tsi_place place, int err)
{
	if (place == TSI_LOCAL)
		return tsi_refused(sk, err);
	/* A route may lead to a network of the guest that is not there now. */
	return sk->sk_family != AF_UNIX &&
	       (err == -ENETUNREACH || err == -EHOSTUNREACH);
}

static int tsi_connect_native(struct socket *sock, struct sockaddr *addr,
			      int addr_len, int flags)
{
	const struct proto_ops *native = sock->tsi->native;
	int err;

	err = native->connect(sock, addr, addr_len, flags);
	if (err != -EINPROGRESS || !(flags & O_NONBLOCK))
		return err;

	/*
	 * The loopback device is so quick that the outcome is usually here; it
	 * only takes another look. If it is not, there is somebody in the guest
	 * who has no time right now, and he is the one to wait for.
	 */
	err = native->connect(sock, addr, addr_len, flags);
	return err == -EALREADY ? -EINPROGRESS : err;
}

static int tsi_disconnect(struct socket *sock, struct sockaddr *addr,
			  int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	int err;

	err = tsi->native->connect(sock, addr, addr_len, flags);
	/* UNIX streams cannot. */
	if (!err)
		tsi_detach(tsi, NULL);
	tsi->sk->sk_state_change(tsi->sk);
	return err;
}

static int tsi_stream_connect(struct socket *sock, struct sockaddr *addr,
			      int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sock *sk = tsi->sk;
	enum tsi_place place;
	enum tsi_state state;
	int err;

	if (!tsi_begin(tsi, &state)) {
		if (state != TSI_PENDING)
			return -EISCONN;
		if (flags & O_NONBLOCK)
			return -EALREADY;
		return tsi_connect_wait(tsi, flags);
	}

	/* That of a connect before, which nobody has asked for yet */
	err = sock->state == SS_UNCONNECTED ? sock_error(sk) : 0;
	if (err)
		goto end;

	place = tsi_place(sk, addr, addr_len);
	if (READ_ONCE(sk->sk_state) == TCP_CLOSE &&
	    (place == TSI_HOST ||
	     (place == TSI_LOCAL && !tsi_has_listener(sk, addr, addr_len))))
		return tsi_connect_host(sock, addr, addr_len, flags);

	err = tsi_connect_native(sock, addr, addr_len, flags);
	if (tsi_try_host(sk, place, err))
		return tsi_connect_host(sock, addr, addr_len, flags);
end:
	tsi_end(tsi, TSI_NATIVE, NULL);
	return err;
}

/*
 * For datagrams the host answers at once, and programs do not expect to wait.
 * A connect that must not block succeeds, and an error comes later, as one of
 * the network would.
 */
static int tsi_dgram_connect_host(struct socket *sock, struct sockaddr *addr,
				  int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	long timeout = TSI_ANSWER_TIMEOUT;
	int err;

	/* What the guest sends is not from this peer. */
	tsi->native->connect(sock, &none, sizeof(none), 0);

	err = tsi_connect_begin(tsi, addr, tsi_connect_len(tsi->sk, addr_len));
	if (err || flags & O_NONBLOCK) {
		tsi_end(tsi, err ? TSI_NATIVE : TSI_CONNECTED, NULL);
		return err;
	}

	err = tsi_wait_connected(tsi, &timeout);
	if (!err)
		return READ_ONCE(tsi->state) == TSI_CONNECTED ?
			0 : sock_error(tsi->sk) ?: -ECONNABORTED;
	tsi_detach(tsi, NULL);
	return err == -EINPROGRESS ? -ETIMEDOUT : err;
}

static int tsi_dgram_connect(struct socket *sock, struct sockaddr *addr,
			     int addr_len, int flags)
{
	struct tsi_sock *tsi = sock->tsi;
	struct sock *sk = tsi->sk;
	struct tsi_link *link = tsi_get_link(tsi, NULL);
	enum tsi_place place;
	int err;

	/* An answer on its way would be taken for that to this connect. */
	if (link) {
		if (READ_ONCE(link->step) != TSI_STEP_NONE)
			tsi_detach(tsi, link);
		tsi_link_put(link);
	}

	spin_lock(&tsi->lock);
	err = tsi->state == TSI_PENDING ? -EALREADY : 0;
	WRITE_ONCE(tsi->state, TSI_PENDING);
	spin_unlock(&tsi->lock);
	if (err)
		return err;

	place = tsi_place(sk, addr, addr_len);
	if (place == TSI_LOCAL && sk->sk_family != AF_UNIX &&
	    !tsi_has_receiver(sk, addr))
		place = TSI_HOST;
	if (place == TSI_HOST)
		return tsi_dgram_connect_host(sock, addr, addr_len, flags);

	err = tsi->native->connect(sock, addr, addr_len, flags);
	if (place == TSI_LOCAL && sk->sk_family == AF_UNIX &&
	    tsi_refused(sk, err))
		return tsi_dgram_connect_host(sock, addr, addr_len, flags);

	/* Connected in the guest, it hears nobody else any more. */
	if (err || !tsi_detach(tsi, NULL))
		tsi_end(tsi, TSI_NATIVE, NULL);
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
	if (tsi_is_stream(sock->tsi))
		return tsi_stream_connect(sock, addr, addr_len, flags);
	return tsi_dgram_connect(sock, addr, addr_len, flags);
}
