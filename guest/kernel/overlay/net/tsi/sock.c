// SPDX-License-Identifier: GPL-2.0-only
/*
 * What TSI knows of a socket of user space: who serves it, and by which link.
 *
 * State and link change together, by tsi_sock_change(), and each change is a turn
 * with a number. (A first link for datagrams, tsi_sock_equip(), changes nothing for
 * anybody.) Who wants to change what he has seen or begun gives the
 * number of that turn, and is refused when somebody else was first. So nobody ends
 * what another thread has begun, but for those who are meant to: close(),
 * shutdown() and connect(AF_UNSPEC).
 *
 *	NATIVE	--connect()--> PENDING --guest took it, or error--> NATIVE
 *				       --host took it-------------> CONNECTED
 *	NATIVE	--listen()---> PENDING --host refused-------------> NATIVE
 *				       --host took it-------------> LISTENING
 *	PENDING, CONNECTED, LISTENING --ended, see above----------> NATIVE
 *
 * Datagram sockets may be connected again, and have a link in state NATIVE from
 * the first datagram that goes to the host.
 */

#include <linux/slab.h>

#include "sock.h"
#include "wait.h"

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
	mutex_init(&tsi->connecting);
	spin_lock_init(&tsi->lock);
	tsi->turn = TSI_ANY_TURN + 1;
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
 * tsi_sock_look() - Look at a socket
 * @tsi: the socket
 * @view: what it is now; to be put
 */
void tsi_sock_look(struct tsi_sock *tsi, struct tsi_view *view)
{
	spin_lock(&tsi->lock);
	view->state = tsi->state;
	view->turn = tsi->turn;
	view->link = tsi->link;
	if (view->link)
		tsi_link_get(view->link);
	spin_unlock(&tsi->lock);
}

/**
 * tsi_view_put() - Drop the reference that a view has
 * @view: of tsi_sock_look()
 */
void tsi_view_put(struct tsi_view *view)
{
	if (view->link)
		tsi_link_put(view->link);
}

/*
 * The one place where state and link change. With @link, that is swapped with what
 * the socket has. Returns the next turn, or TSI_ANY_TURN if it was not the caller's.
 */
static unsigned long tsi_sock_change(struct tsi_sock *tsi, unsigned long turn,
				     enum tsi_state state,
				     struct tsi_link **link, int err)
{
	unsigned long next = TSI_ANY_TURN;

	spin_lock(&tsi->lock);
	if (turn == TSI_ANY_TURN || turn == tsi->turn) {
		next = tsi->turn + 1 ?: TSI_ANY_TURN + 1;
		if (err)
			WRITE_ONCE(tsi->sk->sk_err, -err);
		if (link)
			swap(tsi->link, *link);
		WRITE_ONCE(tsi->state, state);
		/* Pairs with tsi_turn_is_over(): the outcome is there first. */
		smp_store_release(&tsi->turn, next);
	}
	spin_unlock(&tsi->lock);

	return next;
}

/* Who sleeps in an operation of the family, and who sleeps in tsi_wait(). */
static void tsi_sock_wake(struct tsi_sock *tsi)
{
	struct socket_wq *wq;
	bool sleeper;

	rcu_read_lock();
	wq = rcu_dereference(tsi->sk->sk_wq);
	sleeper = skwq_has_sleeper(wq);
	rcu_read_unlock();
	if (!sleeper)
		return;
	tsi->sk->sk_state_change(tsi->sk);
	tsi_wake(tsi->sk, 0);
}

static void tsi_sock_close_link(struct tsi_link *link)
{
	if (!link)
		return;
	/* Only what a program has held lingers. */
	tsi_link_linger(link);
	tsi_link_close(link);
	tsi_link_put(link);
}

/**
 * tsi_sock_move() - Change the state, and keep the link
 * @tsi: the socket
 * @turn: the caller's; updated
 * @state: the new one
 *
 * Return: whether it was done; if not, it was not the caller's turn
 */
bool tsi_sock_move(struct tsi_sock *tsi, unsigned long *turn,
		   enum tsi_state state)
{
	unsigned long next;

	next = tsi_sock_change(tsi, *turn, state, NULL, 0);
	if (next == TSI_ANY_TURN)
		return false;
	*turn = next;
	/* Nobody waits for the end of another state. */
	if (state != TSI_PENDING)
		tsi_sock_wake(tsi);
	return true;
}

/**
 * tsi_sock_fail() - Change the state, keep the link, and have an error
 * @tsi: the socket
 * @turn: the caller's
 * @state: the new one, or the same
 * @err: for SO_ERROR, negative
 *
 * Return: whether it was done; if not, it was not the caller's turn
 */
bool tsi_sock_fail(struct tsi_sock *tsi, unsigned long turn,
		   enum tsi_state state, int err)
{
	if (tsi_sock_change(tsi, turn, state, NULL, err) == TSI_ANY_TURN)
		return false;
	sk_error_report(tsi->sk);
	tsi_sock_wake(tsi);
	return true;
}

/**
 * tsi_sock_attach() - Give a socket a link
 * @tsi: the socket
 * @turn: the caller's; updated
 * @state: the new one
 * @link: the new link, of which the socket gets a reference of its own; what it
 *	  had is closed
 *
 * Return: whether it was done; if not, it was not the caller's turn
 */
bool tsi_sock_attach(struct tsi_sock *tsi, unsigned long *turn,
		     enum tsi_state state, struct tsi_link *link)
{
	unsigned long next;

	tsi_link_get(link);
	next = tsi_sock_change(tsi, *turn, state, &link, 0);
	if (next == TSI_ANY_TURN) {
		tsi_link_put(link);
		return false;
	}
	*turn = next;
	tsi_sock_close_link(link);
	return true;
}

/**
 * tsi_sock_equip() - Give a socket a link if it has none
 * @tsi: the socket
 * @link: the link, of which the socket gets a reference of its own
 *
 * Whose turn it is does not matter, and nobody's is over by this.
 *
 * Return: whether it was done
 */
bool tsi_sock_equip(struct tsi_sock *tsi, struct tsi_link *link)
{
	bool done;

	tsi_link_get(link);
	spin_lock(&tsi->lock);
	done = !tsi->link;
	if (done)
		tsi->link = link;
	spin_unlock(&tsi->lock);
	if (!done)
		tsi_link_put(link);
	return done;
}

/**
 * tsi_sock_detach() - Make a socket native, and close the link it has
 * @tsi: the socket
 * @turn: the caller's, or TSI_ANY_TURN
 * @err: for SO_ERROR, negative, or 0
 *
 * Return: whether it was done; if not, it was not the caller's turn
 */
bool tsi_sock_detach(struct tsi_sock *tsi, unsigned long turn, int err)
{
	struct tsi_link *link = NULL;

	if (tsi_sock_change(tsi, turn, TSI_NATIVE, &link, err) == TSI_ANY_TURN)
		return false;
	tsi_sock_close_link(link);
	if (err)
		sk_error_report(tsi->sk);
	tsi_sock_wake(tsi);
	return true;
}
