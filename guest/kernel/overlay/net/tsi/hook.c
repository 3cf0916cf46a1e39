// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hooks of cgroups' BPF programs.
 *
 * A program that cuts a container off, or leads it elsewhere, sees what goes to the
 * host as it sees what goes to a network. It runs before it is known where an
 * address is, for what it makes of it may be elsewhere, and it runs once: the family
 * is told not to ask it again.
 */

#include <linux/bpf-cgroup.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/tsi.h>

#include "hook.h"

/**
 * tsi_hook_connect() - Before a connect
 * @sk: the native socket
 * @addr: where to, which a program may change
 * @addr_len: its length
 *
 * Then the family is called with TSI_CONNECT_HOOKED.
 *
 * Return: 0, or the error to refuse it with
 */
int tsi_hook_connect(struct sock *sk, struct sockaddr *addr, int addr_len)
{
	int err;

	if (sk->sk_family == AF_UNIX || !BPF_CGROUP_PRE_CONNECT_ENABLED(sk))
		return 0;
	/* As the families call it, which is not the same for both. */
	if (sk->sk_type == SOCK_STREAM)
		lock_sock(sk);
	err = sk->sk_prot->pre_connect(sk, addr, addr_len);
	if (sk->sk_type == SOCK_STREAM)
		release_sock(sk);
	return err;
}

static int tsi_hook_sendmsg4(struct sock *sk, struct sockaddr_in *in,
			     bool *source)
{
	__be32 bound = inet_sk(sk)->inet_saddr;
	__be32 from = bound;
	int len = sizeof(*in);
	int err;

	err = BPF_CGROUP_RUN_PROG_UDP4_SENDMSG_LOCK(sk, (struct sockaddr *)in,
						    &len, &from);
	*source = from != bound;
	return err;
}

/* To such an address an IPv6 socket sends by IPv4, and so it is seen. */
static int tsi_hook_sendmsg_mapped(struct sock *sk, struct sockaddr_in6 *in6,
				   bool *source)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = in6->sin6_port,
		.sin_addr.s_addr = in6->sin6_addr.s6_addr32[3],
	};
	int err;

	err = tsi_hook_sendmsg4(sk, &in, source);
	in6->sin6_port = in.sin_port;
	in6->sin6_addr.s6_addr32[3] = in.sin_addr.s_addr;
	return err;
}

static int tsi_hook_sendmsg6(struct sock *sk, struct sockaddr_in6 *in6, int len,
			     bool *source)
{
	struct in6_addr bound = inet6_sk(sk)->saddr;
	struct in6_addr from = bound;
	int err;

	err = BPF_CGROUP_RUN_PROG_UDP6_SENDMSG_LOCK(sk, (struct sockaddr *)in6,
						    &len, &from);
	/* As the family, which could not change its mind now. */
	if (!err && ipv6_addr_v4mapped(&in6->sin6_addr))
		err = -ENOTSUPP;
	*source = !ipv6_addr_equal(&from, &bound);
	return err;
}

/* One that the family would take, and ask programs about */
static bool tsi_is_destination(const struct sock *sk, const struct msghdr *msg)
{
	const struct sockaddr_in *in = msg->msg_name;

	/* The port is at the same place for both. */
	return msg->msg_namelen >= (sk->sk_family == AF_INET ?
				    sizeof(*in) : SIN6_LEN_RFC2133) &&
	       in->sin_family == sk->sk_family && in->sin_port &&
	       !READ_ONCE(udp_sk(sk)->pending);
}

/**
 * tsi_hook_sendmsg() - Before a datagram
 * @sk: the native socket, of UDP
 * @msg: with the address, which a program may change. It gets a flag that keeps
 *	the family from asking again
 * @source: gets whether a program has said where it comes from
 *
 * Return: 0, or the error to refuse it with
 */
int tsi_hook_sendmsg(struct sock *sk, struct msghdr *msg, bool *source)
{
	struct sockaddr_in6 *in6 = msg->msg_name;

	if (!tsi_is_destination(sk, msg))
		return 0;
	msg->msg_flags |= MSG_SENDPAGE_NOPOLICY;
	if (sk->sk_family == AF_INET)
		return tsi_hook_sendmsg4(sk, msg->msg_name, source);
	if (ipv6_addr_v4mapped(&in6->sin6_addr))
		return tsi_hook_sendmsg_mapped(sk, in6, source);
	return tsi_hook_sendmsg6(sk, in6, msg->msg_namelen, source);
}

/**
 * tsi_hook_recvmsg() - After a datagram of the host
 * @sk: the native socket, of UDP
 * @addr: whom it is from, which a program may change
 * @addr_len: its length
 */
void tsi_hook_recvmsg(struct sock *sk, struct sockaddr *addr, int *addr_len)
{
	if (sk->sk_family == AF_INET6)
		BPF_CGROUP_RUN_PROG_UDP6_RECVMSG_LOCK(sk, addr, addr_len);
	else if (sk->sk_family == AF_INET)
		BPF_CGROUP_RUN_PROG_UDP4_RECVMSG_LOCK(sk, addr, addr_len);
}

/**
 * tsi_hook_getname() - After a name was found
 * @sk: the native socket
 * @addr: the name, which a program may change
 * @addr_len: its length
 * @peer: whose it is, as for getname()
 */
void tsi_hook_getname(struct sock *sk, struct sockaddr *addr, int *addr_len,
		      int peer)
{
	if (sk->sk_family == AF_UNIX)
		return;
	lock_sock(sk);
	if (sk->sk_family == AF_INET && peer)
		BPF_CGROUP_RUN_SA_PROG(sk, addr, addr_len,
				       CGROUP_INET4_GETPEERNAME);
	else if (sk->sk_family == AF_INET)
		BPF_CGROUP_RUN_SA_PROG(sk, addr, addr_len,
				       CGROUP_INET4_GETSOCKNAME);
	else if (peer)
		BPF_CGROUP_RUN_SA_PROG(sk, addr, addr_len,
				       CGROUP_INET6_GETPEERNAME);
	else
		BPF_CGROUP_RUN_SA_PROG(sk, addr, addr_len,
				       CGROUP_INET6_GETSOCKNAME);
	release_sock(sk);
}
