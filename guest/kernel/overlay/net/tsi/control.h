/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control port of a proxy: requests to the host, and their answers.
 */
#ifndef _TSI_CONTROL_H
#define _TSI_CONTROL_H

#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/types.h>
#include <net/sock.h>
#include <net/vsock_port.h>

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
 * struct tsi_control - where requests come from and answers go to
 * @port: the port
 * @answers: what has come and was not looked at, TSI_ANSWERS at most
 * @id: guest port that the host knows the proxy by
 * @host_port: its other half
 */
struct tsi_control {
	struct vsock_port port;
	struct sk_buff_head answers;
	u32 id;
	u32 host_port;
};

/* There is one request at a time; the rest are those that were given up. */
#define TSI_ANSWERS	8

int tsi_control_open(struct tsi_control *control);
void tsi_control_close(struct tsi_control *control);
void tsi_control_queue(struct tsi_control *control, struct sk_buff *skb);

struct sk_buff *tsi_request_create(const struct tsi_control *control,
				   const struct sock *sk);
struct sk_buff *tsi_request_address(const struct tsi_control *control,
				    const struct tsi_name *name);
struct sk_buff *tsi_request_listen(const struct tsi_control *control,
				   const struct tsi_name *name, int backlog);
struct sk_buff *tsi_request_getname(const struct tsi_control *control);
struct sk_buff *tsi_request_release(const struct tsi_control *control);
void tsi_control_send(struct tsi_control *control, struct sk_buff *request,
		      u32 port, bool more);

int tsi_answer_result(struct tsi_control *control, u32 port);
int tsi_answer_name(struct tsi_control *control, int family,
		    struct tsi_name *name);

#endif /* _TSI_CONTROL_H */
