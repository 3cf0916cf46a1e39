// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagrams over virtio vsock
 *
 * One packet is one datagram. There is no connection, no credit and no answer:
 * what cannot be delivered is dropped, and nothing ever sends a reset for a
 * datagram. A datagram is delivered by its destination port alone, because
 * hosts differ in what they write into the other three address fields.
 *
 * Datagram sockets are bound in the same table as the others, so that a port
 * belongs to one socket of the guest, whatever its type: a host may tell the
 * guest's sockets apart by their port.
 */

#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/virtio_vsock.h>
#include <linux/virtio_vsock_dgram.h>
#include <net/af_vsock.h>
#include <net/sock.h>

/* Payload up to this size is copied out of the page-sized receive buffer. */
#define DGRAM_COPY_LEN		1024

/**
 * virtio_vsock_dgram_bind() - Bind a datagram socket to a port
 * @vsk: the socket, not bound yet, locked
 * @addr: the address; VMADDR_PORT_ANY takes a free port
 *
 * Return: 0 or an error
 */
int virtio_vsock_dgram_bind(struct vsock_sock *vsk, struct sockaddr_vm *addr)
{
	return vsock_bind_port(vsk, addr);
}
EXPORT_SYMBOL_GPL(virtio_vsock_dgram_bind);

static struct sk_buff *dgram_alloc(struct sock *sk, size_t len, int *err)
{
	size_t linear = VIRTIO_VSOCK_SKB_HEADROOM;
	size_t paged = 0;
	struct sk_buff *skb;

	if (linear + len <= SKB_WITH_OVERHEAD(PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER))
		linear += len;
	else
		paged = len;

	/* Never waits: the caller has the socket locked. */
	skb = sock_alloc_send_pskb(sk, linear, paged, 1, err,
				   PAGE_ALLOC_COSTLY_ORDER);
	if (!skb)
		return NULL;

	skb_reserve(skb, VIRTIO_VSOCK_SKB_HEADROOM);
	skb->data_len = paged;
	return skb;
}

/*
 * At its well-known ports a host takes requests on behalf of any socket of the
 * guest. They are not for everybody to make.
 */
static bool dgram_permitted(const struct vsock_sock *vsk, u32 port)
{
	return port <= LAST_RESERVED_PORT || port > LAST_WELL_KNOWN_PORT ||
	       vsk->sk.sk_kern_sock || vsk->trusted;
}

/**
 * virtio_vsock_dgram_enqueue() - Send one datagram
 * @vsk: the socket, bound and locked
 * @remote: where to
 * @msg: the payload
 * @len: its length
 *
 * With MSG_MORE from a socket of the kernel, the device is not told: the next
 * packet, which the caller sends right away, does that for both.
 *
 * Return: @len, or an error: -EMSGSIZE if it does not fit into one packet,
 * -EPERM if it takes CAP_NET_ADMIN to send there, -EAGAIN if as much as
 * SO_SNDBUF allows is on its way already
 */
int virtio_vsock_dgram_enqueue(struct vsock_sock *vsk,
			       struct sockaddr_vm *remote, struct msghdr *msg,
			       size_t len)
{
	const struct virtio_transport *t =
		container_of(vsk->transport, struct virtio_transport, transport);
	struct virtio_vsock_sock *vvs = vsk->trans;
	struct virtio_vsock_hdr *hdr;
	struct sk_buff *skb;
	int err;

	if (len > VIRTIO_VSOCK_MAX_PKT_BUF_SIZE)
		return -EMSGSIZE;
	if (!dgram_permitted(vsk, remote->svm_port))
		return -EPERM;

	skb = dgram_alloc(sk_vsock(vsk), len, &err);
	if (!skb)
		return err;

	hdr = virtio_vsock_hdr(skb);
	memset(hdr, 0, sizeof(*hdr));
	hdr->src_cid = cpu_to_le64(t->transport.get_local_cid());
	hdr->src_port = cpu_to_le32(vsk->local_addr.svm_port);
	hdr->dst_cid = cpu_to_le64(remote->svm_cid);
	hdr->dst_port = cpu_to_le32(remote->svm_port);
	hdr->len = cpu_to_le32(len);
	hdr->type = cpu_to_le16(VIRTIO_VSOCK_TYPE_DGRAM);
	hdr->op = cpu_to_le16(VIRTIO_VSOCK_OP_RW);

	if (len) {
		virtio_vsock_skb_put(skb, len);
		err = skb_copy_datagram_from_iter_full(skb, 0, &msg->msg_iter,
						       len);
		if (err) {
			kfree_skb(skb);
			return err;
		}
	}

	/* The kernel's own senders keep the promise that more will follow. */
	VIRTIO_VSOCK_SKB_CB(skb)->more = msg->msg_flags & MSG_MORE &&
					 vsk->sk.sk_kern_sock;

	/* Taken back by virtio_transport_consume_skb_sent() */
	spin_lock_bh(&vvs->tx_lock);
	vvs->bytes_unsent += len;
	spin_unlock_bh(&vvs->tx_lock);

	err = t->send_pkt(skb);
	if (err < 0) {
		spin_lock_bh(&vvs->tx_lock);
		vvs->bytes_unsent -= len;
		spin_unlock_bh(&vvs->tx_lock);
		return err;
	}
	return len;
}
EXPORT_SYMBOL_GPL(virtio_vsock_dgram_enqueue);

/**
 * virtio_vsock_dgram_dequeue() - Receive one datagram
 * @vsk: the socket, not locked
 * @msg: where its payload and its source address go
 * @len: how much of the payload to take; the rest is lost
 * @flags: MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC
 *
 * Return: how many bytes were copied, with MSG_TRUNC how many there were, or
 * an error
 */
int virtio_vsock_dgram_dequeue(struct vsock_sock *vsk, struct msghdr *msg,
			       size_t len, int flags)
{
	struct virtio_vsock_hdr *hdr;
	struct sk_buff *skb;
	size_t copied;
	int err;

	if (flags & (MSG_OOB | MSG_ERRQUEUE))
		return -EOPNOTSUPP;

	skb = skb_recv_datagram(sk_vsock(vsk), flags, &err);
	if (!skb)
		return err;

	copied = min_t(size_t, len, skb->len);
	if (copied < skb->len)
		msg->msg_flags |= MSG_TRUNC;

	err = skb_copy_datagram_msg(skb, 0, msg, copied);
	if (err)
		goto out;

	if (msg->msg_name) {
		hdr = virtio_vsock_hdr(skb);
		vsock_addr_init(msg->msg_name, le64_to_cpu(hdr->src_cid),
				le32_to_cpu(hdr->src_port));
		msg->msg_namelen = sizeof(struct sockaddr_vm);
	}
	err = flags & MSG_TRUNC ? skb->len : copied;
out:
	skb_free_datagram(sk_vsock(vsk), skb);
	return err;
}
EXPORT_SYMBOL_GPL(virtio_vsock_dgram_dequeue);

/*
 * A receive buffer takes a whole page, and SO_RCVBUF counts it as such. Give a
 * small datagram a small one, so that a burst of them fits.
 */
static struct sk_buff *dgram_shrink(struct sk_buff *skb)
{
	struct sk_buff *small;

	if (skb->len > DGRAM_COPY_LEN)
		return skb;

	small = virtio_vsock_alloc_linear_skb(VIRTIO_VSOCK_SKB_HEADROOM +
					      skb->len, GFP_KERNEL);
	if (!small)
		return skb;

	memcpy(small->head, skb->head, VIRTIO_VSOCK_SKB_HEADROOM);
	skb_put_data(small, skb->data, skb->len);
	consume_skb(skb);
	return small;
}

/**
 * virtio_vsock_dgram_recv() - Deliver a datagram that the device has received
 * @skb: the packet, which is consumed
 */
void virtio_vsock_dgram_recv(struct sk_buff *skb)
{
	struct virtio_vsock_hdr *hdr = virtio_vsock_hdr(skb);
	struct sockaddr_vm dst;
	struct sock *sk;

	vsock_addr_init(&dst, VMADDR_CID_ANY, le32_to_cpu(hdr->dst_port));
	sk = vsock_find_bound_socket(&dst);
	if (!sk) {
		kfree_skb(skb);
		return;
	}

	if (sk->sk_type == SOCK_DGRAM) {
		skb = dgram_shrink(skb);
		memset(skb->cb, 0, sizeof(skb->cb));
		if (sock_queue_rcv_skb(sk, skb))
			kfree_skb(skb);
	} else {
		kfree_skb(skb);
	}
	sock_put(sk);
}
EXPORT_SYMBOL_GPL(virtio_vsock_dgram_recv);
