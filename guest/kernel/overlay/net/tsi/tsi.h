/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The objects of TSI. See af_tsi.c for how they belong together.
 */
#ifndef _TSI_H
#define _TSI_H

#include <linux/container_of.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "wire.h"

/* How long a host may take to answer a question it need not ask others for. */
#define TSI_ANSWER_TIMEOUT	(5 * HZ)
/* What TCP takes to give up on a connection, with default settings. */
#define TSI_CONNECT_TIMEOUT	(127 * HZ)

/**
 * struct tsi_ops - socket operations of one kind of impersonated socket
 * @ops: those of @native, with what TSI does differently in their place
 * @native: those of the real family
 */
struct tsi_ops {
	struct proto_ops ops;
	const struct proto_ops *native;
};

/**
 * enum tsi_state - who serves a socket
 * @TSI_NATIVE: the guest's own network; datagrams may go to the host too
 * @TSI_PENDING: a connect() or a listen() is under way, and alone
 * @TSI_CONNECTED: the host; datagrams without an address go there
 * @TSI_LISTENING: both, connections come from either side
 */
enum tsi_state {
	TSI_NATIVE,
	TSI_PENDING,
	TSI_CONNECTED,
	TSI_LISTENING,
};

/**
 * enum tsi_step - how far a connect to the host is
 * @TSI_STEP_NONE: there is none, or it is over
 * @TSI_STEP_ANSWER: the host has been asked and has not answered
 * @TSI_STEP_STREAM: the host is connected, the vsock stream to it is not
 */
enum tsi_step {
	TSI_STEP_NONE,
	TSI_STEP_ANSWER,
	TSI_STEP_STREAM,
};

/**
 * struct tsi_name - an address and its length
 * @addr: the address
 * @len: its length, 0 if not known
 */
struct tsi_name {
	struct sockaddr_storage addr;
	int len;
};

/**
 * struct tsi_sock - what TSI knows of a socket of user space
 * @ref: of the socket itself, and of each link
 * @lock: for @state, @link and the names in it; nobody sleeps with it held
 * @sk: the real family's socket, held
 * @native: its operations
 * @state: who serves it
 * @link: its way to the host, if it has one, with a reference
 */
struct tsi_sock {
	struct kref ref;
	spinlock_t lock;	/* state, link, names */
	struct sock *sk;
	const struct proto_ops *native;
	enum tsi_state state;
	struct tsi_link *link;
};

/**
 * struct tsi_link - one proxy of the host, and the way to it
 * @ref: of the tsi_sock, of who uses the link without a lock, of @work
 * @tsi: the socket, with a reference
 * @data: vsock socket for payload, of the type of the socket, kernel-internal
 * @control: vsock datagram socket for requests and their answers
 * @id: guest port that the host knows the proxy by
 * @host_port: its other half
 * @created: the host has been told to make the proxy, or has made it itself
 * @closed: the socket has no use for the link any more
 * @rpc: for @step, and held from a request to its answer
 * @step: how far a connect is
 * @deadline: when a connect has taken too long, in jiffies
 * @work: carries on a connect that nobody waits for
 * @waiters: how many wait for the connect and carry it on themselves
 * @send: for @created and @closed, and held from the address of a datagram to
 *	  its payload
 * @peer: the host's side; for datagrams the last destination
 * @peer_asked: @peer is what the host says, not what connect() was given
 * @local: the address an accepted connection came in at
 */
struct tsi_link {
	struct kref ref;
	struct tsi_sock *tsi;
	struct socket *data;
	struct socket *control;
	u32 id;
	u32 host_port;
	bool created;
	bool closed;

	struct mutex rpc;	/* step; request to answer */
	enum tsi_step step;
	unsigned long deadline;
	struct delayed_work work;
	atomic_t waiters;

	struct mutex send;	/* created, closed; address to data */

	struct tsi_name peer;
	bool peer_asked;
	struct tsi_name local;
};

/**
 * enum tsi_place - where a destination is
 * @TSI_GUEST: somewhere the guest has an interface to, or nowhere valid
 * @TSI_LOCAL: in the guest itself, if somebody is there, else at the host
 * @TSI_HOST: beyond the guest
 */
enum tsi_place {
	TSI_GUEST,
	TSI_LOCAL,
	TSI_HOST,
};

/* af_tsi.c */
struct tsi_sock *tsi_sock_create(struct socket *sock,
				 const struct proto_ops *native);
void tsi_sock_get(struct tsi_sock *tsi);
void tsi_sock_put(struct tsi_sock *tsi);
struct tsi_link *tsi_get_link(struct tsi_sock *tsi, enum tsi_state *state);
bool tsi_begin(struct tsi_sock *tsi, enum tsi_state *state);
void tsi_end(struct tsi_sock *tsi, enum tsi_state state, struct tsi_link *link);
bool tsi_detach(struct tsi_sock *tsi, struct tsi_link *only);

static inline const struct proto_ops *tsi_native(const struct socket *sock)
{
	return container_of(sock->ops, struct tsi_ops, ops)->native;
}

static inline bool tsi_is_stream(const struct tsi_sock *tsi)
{
	return tsi->sk->sk_type == SOCK_STREAM;
}

/* link.c */
struct tsi_link *tsi_link_create(struct tsi_sock *tsi);
struct tsi_link *tsi_link_adopt(struct tsi_sock *tsi, struct socket *data);
void tsi_link_get(struct tsi_link *link);
void tsi_link_put(struct tsi_link *link);
void tsi_link_close(struct tsi_link *link);
void tsi_link_sync(struct tsi_link *link);
void tsi_wake(struct sock *sk, __poll_t events);

/* control.c */
int tsi_control_send(struct tsi_link *link, u32 port, void *request,
		     size_t len, int flags);
int tsi_control_receive(struct tsi_link *link, u32 port, void *answer,
			size_t len);
int tsi_control_create(struct tsi_link *link, int flags);
int tsi_control_address(struct tsi_link *link, u32 port,
			const struct sockaddr *addr, int addr_len);
int tsi_control_listen(struct tsi_link *link, const struct tsi_name *name,
		       int backlog);
int tsi_control_getname(struct tsi_link *link, int selector,
			struct tsi_name *name);
void tsi_control_release(struct tsi_link *link, int flags);
int tsi_control_error(s32 result);

/* route.c */
enum tsi_place tsi_place(struct sock *sk, const struct sockaddr *addr,
			 int addr_len);
bool tsi_has_receiver(struct sock *sk, const struct sockaddr *addr);
bool tsi_has_listener(struct sock *sk, const struct sockaddr *addr,
		      int addr_len);

/* connect.c */
int tsi_connect(struct socket *sock, struct sockaddr *addr, int addr_len,
		int flags);
int tsi_wait_connected(struct tsi_sock *tsi, long *timeout);
bool tsi_connect_advance(struct tsi_link *link);
void tsi_connect_work(struct work_struct *work);
void tsi_connect_event(struct tsi_link *link);

/* stream.c */
int tsi_listen(struct socket *sock, int backlog);
int tsi_accept(struct socket *sock, struct socket *newsock,
	       struct proto_accept_arg *arg);
int tsi_stream_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
int tsi_stream_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		       int flags);
ssize_t tsi_splice_read(struct socket *sock, loff_t *ppos,
			struct pipe_inode_info *pipe, size_t len,
			unsigned int flags);
__poll_t tsi_stream_poll(struct file *file, struct socket *sock,
			 poll_table *wait);

/* dgram.c */
int tsi_dgram_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
int tsi_dgram_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		      int flags);
__poll_t tsi_dgram_poll(struct file *file, struct socket *sock,
			poll_table *wait);

/* name.c */
int tsi_bind(struct socket *sock, struct sockaddr *addr, int addr_len);
int tsi_getname(struct socket *sock, struct sockaddr *addr, int peer);
int tsi_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);
int tsi_setsockopt(struct socket *sock, int level, int optname,
		   sockptr_t optval, unsigned int optlen);
int tsi_shutdown(struct socket *sock, int how);

#endif /* _TSI_H */
