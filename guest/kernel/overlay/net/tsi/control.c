// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to the host and their answers.
 */

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/sched/signal.h>
#include <linux/un.h>
#include <linux/vm_sockets.h>
#include <net/af_vsock.h>

#include "tsi.h"

/**
 * tsi_control_send() - Send a request
 * @link: of the proxy
 * @port: what is requested
 * @request: the request
 * @len: its length
 * @flags: MSG_MORE if the caller sends another packet right after it, with
 *	   which the host is told of both; or 0
 *
 * Return: 0 or an error
 */
int tsi_control_send(struct tsi_link *link, u32 port, void *request, size_t len,
		     int flags)
{
	struct sockaddr_vm host;
	struct msghdr msg = {
		.msg_name = &host,
		.msg_namelen = sizeof(host),
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL | flags,
	};
	struct kvec vec = { .iov_base = request, .iov_len = len };
	int err;

	vsock_addr_init(&host, VMADDR_CID_HOST, port);
	err = kernel_sendmsg(link->control, &msg, &vec, 1, len);
	return err < 0 ? err : 0;
}

/**
 * tsi_control_receive() - Look for an answer
 * @link: of the proxy
 * @port: what was requested
 * @answer: where the answer goes
 * @len: its length; a longer one is cut, a shorter one is none
 *
 * What else has come, such as the answer to a request that was given up, is
 * thrown away. A result that is not the one of the request cannot be told from
 * it if it is of the same kind; callers give up a link when that would matter.
 *
 * Return: 0, -EAGAIN if there is none yet, or an error
 */
int tsi_control_receive(struct tsi_link *link, u32 port, void *answer,
			size_t len)
{
	struct sockaddr_vm from;
	struct kvec vec;
	int ret;

	/* Most looks are in vain, and this one is cheap. */
	if (skb_queue_empty_lockless(&link->control->sk->sk_receive_queue))
		return -EAGAIN;

	do {
		struct msghdr msg = { .msg_name = &from };

		vec.iov_base = answer;
		vec.iov_len = len;
		ret = kernel_recvmsg(link->control, &msg, &vec, 1, len,
				     MSG_DONTWAIT);
		if (ret < 0)
			return ret;
	} while (from.svm_port != port || ret < len);
	return 0;
}

static int tsi_control_wait(struct tsi_link *link, u32 port, void *answer,
			    size_t len)
{
	wait_queue_head_t *queue = sk_sleep(link->control->sk);
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	long timeout = TSI_ANSWER_TIMEOUT;
	int err;

	add_wait_queue(queue, &wait);
	for (;;) {
		err = tsi_control_receive(link, port, answer, len);
		if (err != -EAGAIN)
			break;
		if (!timeout) {
			err = -ETIMEDOUT;
			break;
		}
		if (signal_pending(current)) {
			err = -ERESTARTSYS;
			break;
		}
		timeout = wait_woken(&wait, TASK_INTERRUPTIBLE, timeout);
	}
	remove_wait_queue(queue, &wait);
	return err;
}

/* Ask and wait for the answer. */
static int tsi_control_call(struct tsi_link *link, u32 port, void *request,
			    size_t request_len, void *answer, size_t answer_len)
{
	int err;

	err = mutex_lock_interruptible(&link->rpc);
	if (err)
		return -ERESTARTSYS;

	/* The answer to a connect must not get lost. */
	if (link->step != TSI_STEP_NONE) {
		err = -EINPROGRESS;
		goto out;
	}

	/* Late answers to earlier requests */
	while (!tsi_control_receive(link, port, answer, answer_len))
		;

	err = tsi_control_send(link, port, request, request_len, 0);
	if (!err)
		err = tsi_control_wait(link, port, answer, answer_len);
out:
	mutex_unlock(&link->rpc);
	return err;
}

/**
 * tsi_control_error() - Make an error of a result of the host
 * @result: what the host said
 *
 * Return: 0 or an error
 */
int tsi_control_error(s32 result)
{
	if (!result)
		return 0;
	/* A host that runs macOS does not translate all of its numbers. */
	if (result == -61)
		return -ECONNREFUSED;
	if (result < -MAX_ERRNO || result > 0)
		return -EPROTO;
	return result;
}

/**
 * tsi_control_create() - Let the host make the proxy
 * @link: of the proxy
 * @flags: as for tsi_control_send()
 *
 * Return: 0 or an error; whether the host did it shows later
 */
int tsi_control_create(struct tsi_link *link, int flags)
{
	struct sock *sk = link->tsi->sk;
	struct tsi_create_request request = {
		.id = cpu_to_le32(link->id),
		.family = cpu_to_le16(sk->sk_family),
		.type = cpu_to_le16(sk->sk_type),
	};
	int err;

	err = tsi_control_send(link, TSI_PORT_CREATE, &request, sizeof(request),
			       flags);
	if (!err)
		link->created = true;
	return err;
}

/**
 * tsi_control_address() - Send a request that consists of an address
 * @link: of the proxy
 * @port: TSI_PORT_CONNECT or TSI_PORT_SENDTO_ADDR
 * @addr: the address
 * @addr_len: its length
 *
 * Return: 0 or an error; does not wait for an answer
 */
int tsi_control_address(struct tsi_link *link, u32 port,
			const struct sockaddr *addr, int addr_len)
{
	struct tsi_address_request request = {
		.id = cpu_to_le32(link->id),
		.addr_len = cpu_to_le32(addr_len),
	};

	memcpy(&request.addr, addr, addr_len);
	return tsi_control_send(link, port, &request, sizeof(request), 0);
}

/**
 * tsi_control_listen() - Let the host listen for us
 * @link: of the proxy; its vsock socket listens already
 * @name: where
 * @backlog: as given to listen()
 *
 * Return: 0 or an error, that of the host or of the way to it
 */
int tsi_control_listen(struct tsi_link *link, const struct tsi_name *name,
		       int backlog)
{
	struct tsi_listen_request request = {
		.id = cpu_to_le32(link->id),
		.vm_port = cpu_to_le32(link->id),
		.backlog = cpu_to_le32(backlog),
		.addr_len = cpu_to_le32(name->len),
	};
	__le32 result;
	int err;

	memcpy(&request.addr, &name->addr, name->len);
	err = tsi_control_call(link, TSI_PORT_LISTEN, &request, sizeof(request),
			       &result, sizeof(result));
	return err ?: tsi_control_error(le32_to_cpu(result));
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
 * tsi_control_getname() - Ask for the address at the other end
 * @link: of the proxy
 * @selector: 1 for getpeername(), 2 for accept()
 * @name: where it goes
 *
 * Return: 0 or an error
 */
int tsi_control_getname(struct tsi_link *link, int selector,
			struct tsi_name *name)
{
	struct tsi_getname_request request = {
		.id = cpu_to_le32(link->id),
		.host_port = cpu_to_le32(link->host_port),
		.selector = cpu_to_le32(selector),
	};
	struct tsi_getname_answer answer;
	int err;

	err = tsi_control_call(link, TSI_PORT_GETNAME, &request,
			       sizeof(request), &answer, sizeof(answer));
	if (!err)
		err = tsi_control_error(le32_to_cpu(answer.result));
	if (err)
		return err;
	if (answer.addr.ss_family != link->tsi->sk->sk_family)
		return -EAFNOSUPPORT;

	name->addr = answer.addr;
	name->len = tsi_address_len(&answer.addr, le32_to_cpu(answer.addr_len));
	return 0;
}

/**
 * tsi_control_release() - Let the host give up the proxy
 * @link: of the proxy
 * @flags: as for tsi_control_send()
 */
void tsi_control_release(struct tsi_link *link, int flags)
{
	struct tsi_release_request request = {
		.id = cpu_to_le32(link->id),
		.host_port = cpu_to_le32(link->host_port),
	};

	tsi_control_send(link, TSI_PORT_RELEASE, &request, sizeof(request),
			 flags);
}
