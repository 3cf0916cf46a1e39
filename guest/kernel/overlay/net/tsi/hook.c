// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hooks of cgroups' BPF programs, for what does not pass through the family.
 *
 * A program that cuts a container off, or leads it elsewhere, sees what goes to the
 * host as it sees what goes to a network. What it makes of an address is looked at
 * anew: it may be one of the guest.
 */

#include <linux/bpf-cgroup.h>
#include <net/ipv6.h>

#include "hook.h"

/**
 * tsi_hook_connect() - Before a connect to the host
 * @sk: the native socket
 * @addr: where to, which a program may change
 * @addr_len: its length
 *
 * Return: 0 if there is no program, 1 if there may be one that has changed @addr, or
 * the error to refuse it with
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
	return err ?: 1;
}

/* To such an address an IPv6 socket sends by IPv4, and so it is seen. */
static int tsi_hook_sendmsg_mapped(struct sock *sk, struct sockaddr_in6 *in6)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = in6->sin6_port,
		.sin_addr.s_addr = in6->sin6_addr.s6_addr32[3],
	};
	int len = sizeof(in);
	__be32 source = 0;
	int err;

	err = BPF_CGROUP_RUN_PROG_UDP4_SENDMSG_LOCK(sk, (struct sockaddr *)&in,
						    &len, &source);
	in6->sin6_port = in.sin_port;
	in6->sin6_addr.s6_addr32[3] = in.sin_addr.s_addr;
	return err;
}

/**
 * tsi_hook_sendmsg() - Before a datagram to the host
 * @sk: the native socket, of UDP
 * @addr: where to, which a program may change
 * @addr_len: its length
 *
 * Return: 0, or the error to refuse it with
 */
int tsi_hook_sendmsg(struct sock *sk, struct sockaddr *addr, int *addr_len)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct in6_addr source6 = {};
	__be32 source = 0;

	if (sk->sk_family == AF_INET6 && ipv6_addr_v4mapped(&in6->sin6_addr))
		return tsi_hook_sendmsg_mapped(sk, in6);
	if (sk->sk_family == AF_INET6)
		return BPF_CGROUP_RUN_PROG_UDP6_SENDMSG_LOCK(sk, addr, addr_len,
							     &source6);
	return BPF_CGROUP_RUN_PROG_UDP4_SENDMSG_LOCK(sk, addr, addr_len,
						     &source);
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
