/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Datagrams over virtio vsock.
 */
#ifndef _LINUX_VIRTIO_VSOCK_DGRAM_H
#define _LINUX_VIRTIO_VSOCK_DGRAM_H

#include <linux/gfp_types.h>
#include <linux/types.h>
#include <linux/wait.h>

struct msghdr;
struct sk_buff;
struct sock;
struct sockaddr_vm;
struct virtqueue;
struct vsock_sock;

/* Operations of the transport, for sockets of AF_VSOCK. */
int virtio_vsock_dgram_bind(struct vsock_sock *vsk, struct sockaddr_vm *addr);
int virtio_vsock_dgram_enqueue(struct vsock_sock *vsk,
			       struct sockaddr_vm *remote, struct msghdr *msg,
			       size_t len);
int virtio_vsock_dgram_dequeue(struct vsock_sock *vsk, struct msghdr *msg,
			       size_t len, int flags);
void virtio_vsock_dgram_recv(struct sk_buff *skb);

/**
 * enum virtio_vsock_charge - what to do when a socket's SO_SNDBUF is used up
 * @VIRTIO_VSOCK_CHARGE_WAIT: wait, as long as the socket says
 * @VIRTIO_VSOCK_CHARGE_TRY: fail with -EAGAIN
 * @VIRTIO_VSOCK_CHARGE_ALWAYS: use more, for what belongs to a datagram that has
 *				found room
 */
enum virtio_vsock_charge {
	VIRTIO_VSOCK_CHARGE_WAIT,
	VIRTIO_VSOCK_CHARGE_TRY,
	VIRTIO_VSOCK_CHARGE_ALWAYS,
};

/* For others in the kernel, who need no such socket. */
struct sk_buff *virtio_vsock_dgram_alloc(const void *payload, size_t len,
					 gfp_t gfp);
struct sk_buff *virtio_vsock_dgram_from_msg(struct sock *sk,
					    struct msghdr *msg, size_t len,
					    enum virtio_vsock_charge charge,
					    int *err);
void virtio_vsock_dgram_send(struct sk_buff *skb, u32 from, u32 to, bool more);
bool virtio_vsock_dgram_has_room(struct wait_queue_entry *wait);
void virtio_vsock_dgram_forget(struct wait_queue_entry *wait);

/* Receive buffers, for the transport. */
int virtio_vsock_buffers_fill(struct virtqueue *vq);
void virtio_vsock_buffers_free(struct virtqueue *vq);
struct sk_buff *virtio_vsock_buffers_receive(struct virtqueue *vq,
					     int *told);

/* Of the transport. */
bool virtio_vsock_has_dgram(void);
int virtio_vsock_send_to_host(struct sk_buff *skb);

#endif /* _LINUX_VIRTIO_VSOCK_DGRAM_H */
