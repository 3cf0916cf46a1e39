// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive buffers that hold the largest packet
 *
 * A host writes a packet into one buffer and never into two, some hosts only into
 * the first descriptor of one, and cuts a datagram that is longer. So each buffer is
 * one piece of memory, and long enough. Such a piece may not be available later: all
 * are allocated when the device starts. A packet is copied into as much memory as it
 * needs, and its buffer goes back to the device at once; so a stream of small packets
 * does not hold a large buffer for each of them.
 */

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/skbuff.h>
#include <linux/virtio.h>
#include <linux/virtio_vsock.h>
#include <linux/virtio_vsock_dgram.h>
#include <net/vsock_port.h>

#define BUFFER_SIZE	(sizeof(struct virtio_vsock_hdr) + \
			 VIRTIO_VSOCK_MAX_PKT_BUF_SIZE)

/*
 * 1/128 of the memory, from 1 to 4 MiB. As pages, the buffers of a ring of 256 take
 * 1 MiB.
 */
#define BUFFERS_MIN	16
#define BUFFERS_MAX	64

/* A packet up to this size is in one piece, of less than a page. */
#define LINEAR_MAX	(SKB_WITH_OVERHEAD(PAGE_SIZE) - \
			 VIRTIO_VSOCK_SKB_HEADROOM)

static unsigned int buffers_wanted(struct virtqueue *vq)
{
	unsigned int share = PFN_PHYS(totalram_pages()) / 128 / BUFFER_SIZE;

	return min(clamp(share, BUFFERS_MIN, BUFFERS_MAX),
		   virtqueue_get_vring_size(vq));
}

/* The header begins as zeros: some hosts write only a part of it. */
static int buffer_give(struct virtqueue *vq, void *buffer)
{
	struct scatterlist sg;
	int err;

	memset(buffer, 0, sizeof(struct virtio_vsock_hdr));
	sg_init_one(&sg, buffer, BUFFER_SIZE);
	err = virtqueue_add_inbuf(vq, &sg, 1, buffer, GFP_KERNEL);
	if (err)
		free_pages_exact(buffer, BUFFER_SIZE);
	return err;
}

/**
 * virtio_vsock_buffers_fill() - Give the device buffers, and tell it of them
 * @vq: the ring, whose lock is held, as for all of these
 *
 * Those that are missing are allocated. Without memory there are fewer.
 *
 * Return: how many the device has
 */
int virtio_vsock_buffers_fill(struct virtqueue *vq)
{
	unsigned int size = virtqueue_get_vring_size(vq);
	void *buffer;

	while (size - vq->num_free < buffers_wanted(vq)) {
		buffer = alloc_pages_exact(BUFFER_SIZE,
					   GFP_KERNEL | __GFP_NOWARN);
		if (!buffer || buffer_give(vq, buffer))
			break;
	}
	virtqueue_kick(vq);
	return size - vq->num_free;
}

/**
 * virtio_vsock_buffers_free() - Free the buffers of a device that has stopped
 * @vq: the ring
 */
void virtio_vsock_buffers_free(struct virtqueue *vq)
{
	void *buffer;

	while ((buffer = virtqueue_detach_unused_buf(vq)))
		free_pages_exact(buffer, BUFFER_SIZE);
}

static bool is_datagram(const struct virtio_vsock_hdr *hdr)
{
	return le16_to_cpu(hdr->type) == VIRTIO_VSOCK_TYPE_DGRAM;
}

/* A datagram may be lost. A stream must not lose a byte of those it has counted. */
static struct sk_buff *packet_alloc(u32 len, bool must)
{
	u32 linear = len <= LINEAR_MAX ? len : 0;
	struct sk_buff *skb;

	for (;;) {
		skb = __virtio_vsock_alloc_skb_with_frags(VIRTIO_VSOCK_SKB_HEADROOM +
							  linear, len - linear,
							  GFP_KERNEL);
		if (skb || !must)
			return skb;
		memalloc_retry_wait(GFP_KERNEL);
	}
}

static struct sk_buff *packet_copy(const void *buffer, size_t used)
{
	struct virtio_vsock_hdr hdr;
	struct sk_buff *skb;
	u32 len;

	if (used < sizeof(hdr) || used > BUFFER_SIZE)
		return NULL;
	memcpy(&hdr, buffer, sizeof(hdr));
	len = le32_to_cpu(hdr.len);
	if (len > used - sizeof(hdr))
		return NULL;
	if (is_datagram(&hdr) && len > LINEAR_MAX)
		len = min(len, vsock_port_limit(le32_to_cpu(hdr.dst_port)));

	skb = packet_alloc(len, !is_datagram(&hdr));
	if (!skb)
		return NULL;
	memcpy(virtio_vsock_hdr(skb), &hdr, sizeof(hdr));
	if (len) {
		virtio_vsock_skb_put(skb, len);
		skb_store_bits(skb, 0, buffer + sizeof(hdr), len);
	}
	return skb;
}

/**
 * virtio_vsock_buffers_receive() - Take a packet that has come
 * @vq: the ring
 * @told: how many of its buffers the device has been told of; decreased by those
 *	  that it has used
 *
 * Return: the packet, or NULL if there is none
 */
struct sk_buff *virtio_vsock_buffers_receive(struct virtqueue *vq,
					     int *told)
{
	struct sk_buff *skb = NULL;
	unsigned int used;
	void *buffer;

	while (!skb && (buffer = virtqueue_get_buf(vq, &used))) {
		--*told;
		skb = packet_copy(buffer, used);
		buffer_give(vq, buffer);
	}
	return skb;
}
