/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way to one proxy of the host.
 */
#ifndef _TSI_LINK_H
#define _TSI_LINK_H

#include <linux/kref.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <net/sock.h>
#include <net/vsock_port.h>

#include "control.h"

/**
 * enum tsi_event - what has happened to a link
 * @TSI_EVENT_STREAM: the state of the vsock stream has changed, or data has come
 * @TSI_EVENT_ROOM: there is room for packets to the host again
 * @TSI_EVENT_RESET: the host has forgotten everything
 */
enum tsi_event {
	TSI_EVENT_STREAM,
	TSI_EVENT_ROOM,
	TSI_EVENT_RESET,
};

struct tsi_link;

/**
 * struct tsi_link_ops - what the owner of a link wants to know of it
 * @event: something has happened; in any context, and does not sleep. It may still be
 *	   called for a while after @close, but not after @free
 * @answer: there is an answer; as @event, but not after the control port is closed.
 *	    Returns whether it has taken a reference for @answered
 * @answered: goes on after @answer, and drops the reference; may sleep, but not for the
 *	      host
 * @close: the link is being closed; may sleep
 * @free: the last reference has gone; does not sleep
 */
struct tsi_link_ops {
	void (*event)(struct tsi_link *link, enum tsi_event event);
	bool (*answer)(struct tsi_link *link);
	void (*answered)(struct tsi_link *link);
	void (*close)(struct tsi_link *link);
	void (*free)(struct tsi_link *link);
};

/**
 * struct tsi_link - one proxy of the host, and the way to it
 * @ref: of the socket, and of who uses the link without a lock
 * @rcu: callbacks of @data look at the link, and at @sk, without a reference
 * @ops: of the owner, which the link is a part of
 * @sk: the native socket, held; who waits is woken there
 * @control: for requests and their answers
 * @data: of a stream: vsock socket for payload, kernel-internal
 * @error: of @data, until somebody is told; by xchg()
 * @port: of datagrams: where those of the host come in
 * @datagrams: of datagrams: those that have come
 * @received: truesize of what is in @datagrams
 * @room: to be told when there is room for packets to the host again
 * @lock: for all below, and held over the packets that belong together, as an
 *	  address and its payload do; nobody sleeps with it held
 * @created: the host has been told to make the proxy, or has made it itself, and has
 *	     not forgotten it
 * @owed: it is to be told to give the proxy up. A host that has forgotten everything
 *	  may have made the proxy again before we heard of that
 * @closed: nobody has any use for the link any more
 * @release: the request to give the proxy up, made in advance: whatever happens,
 *	     it can be sent
 * @peer: the other end; for datagrams the last destination
 * @local_peer: @peer is an address of the guest, at which nobody was when the
 *		host was asked to connect to it
 * @local: of an accepted connection, the address it came in at
 */
struct tsi_link {
	struct kref ref;
	struct rcu_head rcu;
	const struct tsi_link_ops *ops;
	struct sock *sk;
	struct tsi_control control;

	struct socket *data;
	int error;

	struct vsock_port port;
	struct sk_buff_head datagrams;
	atomic_t received;

	struct wait_queue_entry room;

	spinlock_t lock;	/* all below; packets that belong together */
	bool created;
	bool owed;
	bool closed;
	struct sk_buff *release;
	struct tsi_name peer;
	bool local_peer;
	struct tsi_name local;
};

static inline bool tsi_is_stream(const struct sock *sk)
{
	return sk->sk_type == SOCK_STREAM;
}

int tsi_link_init(struct tsi_link *link, const struct tsi_link_ops *ops,
		  struct sock *sk, struct socket *data);
void tsi_link_get(struct tsi_link *link);
void tsi_link_put(struct tsi_link *link);
void tsi_link_linger(struct tsi_link *link);
void tsi_link_close(struct tsi_link *link);
void tsi_link_move(struct tsi_link *link, struct sock *sk);
void tsi_link_sync(struct tsi_link *link);
void tsi_link_create(struct tsi_link *link, struct sk_buff *request);
bool tsi_link_has_room(struct tsi_link *link);
int tsi_link_request(struct tsi_link *link, struct sk_buff *request, u32 port);
void tsi_link_set_name(struct tsi_link *link, struct tsi_name *to,
		       const struct tsi_name *from);
int tsi_link_copy_name(struct tsi_link *link, const struct tsi_name *name,
		       void *addr);

#endif /* _TSI_LINK_H */
