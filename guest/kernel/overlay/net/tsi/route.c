// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which destinations are in the guest?
 */

#include <linux/bpf-cgroup.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inetdevice.h>
#include <linux/namei.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/path.h>
#include <linux/un.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/inet_sock.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/rtnetlink.h>
#include <net/udp.h>

#include "tsi.h"

/*
 * Programs want to see an interface with an address, so that guests often have
 * a dummy one. It leads nowhere, and neither does the loopback device for what
 * is not local.
 */
static bool tsi_leads_somewhere(const struct net_device *dev)
{
	const struct rtnl_link_ops *ops = dev->rtnl_link_ops;

	return !(dev->flags & IFF_LOOPBACK) &&
	       !(ops && !strcmp(ops->kind, "dummy")) &&
	       netif_running(dev) && netif_carrier_ok(dev);
}

/* @source, if not NULL, gets the address that the guest would send from. */
static enum tsi_place tsi_place4(struct sock *sk, __be32 addr, __be32 *source)
{
	struct flowi4 flow = {
		.daddr = addr,
		.saddr = inet_sk(sk)->inet_saddr,
		.flowi4_oif = READ_ONCE(sk->sk_bound_dev_if),
		.flowi4_mark = READ_ONCE(sk->sk_mark),
		.flowi4_uid = sk->sk_uid,
	};
	enum tsi_place place;
	struct rtable *route;

	/* To connect to no address is to connect to oneself. */
	if (!addr)
		flow.daddr = htonl(INADDR_LOOPBACK);

	route = ip_route_output_key(sock_net(sk), &flow);
	if (IS_ERR(route))
		return TSI_HOST;

	if (route->rt_flags & RTCF_LOCAL)
		place = TSI_LOCAL;
	else if (tsi_leads_somewhere(route->dst.dev))
		place = TSI_GUEST;
	else
		place = TSI_HOST;
	if (source)
		*source = flow.saddr;
	ip_rt_put(route);
	return place;
}

#if IS_ENABLED(CONFIG_IPV6)
static enum tsi_place tsi_place6(struct sock *sk,
				 const struct sockaddr_in6 *addr,
				 struct in6_addr *source)
{
	struct flowi6 flow = {
		.daddr = addr->sin6_addr,
		.saddr = inet6_sk(sk)->saddr,
		.flowi6_oif = READ_ONCE(sk->sk_bound_dev_if),
		.flowi6_mark = READ_ONCE(sk->sk_mark),
		.flowi6_uid = sk->sk_uid,
	};
	enum tsi_place place;
	struct dst_entry *dst;

	if (ipv6_addr_any(&flow.daddr))
		flow.daddr = in6addr_loopback;
	if (!flow.flowi6_oif &&
	    ipv6_addr_type(&flow.daddr) & IPV6_ADDR_LINKLOCAL)
		flow.flowi6_oif = addr->sin6_scope_id;

	dst = ip6_route_output(sock_net(sk), NULL, &flow);
	if (dst->error)
		place = TSI_HOST;
	else if (dst_rt6_info(dst)->rt6i_flags & RTF_LOCAL)
		place = TSI_LOCAL;
	else if (tsi_leads_somewhere(dst->dev))
		place = TSI_GUEST;
	else
		place = TSI_HOST;
	if (source)
		*source = ipv6_addr_any(&flow.saddr) ? flow.daddr : flow.saddr;
	dst_release(dst);
	return place;
}

static enum tsi_place tsi_place_inet6(struct sock *sk,
				      const struct sockaddr_in6 *addr)
{
	if (ipv6_addr_v4mapped(&addr->sin6_addr))
		return tsi_place4(sk, addr->sin6_addr.s6_addr32[3], NULL);
	return tsi_place6(sk, addr, NULL);
}

static struct sock *tsi_find_receiver6(struct sock *sk,
				       const struct sockaddr_in6 *addr)
{
	struct net *net = sock_net(sk);
	struct in6_addr source;

	if (tsi_place6(sk, addr, &source) != TSI_LOCAL)
		return NULL;
	return __udp6_lib_lookup(net, &source, inet_sk(sk)->inet_sport,
				 ipv6_addr_any(&addr->sin6_addr) ?
				 &in6addr_loopback : &addr->sin6_addr,
				 addr->sin6_port, LOOPBACK_IFINDEX, 0,
				 net->ipv4.udp_table, NULL);
}
#else
static enum tsi_place tsi_place_inet6(struct sock *sk,
				      const struct sockaddr_in6 *addr)
{
	return TSI_GUEST;
}

static struct sock *tsi_find_receiver6(struct sock *sk,
				       const struct sockaddr_in6 *addr)
{
	return NULL;
}
#endif

static struct sock *tsi_find_receiver4(struct sock *sk, __be32 addr,
				       __be16 port)
{
	struct net *net = sock_net(sk);
	__be32 source;

	if (tsi_place4(sk, addr, &source) != TSI_LOCAL)
		return NULL;
	return __udp4_lib_lookup(net, source, inet_sk(sk)->inet_sport,
				 addr ?: htonl(INADDR_LOOPBACK), port,
				 LOOPBACK_IFINDEX, 0, net->ipv4.udp_table,
				 NULL);
}

/*
 * The host has a file system of its own. A path that is not absolute means
 * nothing there; a socket without a name cannot be meant.
 */
static enum tsi_place tsi_place_unix(const struct sockaddr_un *addr,
				     int addr_len)
{
	size_t len = addr_len - offsetof(struct sockaddr_un, sun_path);

	if (addr_len <= offsetof(struct sockaddr_un, sun_path) ||
	    addr_len > sizeof(*addr))
		return TSI_GUEST;
	if (addr->sun_path[0] == '/' || (!addr->sun_path[0] && len > 1))
		return TSI_LOCAL;
	return TSI_GUEST;
}

/**
 * tsi_place() - Where is a destination?
 * @sk: for who wants to reach it
 * @addr: its address, as it came from user space
 * @addr_len: its length
 *
 * Return: the place; TSI_GUEST for what is no address of the family of @sk, so
 * that the family finds the error
 */
enum tsi_place tsi_place(struct sock *sk, const struct sockaddr *addr,
			 int addr_len)
{
	if (addr_len < sizeof(sa_family_t) || addr->sa_family != sk->sk_family)
		return TSI_GUEST;

	switch (sk->sk_family) {
	case AF_INET:
		if (addr_len < sizeof(struct sockaddr_in))
			return TSI_GUEST;
		return tsi_place4(sk,
				  ((struct sockaddr_in *)addr)->sin_addr.s_addr,
				  NULL);
	case AF_INET6:
		/* The first version of the structure had no scope. */
		if (addr_len < SIN6_LEN_RFC2133)
			return TSI_GUEST;
		return tsi_place_inet6(sk, (struct sockaddr_in6 *)addr);
	case AF_UNIX:
		return tsi_place_unix((struct sockaddr_un *)addr, addr_len);
	default:
		return TSI_GUEST;
	}
}

/**
 * tsi_has_receiver() - Would a datagram find a socket in the guest?
 * @sk: who sends it
 * @addr: a local destination, see tsi_place()
 *
 * Return: whether it would
 */
bool tsi_has_receiver(struct sock *sk, const struct sockaddr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	struct sock *receiver;

	rcu_read_lock();
	if (addr->sa_family == AF_INET)
		receiver = tsi_find_receiver4(sk, in->sin_addr.s_addr,
					      in->sin_port);
	else if (ipv6_addr_v4mapped(&in6->sin6_addr))
		receiver = tsi_find_receiver4(sk, in6->sin6_addr.s6_addr32[3],
					      in6->sin6_port);
	else
		receiver = tsi_find_receiver6(sk, in6);
	rcu_read_unlock();
	return receiver;
}

/*
 * Could somebody drop what goes over the loopback device, or lead it to where
 * nobody listens? Then only a try can tell.
 */
static bool tsi_is_filtered(struct net *net)
{
	const struct net_device *lo __maybe_unused = net->loopback_dev;

#ifdef CONFIG_NETFILTER
	for (int i = 0; i < NF_INET_NUMHOOKS; i++) {
		if (rcu_access_pointer(net->nf.hooks_ipv4[i]) ||
		    rcu_access_pointer(net->nf.hooks_ipv6[i]))
			return true;
	}
#endif
#ifdef CONFIG_NET_XGRESS
	if (rcu_access_pointer(lo->tcx_ingress) ||
	    rcu_access_pointer(lo->tcx_egress))
		return true;
#endif
	return cgroup_bpf_enabled(CGROUP_INET4_CONNECT) ||
	       cgroup_bpf_enabled(CGROUP_INET6_CONNECT) ||
	       cgroup_bpf_enabled(CGROUP_INET_EGRESS) ||
	       cgroup_bpf_enabled(CGROUP_INET_INGRESS) ||
	       static_branch_unlikely(&bpf_sk_lookup_enabled);
}

static bool tsi_has_listener4(struct net *net, __be32 addr, __be16 port)
{
	/* The source matters only for which of several listeners it is. */
	addr = addr ?: htonl(INADDR_LOOPBACK);
	return inet_lookup_listener(net, net->ipv4.tcp_death_row.hashinfo,
				    NULL, 0, addr, 0, addr, port,
				    LOOPBACK_IFINDEX, 0);
}

static bool tsi_has_listener6(struct net *net, const struct sockaddr_in6 *to)
{
	const struct in6_addr *addr = &to->sin6_addr;

#if IS_ENABLED(CONFIG_IPV6)
	if (ipv6_addr_v4mapped(addr))
		return tsi_has_listener4(net, addr->s6_addr32[3],
					 to->sin6_port);
	if (ipv6_addr_any(addr))
		addr = &in6addr_loopback;
	if (!(ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL))
		return inet6_lookup_listener(net,
					     net->ipv4.tcp_death_row.hashinfo,
					     NULL, 0, addr, 0, addr,
					     ntohs(to->sin6_port),
					     LOOPBACK_IFINDEX, 0);
#endif
	return true;
}

static bool tsi_has_path(const struct sockaddr_un *addr, int addr_len)
{
	size_t len = addr_len - offsetof(struct sockaddr_un, sun_path);
	char name[sizeof(addr->sun_path) + 1] = "";
	struct path path;
	int err;

	memcpy(name, addr->sun_path, len);
	/* Abstract names are not in the file system. */
	if (!*name)
		return true;
	err = kern_path(name, LOOKUP_FOLLOW, &path);
	if (!err)
		path_put(&path);
	return err != -ENOENT;
}

/**
 * tsi_has_listener() - Might a stream find somebody who listens in the guest?
 * @sk: who connects
 * @addr: a local destination, see tsi_place()
 * @addr_len: its length
 *
 * To look is much cheaper than to be refused.
 *
 * Return: false if it would surely be refused, true if only a try can tell
 */
bool tsi_has_listener(struct sock *sk, const struct sockaddr *addr,
		      int addr_len)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	struct net *net = sock_net(sk);
	bool has;

	if (sk->sk_family == AF_UNIX)
		return tsi_has_path((const struct sockaddr_un *)addr, addr_len);

	/* From a port that is known, two may connect to each other. */
	if (inet_sk(sk)->inet_num || READ_ONCE(sk->sk_bound_dev_if))
		return true;

	rcu_read_lock();
	if (tsi_is_filtered(net))
		has = true;
	else if (sk->sk_family == AF_INET)
		has = tsi_has_listener4(net, in->sin_addr.s_addr, in->sin_port);
	else
		has = tsi_has_listener6(net, (const struct sockaddr_in6 *)addr);
	rcu_read_unlock();
	return has;
}
