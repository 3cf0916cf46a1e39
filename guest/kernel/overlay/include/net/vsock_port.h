/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports of vsock that the kernel itself receives datagrams at, without a socket.
 */
#ifndef _NET_VSOCK_PORT_H
#define _NET_VSOCK_PORT_H

#include <linux/types.h>

struct sk_buff;

/**
 * struct vsock_port - a port of the kernel
 * @node: in the table of these
 * @number: no socket and no other vsock_port has it
 * @limit: a longer datagram may be cut to this: some hosts fill the buffer
 * @receive: takes a datagram that has come from the host, and the buffer; returns
 *	     whether @received is to be called next
 * @received: goes on after @receive, which has seen to it that the port still exists;
 *	      or NULL
 * @reset: the device has lost its state, as in a restored snapshot; or NULL
 *
 * All are called in process context, @receive and @reset with vsock_table_lock held, so
 * that neither is under way once vsock_port_close() has returned. They must not
 * sleep, and not open or close a port. @received may sleep, but nothing more comes
 * from the host meanwhile.
 */
struct vsock_port {
	struct hlist_node node;
	u32 number;
	u32 limit;
	bool (*receive)(struct vsock_port *port, struct sk_buff *skb);
	void (*received)(struct vsock_port *port);
	void (*reset)(struct vsock_port *port);
};

int vsock_port_open(struct vsock_port *port);
void vsock_port_close(struct vsock_port *port);
bool vsock_port_is_taken(u32 number);
u32 vsock_port_limit(u32 number);
bool vsock_port_receive(u32 number, struct sk_buff *skb);
void vsock_ports_reset(void);

#endif /* _NET_VSOCK_PORT_H */
