// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control port of a proxy: requests to the host, and their answers.
 */

#include <linux/err.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/un.h>
#include <linux/virtio_vsock.h>
#include <linux/virtio_vsock_dgram.h>

#include "control.h"
#include "wire.h"

/**
 * tsi_control_open() - Get a port for requests and answers
 * @control: zeroed, but for the callbacks of its port; @id and @host_port are for
 *	     the caller to set
 *
 * Return: 0 or an error
 */
int tsi_control_open(struct tsi_control *control)
{
	skb_queue_head_init(&control->answers);
	control->port.limit = sizeof(struct tsi_getname_answer);
	return vsock_port_open(&control->port);
}

/**
 * tsi_control_close() - Hear no more answers
 * @control: of these; may be closed already
 *
 * What is to be sent can still be sent.
 */
void tsi_control_close(struct tsi_control *control)
{
	vsock_port_close(&control->port);
	skb_queue_purge(&control->answers);
}

/**
 * tsi_control_queue() - Keep an answer until somebody looks
 * @control: whose @receive got it
 * @skb: the answer
 */
void tsi_control_queue(struct tsi_control *control, struct sk_buff *skb)
{
	if (skb_queue_len_lockless(&control->answers) < TSI_ANSWERS)
		skb_queue_tail(&control->answers, skb);
	else
		kfree_skb(skb);
}

/* --- Requests ------------------------------------------------------------- */

static struct sk_buff *tsi_request(const void *request, size_t len)
{
	return virtio_vsock_dgram_alloc(request, len, GFP_KERNEL_ACCOUNT);
}

/**
 * tsi_request_create() - "Make the proxy"; has no answer
 * @control: of the proxy
 * @sk: the socket that it stands for
 *
 * Return: the request, as for all of these, or NULL
 */
struct sk_buff *tsi_request_create(const struct tsi_control *control,
				   const struct sock *sk)
{
	struct tsi_create_request request = {
		.id = cpu_to_le32(control->id),
		.family = cpu_to_le16(sk->sk_family),
		.type = cpu_to_le16(sk->sk_type),
	};

	return tsi_request(&request, sizeof(request));
}

/**
 * tsi_request_address() - A request that consists of an address
 * @control: of the proxy
 * @name: the address
 *
 * For TSI_PORT_CONNECT, which is answered with a result, or for
 * TSI_PORT_SENDTO_ADDR, which is not answered.
 */
struct sk_buff *tsi_request_address(const struct tsi_control *control,
				    const struct tsi_name *name)
{
	struct tsi_address_request request = {
		.id = cpu_to_le32(control->id),
		.addr_len = cpu_to_le32(name->len),
	};

	memcpy(&request.addr, &name->addr, name->len);
	return tsi_request(&request, sizeof(request));
}

/**
 * tsi_request_listen() - "Listen for me"; is answered with a result
 * @control: of the proxy; its vsock socket listens already
 * @name: where
 * @backlog: as given to listen()
 */
struct sk_buff *tsi_request_listen(const struct tsi_control *control,
				   const struct tsi_name *name, int backlog)
{
	struct tsi_listen_request request = {
		.id = cpu_to_le32(control->id),
		.vm_port = cpu_to_le32(control->id),
		.backlog = cpu_to_le32(backlog),
		.addr_len = cpu_to_le32(name->len),
	};

	memcpy(&request.addr, &name->addr, name->len);
	return tsi_request(&request, sizeof(request));
}

/**
 * tsi_request_getname() - "Who is at the other end?"
 * @control: of a connection that the host has opened
 */
struct sk_buff *tsi_request_getname(const struct tsi_control *control)
{
	struct tsi_getname_request request = {
		.id = cpu_to_le32(control->id),
		.host_port = cpu_to_le32(control->host_port),
		.selector = cpu_to_le32(TSI_NAME_ACCEPT),
	};

	return tsi_request(&request, sizeof(request));
}

/**
 * tsi_request_release() - "Give up the proxy"; has no answer
 * @control: of the proxy
 */
struct sk_buff *tsi_request_release(const struct tsi_control *control)
{
	struct tsi_release_request request = {
		.id = cpu_to_le32(control->id),
		.host_port = cpu_to_le32(control->host_port),
	};

	return tsi_request(&request, sizeof(request));
}

/**
 * tsi_control_send() - Send a request
 * @control: of the proxy
 * @request: the request, consumed
 * @port: where to: what is requested
 * @more: the caller sends another packet right after it, with which the host is
 *	  told of both
 */
void tsi_control_send(struct tsi_control *control, struct sk_buff *request,
		      u32 port, bool more)
{
	virtio_vsock_dgram_send(request, control->port.number, port, more);
}

/* --- Answers -------------------------------------------------------------- */

/*
 * Look for an answer from @port, of which @len bytes are wanted: a longer one is
 * cut, a shorter one is none. What else has come, such as the answer to a request
 * that was given up, is thrown away. A result that is not the one of the request
 * cannot be told from it if it is of the same kind; callers give up a proxy when
 * that would matter.
 */
static int tsi_answer(struct tsi_control *control, u32 port, void *answer,
		      size_t len)
{
	struct sk_buff *skb;
	int err;

	while ((skb = skb_dequeue(&control->answers))) {
		err = -EAGAIN;
		if (le32_to_cpu(virtio_vsock_hdr(skb)->src_port) == port &&
		    skb->len >= len)
			err = skb_copy_bits(skb, 0, answer, len);
		consume_skb(skb);
		if (!err)
			return 0;
	}
	return -EAGAIN;
}

static int tsi_error(s32 result)
{
	if (!result)
		return 0;
	/* A host that runs macOS does not translate all of its numbers. */
	if (result == -61)
		return -ECONNREFUSED;
	if (result < -MAX_ERRNO || result > 0)
		return -EPROTO;
	/* It means "no answer yet" to callers. */
	if (result == -EAGAIN || result == -EINPROGRESS)
		return -EPROTO;
	return result;
}

/**
 * tsi_answer_result() - Look for the result of a request
 * @control: of the proxy
 * @port: what was requested
 *
 * Return: 0, -EAGAIN if there is none yet, or the error of the host
 */
int tsi_answer_result(struct tsi_control *control, u32 port)
{
	__le32 result;
	int err;

	err = tsi_answer(control, port, &result, sizeof(result));
	return err ?: tsi_error(le32_to_cpu(result));
}

/* Hosts report the size of the storage for some addresses. */
static int tsi_address_len(const struct sockaddr_storage *addr, u32 len)
{
	switch (addr->ss_family) {
	case AF_INET:
		return sizeof(struct sockaddr_in);
	case AF_INET6:
		return sizeof(struct sockaddr_in6);
	default:
		return clamp_t(u32, len, sizeof(sa_family_t),
			       sizeof(struct sockaddr_un));
	}
}

/**
 * tsi_answer_name() - Look for the answer to tsi_request_getname()
 * @control: of the proxy
 * @family: that the address must be of
 * @name: where it goes
 *
 * Return: 0, -EAGAIN if there is none yet, or an error
 */
int tsi_answer_name(struct tsi_control *control, int family,
		    struct tsi_name *name)
{
	struct tsi_getname_answer answer;
	int err;

	err = tsi_answer(control, TSI_PORT_GETNAME, &answer, sizeof(answer));
	if (!err)
		err = tsi_error(le32_to_cpu(answer.result));
	if (err)
		return err;
	if (answer.addr.ss_family != family)
		return -EAFNOSUPPORT;

	name->addr = answer.addr;
	name->len = tsi_address_len(&answer.addr, le32_to_cpu(answer.addr_len));
	return 0;
}
