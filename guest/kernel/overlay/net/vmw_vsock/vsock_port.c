// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports that the kernel itself receives datagrams at
 *
 * A socket costs more than most users in the kernel need, who only want to send
 * requests and to hear the answers. They share the number space of the sockets,
 * so that a host may tell the senders of a guest apart by their port.
 */

#include <linux/hashtable.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <net/af_vsock.h>
#include <net/vsock_port.h>

/* As many buckets as the table of bound sockets has, in round numbers. */
static DEFINE_HASHTABLE(vsock_ports, 8);	/* vsock_table_lock */

static struct vsock_port *vsock_port_find(u32 number)
{
	struct vsock_port *port;

	lockdep_assert_held(&vsock_table_lock);
	hash_for_each_possible(vsock_ports, port, node, number) {
		if (port->number == number)
			return port;
	}
	return NULL;
}

/**
 * vsock_port_is_taken() - Does the kernel receive at a port?
 * @number: the port
 *
 * Context: vsock_table_lock is held.
 *
 * Return: whether it does
 */
bool vsock_port_is_taken(u32 number)
{
	return vsock_port_find(number);
}

/**
 * vsock_port_open() - Receive at a free port
 * @port: with its callbacks and its limit; gets its number
 *
 * Return: 0 or -EADDRNOTAVAIL
 */
int vsock_port_open(struct vsock_port *port)
{
	int err;

	spin_lock_bh(&vsock_table_lock);
	err = vsock_pick_port(&port->number);
	if (!err)
		hash_add(vsock_ports, &port->node, port->number);
	spin_unlock_bh(&vsock_table_lock);
	return err;
}

/**
 * vsock_port_close() - Receive no more
 * @port: what vsock_port_open() has opened; a second time is nothing
 *
 * Context: Not from a callback of a port.
 */
void vsock_port_close(struct vsock_port *port)
{
	spin_lock_bh(&vsock_table_lock);
	hash_del(&port->node);
	spin_unlock_bh(&vsock_table_lock);
}

/**
 * vsock_port_limit() - How much of a datagram is of use at a port?
 * @number: the port
 *
 * Return: how many bytes; U32_MAX if it is not a port of the kernel
 */
u32 vsock_port_limit(u32 number)
{
	struct vsock_port *port;
	u32 limit;

	spin_lock_bh(&vsock_table_lock);
	port = vsock_port_find(number);
	limit = port ? port->limit : U32_MAX;
	spin_unlock_bh(&vsock_table_lock);
	return limit;
}

/**
 * vsock_port_receive() - Hand a datagram to the kernel's port it is for
 * @number: the port
 * @skb: the datagram
 *
 * Return: whether there is such a port; if so, @skb is consumed
 */
bool vsock_port_receive(u32 number, struct sk_buff *skb)
{
	struct vsock_port *port;
	bool go_on = false;

	spin_lock_bh(&vsock_table_lock);
	port = vsock_port_find(number);
	if (port)
		go_on = port->receive(port, skb);
	spin_unlock_bh(&vsock_table_lock);
	if (go_on)
		port->received(port);
	return port;
}

/**
 * vsock_ports_reset() - Tell every port that the device has lost its state
 */
void vsock_ports_reset(void)
{
	struct vsock_port *port;
	int bucket;

	spin_lock_bh(&vsock_table_lock);
	hash_for_each(vsock_ports, bucket, port, node) {
		if (port->reset)
			port->reset(port);
	}
	spin_unlock_bh(&vsock_table_lock);
}
