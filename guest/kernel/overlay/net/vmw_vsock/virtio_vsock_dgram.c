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

#include <linux/cache.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/virtio_vsock.h>
#include <linux/virtio_vsock_dgram.h>
#include <net/af_vsock.h>
#include <net/sock.h>
#include <net/vsock_port.h>

/* --- What is on its way to the host --------------------------------------- */

/*
 * What a socket has queued outlives it, so that SO_SNDBUF bounds no process that
 * opens one socket after the other. As the queue of a network card does, this
 * bounds all of them together: 1/64 of the memory, from 256 KiB to 4 MiB. At least
 * three of the largest datagrams fit.
 */
#define DGRAM_LIMIT_MIN		(256 * 1024L)
#define DGRAM_LIMIT_MAX		(4 * 1024 * 1024L)

static long dgram_limit __ro_after_init = DGRAM_LIMIT_MIN;
static atomic_long_t dgram_queued;	/* truesize of what is on its way */
static DECLARE_WAIT_QUEUE_HEAD(dgram_room);

static int __init dgram_limit_init(void)
{
	long share = PFN_PHYS(totalram_pages()) / 64;

	dgram_limit = clamp(share, DGRAM_LIMIT_MIN, DGRAM_LIMIT_MAX);
	return 0;
}
core_initcall(dgram_limit_init);

static bool dgram_is_full(void)
{
	return atomic_long_read(&dgram_queued) >= dgram_limit;
}

/* The host has it, or it was thrown away. */
static void dgram_sent(struct sk_buff *skb)
{
	void (*destructor)(struct sk_buff *skb) =
		VIRTIO_VSOCK_SKB_CB(skb)->destructor;
	long left = atomic_long_sub_return(skb->truesize, &dgram_queued);

	/* Not for each one: a sender who wakes should find room for several. */
	if (left < dgram_limit / 2 && waitqueue_active(&dgram_room))
		wake_up_all(&dgram_room);
	if (destructor)
		destructor(skb);
}

static void dgram_charge(struct sk_buff *skb)
{
	VIRTIO_VSOCK_SKB_CB(skb)->destructor = skb->destructor;
	skb->destructor = dgram_sent;
	atomic_long_add(skb->truesize, &dgram_queued);
}

/**
 * virtio_vsock_dgram_has_room() - May one more datagram be sent?
 * @wait: if not, is woken and removed when there is room; see
 *	  virtio_vsock_dgram_forget()
 *
 * Nothing enforces it: who has to say one thing more, and sees to it that there
 * are few of those, may do so.
 *
 * Return: whether it may
 */
bool virtio_vsock_dgram_has_room(struct wait_queue_entry *wait)
{
	unsigned long flags;

	if (!dgram_is_full())
		return true;

	spin_lock_irqsave(&dgram_room.lock, flags);
	if (list_empty(&wait->entry))
		__add_wait_queue_entry_tail(&dgram_room, wait);
	spin_unlock_irqrestore(&dgram_room.lock, flags);

	/*
	 * Before this look, or dgram_sent() could miss @wait. When it is not full
	 * any more, but not half empty, it will be; @wait is woken then, for
	 * nothing.
	 */
	smp_mb();
	return !dgram_is_full();
}

/**
 * virtio_vsock_dgram_forget() - Wait no more
 * @wait: given to virtio_vsock_dgram_has_room() before; is not called again
 */
void virtio_vsock_dgram_forget(struct wait_queue_entry *wait)
{
	unsigned long flags;

	spin_lock_irqsave(&dgram_room.lock, flags);
	list_del_init(&wait->entry);
	spin_unlock_irqrestore(&dgram_room.lock, flags);
}

static void dgram_header(struct sk_buff *skb, u32 from, u64 to_cid, u32 to)
{
	struct virtio_vsock_hdr *hdr = virtio_vsock_hdr(skb);

	memset(hdr, 0, sizeof(*hdr));
	hdr->src_port = cpu_to_le32(from);
	hdr->dst_cid = cpu_to_le64(to_cid);
	hdr->dst_port = cpu_to_le32(to);
	hdr->len = cpu_to_le32(skb->len);
	hdr->type = cpu_to_le16(VIRTIO_VSOCK_TYPE_DGRAM);
	hdr->op = cpu_to_le16(VIRTIO_VSOCK_OP_RW);
}

/**
 * virtio_vsock_dgram_send() - Send a datagram to the host
 * @skb: of virtio_vsock_dgram_alloc() or virtio_vsock_dgram_from_msg(), consumed
 * @from: port it comes from, that of the caller
 * @to: port of the host
 * @more: the caller sends another one right after it, with which the host is told
 *	  of both
 *
 * Without a device it is lost, as are those that a device has taken and that is
 * reset.
 *
 * Context: Any but interrupts. Does not sleep.
 */
void virtio_vsock_dgram_send(struct sk_buff *skb, u32 from, u32 to, bool more)
{
	dgram_header(skb, from, VMADDR_CID_HOST, to);
	VIRTIO_VSOCK_SKB_CB(skb)->more = more;
	dgram_charge(skb);
	virtio_vsock_send_to_host(skb);
}

/**
 * virtio_vsock_dgram_alloc() - Make a datagram of bytes in memory
 * @payload: the bytes
 * @len: how many; they fit into a page together with the header
 * @gfp: how to get memory
 *
 * Return: the datagram, or NULL
 */
struct sk_buff *virtio_vsock_dgram_alloc(const void *payload, size_t len,
					 gfp_t gfp)
{
	struct sk_buff *skb;

	skb = virtio_vsock_alloc_linear_skb(VIRTIO_VSOCK_SKB_HEADROOM + len,
					    gfp);
	if (!skb)
		return NULL;
	memset(skb->cb, 0, sizeof(skb->cb));
	skb_put_data(skb, payload, len);
	return skb;
}

/* --- Sockets of AF_VSOCK -------------------------------------------------- */

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

static struct sk_buff *dgram_alloc(struct sock *sk, size_t len,
				   enum virtio_vsock_charge charge, int *err)
{
	size_t linear = VIRTIO_VSOCK_SKB_HEADROOM;
	size_t paged = 0;
	struct sk_buff *skb;

	if (linear + len <= SKB_WITH_OVERHEAD(PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER))
		linear += len;
	else
		paged = len;

	if (charge == VIRTIO_VSOCK_CHARGE_ALWAYS) {
		skb = alloc_skb_with_frags(linear, paged,
					   PAGE_ALLOC_COSTLY_ORDER, err,
					   sk->sk_allocation);
		if (skb)
			skb_set_owner_w(skb, sk);
	} else {
		skb = sock_alloc_send_pskb(sk, linear, paged,
					   charge == VIRTIO_VSOCK_CHARGE_TRY,
					   err, PAGE_ALLOC_COSTLY_ORDER);
	}
	if (!skb)
		return NULL;

	skb_reserve(skb, VIRTIO_VSOCK_SKB_HEADROOM);
	skb->data_len = paged;
	memset(skb->cb, 0, sizeof(skb->cb));
	return skb;
}

/**
 * virtio_vsock_dgram_from_msg() - Make a datagram of what a program sends
 * @sk: the program's socket, of whatever family, which is charged
 * @msg: the payload
 * @len: its length
 * @charge: what to do when SO_SNDBUF is used up
 * @err: gets the error: -EMSGSIZE if it does not fit into one packet, and those
 *	 of sock_alloc_send_pskb()
 *
 * Return: the datagram, or NULL
 */
struct sk_buff *virtio_vsock_dgram_from_msg(struct sock *sk,
					    struct msghdr *msg, size_t len,
					    enum virtio_vsock_charge charge,
					    int *err)
{
	struct sk_buff *skb;

	*err = -EMSGSIZE;
	if (len > VIRTIO_VSOCK_MAX_PKT_BUF_SIZE)
		return NULL;
	skb = dgram_alloc(sk, len, charge, err);
	if (!skb)
		return NULL;

	*err = 0;
	if (!len)
		return skb;
	virtio_vsock_skb_put(skb, len);
	*err = skb_copy_datagram_from_iter_full(skb, 0, &msg->msg_iter, len);
	if (*err) {
		kfree_skb(skb);
		return NULL;
	}
	return skb;
}

/*
 * At its well-known ports a host takes requests on behalf of any socket of the
 * guest. They are not for everybody to make.
 */
static bool dgram_permitted(const struct vsock_sock *vsk, u32 port)
{
	return port <= LAST_RESERVED_PORT || port > LAST_WELL_KNOWN_PORT ||
	       vsk->trusted;
}

/**
 * virtio_vsock_dgram_enqueue() - Send one datagram
 * @vsk: the socket, bound and locked
 * @remote: where to
 * @msg: the payload
 * @len: its length
 *
 * Never waits: the caller has the socket locked.
 *
 * Return: @len, or an error: -EMSGSIZE if it does not fit into one packet,
 * -EPERM if it takes CAP_NET_ADMIN to send there, -EAGAIN if as much as
 * SO_SNDBUF allows is on its way already, or as much as all sockets together may
 * have
 */
int virtio_vsock_dgram_enqueue(struct vsock_sock *vsk,
			       struct sockaddr_vm *remote, struct msghdr *msg,
			       size_t len)
{
	struct virtio_vsock_sock *vvs = vsk->trans;
	struct sk_buff *skb;
	int err;

	if (!dgram_permitted(vsk, remote->svm_port))
		return -EPERM;
	if (dgram_is_full())
		return -EAGAIN;

	skb = virtio_vsock_dgram_from_msg(sk_vsock(vsk), msg, len,
					  VIRTIO_VSOCK_CHARGE_TRY, &err);
	if (!skb)
		return err;

	dgram_header(skb, vsk->local_addr.svm_port, remote->svm_cid,
		     remote->svm_port);
	dgram_charge(skb);

	/* Taken back by virtio_transport_consume_skb_sent() */
	spin_lock_bh(&vvs->tx_lock);
	vvs->bytes_unsent += len;
	spin_unlock_bh(&vvs->tx_lock);

	err = virtio_vsock_send_to_host(skb);
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

/**
 * virtio_vsock_dgram_recv() - Deliver a datagram that the device has received
 * @skb: the packet, which is consumed
 */
void virtio_vsock_dgram_recv(struct sk_buff *skb)
{
	struct virtio_vsock_hdr *hdr = virtio_vsock_hdr(skb);
	struct sockaddr_vm dst;
	struct sock *sk;

	if (vsock_port_receive(le32_to_cpu(hdr->dst_port), skb))
		return;

	vsock_addr_init(&dst, VMADDR_CID_ANY, le32_to_cpu(hdr->dst_port));
	sk = vsock_find_bound_socket(&dst);
	if (!sk) {
		kfree_skb(skb);
		return;
	}

	if (sk->sk_type == SOCK_DGRAM) {
		memset(skb->cb, 0, sizeof(skb->cb));
		if (sock_queue_rcv_skb(sk, skb))
			kfree_skb(skb);
	} else {
		kfree_skb(skb);
	}
	sock_put(sk);
}
EXPORT_SYMBOL_GPL(virtio_vsock_dgram_recv);
