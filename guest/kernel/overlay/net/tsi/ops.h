/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations of impersonated sockets, for the tables in af_tsi.c.
 */
#ifndef _TSI_OPS_H
#define _TSI_OPS_H

#include <linux/net.h>
#include <linux/poll.h>

struct tsi_link;
struct tsi_sock;

/* connect.c */
int tsi_connect(struct socket *sock, struct sockaddr *addr, int addr_len,
		int flags);

/* listen.c */
int tsi_listen(struct socket *sock, int backlog);
int tsi_accept(struct socket *sock, struct socket *newsock,
	       struct proto_accept_arg *arg);
bool tsi_has_connection(struct tsi_link *listener);

/* stream.c */
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
int tsi_dgram_uncork(struct socket *sock);
void tsi_dgram_free_cork(struct tsi_sock *tsi);

/* name.c */
int tsi_bind(struct socket *sock, struct sockaddr *addr, int addr_len);
int tsi_getname(struct socket *sock, struct sockaddr *addr, int peer);
int tsi_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);
int tsi_compat_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);
int tsi_shutdown(struct socket *sock, int how);

#endif /* _TSI_OPS_H */
