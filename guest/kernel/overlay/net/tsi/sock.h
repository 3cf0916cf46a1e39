/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What TSI knows of a socket of user space: who serves it, and by which link.
 */
#ifndef _TSI_SOCK_H
#define _TSI_SOCK_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/spinlock.h>
#include <net/sock.h>

#include "link.h"

/**
 * enum tsi_state - who serves a socket
 * @TSI_NATIVE: the guest's own network; datagrams may go to the host too
 * @TSI_PENDING: a connect() or a listen() is under way, and alone
 * @TSI_CONNECTED: the host; datagrams without an address go there. There is a link
 * @TSI_LISTENING: both, connections come from either side. There is a link
 */
enum tsi_state {
	TSI_NATIVE,
	TSI_PENDING,
	TSI_CONNECTED,
	TSI_LISTENING,
};

/**
 * struct tsi_sock - what TSI knows of a socket of user space
 * @ref: of the socket itself, and of each attempt
 * @sk: the real family's socket, held
 * @native: its operations
 * @cork: a datagram that more is to come of, see dgram.c
 * @told: connect() has returned the outcome
 * @connecting: of datagrams: held by connect(), of which one is under way at a time
 * @lock: for all below; nobody sleeps with it held
 * @state: who serves it
 * @link: its way to the host, if it has one, with a reference
 * @turn: number of the last change of @state or @link, never 0
 */
struct tsi_sock {
	struct kref ref;
	struct sock *sk;
	const struct proto_ops *native;
	struct tsi_cork *cork;
	bool told;
	struct mutex connecting;	/* connect() of datagrams */

	spinlock_t lock;	/* state, link, turn: they change together */
	enum tsi_state state;
	struct tsi_link *link;
	unsigned long turn;
};

/**
 * struct tsi_view - a socket at one moment
 * @state: who served it
 * @link: its link, with a reference for the viewer, or NULL
 * @turn: to change just this
 */
struct tsi_view {
	enum tsi_state state;
	struct tsi_link *link;
	unsigned long turn;
};

/* Whatever it is, for who ends it: close(), shutdown(), connect(AF_UNSPEC). */
#define TSI_ANY_TURN	0

struct tsi_sock *tsi_sock_create(struct socket *sock,
				 const struct proto_ops *native);
void tsi_sock_get(struct tsi_sock *tsi);
void tsi_sock_put(struct tsi_sock *tsi);
void tsi_sock_look(struct tsi_sock *tsi, struct tsi_view *view);
void tsi_view_put(struct tsi_view *view);
bool tsi_sock_move(struct tsi_sock *tsi, unsigned long *turn,
		   enum tsi_state state);
bool tsi_sock_attach(struct tsi_sock *tsi, unsigned long *turn,
		     enum tsi_state state, struct tsi_link *link);
bool tsi_sock_equip(struct tsi_sock *tsi, struct tsi_link *link);
bool tsi_sock_fail(struct tsi_sock *tsi, unsigned long turn,
		   enum tsi_state state, int err);
bool tsi_sock_detach(struct tsi_sock *tsi, unsigned long turn, int err);

#endif /* _TSI_SOCK_H */
