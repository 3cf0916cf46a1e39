/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Datagrams over virtio vsock.
 */
#ifndef _LINUX_VIRTIO_VSOCK_DGRAM_H
#define _LINUX_VIRTIO_VSOCK_DGRAM_H

#include <linux/types.h>

struct msghdr;
struct sk_buff;
struct sockaddr_vm;
struct vsock_sock;

int virtio_vsock_dgram_bind(struct vsock_sock *vsk, struct sockaddr_vm *addr);
int virtio_vsock_dgram_enqueue(struct vsock_sock *vsk,
			       struct sockaddr_vm *remote, struct msghdr *msg,
			       size_t len);
int virtio_vsock_dgram_dequeue(struct vsock_sock *vsk, struct msghdr *msg,
			       size_t len, int flags);
void virtio_vsock_dgram_recv(struct sk_buff *skb);
bool virtio_vsock_has_dgram(void);

#endif /* _LINUX_VIRTIO_VSOCK_DGRAM_H */
