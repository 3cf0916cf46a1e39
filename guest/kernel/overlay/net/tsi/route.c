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
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <linux/un.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/inet_sock.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/route.h>
#include <net/rtnetlink.h>
#include <net/tsi.h>
#include <net/udp.h>

#include "announced.h"
#include "route.h"

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

/*
 * The interface that the socket is told to send to @addr by, or 0. The host has
 * none of the guest's: what goes by one stays in the guest.
 */
static int tsi_interface4(const struct sock *sk, __be32 addr)
{
	int bound = READ_ONCE(sk->sk_bound_dev_if);

	if (bound || sk->sk_type != SOCK_DGRAM)
		return bound;
	return ipv4_is_multicast(addr) ? READ_ONCE(inet_sk(sk)->mc_index) :
					 READ_ONCE(inet_sk(sk)->uc_index);
}

/*
 * Where is a destination that there is no usable route to? Beyond the guest, if
 * there is none; if there is one that says no, that is the guest's answer.
 */
static enum tsi_place tsi_place_unrouted(int err)
{
	return err == -ENETUNREACH ? TSI_HOST : TSI_GUEST;
}

/* @source, if not NULL, gets the address that the guest would send from. */
static enum tsi_place tsi_place4(struct sock *sk, __be32 addr, __be32 *source)
{
	struct flowi4 flow = {
		.daddr = addr,
		.saddr = inet_sk(sk)->inet_saddr,
		.flowi4_oif = tsi_interface4(sk, addr),
		.flowi4_mark = READ_ONCE(sk->sk_mark),
		.flowi4_uid = sk->sk_uid,
	};
	enum tsi_place place;
	struct rtable *route;

	/* To connect to no address is to connect to oneself. */
	if (!addr)
		flow.daddr = htonl(INADDR_LOOPBACK);

	if (flow.flowi4_oif)
		return TSI_GUEST;

	route = ip_route_output_key(sock_net(sk), &flow);
	if (IS_ERR(route))
		return tsi_place_unrouted(PTR_ERR(route));

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
static int tsi_interface6(const struct sock *sk, const struct in6_addr *addr)
{
	int bound = READ_ONCE(sk->sk_bound_dev_if);

	if (bound || sk->sk_type != SOCK_DGRAM)
		return bound;
	return ipv6_addr_is_multicast(addr) ?
		READ_ONCE(inet6_sk(sk)->mcast_oif) :
		READ_ONCE(inet6_sk(sk)->ucast_oif);
}

static enum tsi_place tsi_place6(struct sock *sk,
				 const struct sockaddr_in6 *addr,
				 struct in6_addr *source)
{
	struct flowi6 flow = {
		.daddr = addr->sin6_addr,
		.saddr = inet6_sk(sk)->saddr,
		.flowi6_oif = tsi_interface6(sk, &addr->sin6_addr),
		.flowi6_mark = READ_ONCE(sk->sk_mark),
		.flowi6_uid = sk->sk_uid,
	};
	enum tsi_place place;
	struct dst_entry *dst;

	if (ipv6_addr_any(&flow.daddr))
		flow.daddr = in6addr_loopback;
	if (flow.flowi6_oif)
		return TSI_GUEST;
	if (ipv6_addr_type(&flow.daddr) & IPV6_ADDR_LINKLOCAL)
		flow.flowi6_oif = addr->sin6_scope_id;

	dst = ip6_route_output(sock_net(sk), NULL, &flow);
	if (dst->error)
		place = tsi_place_unrouted(dst->error);
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
		return ipv6_only_sock(sk) ? TSI_GUEST :
			tsi_place4(sk, addr->sin6_addr.s6_addr32[3], NULL);
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
 * nothing there; a socket without a name cannot be meant. Landlock has no hook for
 * an abstract name that the guest does not have.
 */
static enum tsi_place tsi_place_unix(const struct sockaddr_un *addr,
				     int addr_len)
{
	size_t len = addr_len - offsetof(struct sockaddr_un, sun_path);

	if (addr_len <= offsetof(struct sockaddr_un, sun_path) ||
	    addr_len > sizeof(*addr))
		return TSI_GUEST;
	if (!addr->sun_path[0])
		return len > 1 && !landlock_confines_abstract_names() ?
		       TSI_LOCAL : TSI_GUEST;
	return addr->sun_path[0] == '/' ? TSI_LOCAL : TSI_GUEST;
}

/* --- Namespaces ----------------------------------------------------------- */

/**
 * struct tsi_net - what TSI knows of a network namespace
 * @host: sockets of it may reach the host, whatever it has
 * @sysctl: the table of its sysctl
 */
struct tsi_net {
	u8 host;
	struct ctl_table_header *sysctl;
};

static unsigned int tsi_net_id __read_mostly;

/*
 * Containers in the guest have a network of their own, by which they reach the
 * rest of the world, or one with nothing, so as not to. An interface that is up
 * tells which. In a user namespace of his own anybody can make one.
 */
static bool tsi_has_network(struct net *net)
{
	struct net_device *dev;
	bool has = false;

	if (net->user_ns != &init_user_ns)
		return false;
	rcu_read_lock();
	for_each_netdev_rcu(net, dev) {
		if (!(dev->flags & IFF_LOOPBACK) && dev->flags & IFF_UP) {
			has = true;
			break;
		}
	}
	rcu_read_unlock();
	return has;
}

/**
 * tsi_may_reach_host() - Is the host there for a socket?
 * @sk: the socket
 *
 * Return: true for a network namespace whose net.tsi.host says so, as that of the
 * initial one does at first; and for another that belongs to the initial user
 * namespace and has a network
 */
bool tsi_may_reach_host(struct sock *sk)
{
	struct net *net = sock_net(sk);
	struct tsi_net *of = net_generic(net, tsi_net_id);

	return READ_ONCE(of->host) ||
	       (!net_eq(net, &init_net) && tsi_has_network(net));
}

#ifdef CONFIG_SYSCTL
/* Who may use it in the namespace may not say so: root there can be anybody. */
static int tsi_sysctl_host(const struct ctl_table *table, int write,
			   void *buffer, size_t *lenp, loff_t *ppos)
{
	if (write && !capable(CAP_NET_ADMIN))
		return -EPERM;
	return proc_dou8vec_minmax(table, write, buffer, lenp, ppos);
}

static const struct ctl_table tsi_sysctl[] = {
	{
		.procname = "host",
		.maxlen = sizeof(u8),
		.mode = 0644,
		.proc_handler = tsi_sysctl_host,
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_ONE,
	},
};

static int __net_init tsi_sysctl_init(struct net *net, struct tsi_net *of)
{
	struct ctl_table *table;

	table = kmemdup(tsi_sysctl, sizeof(tsi_sysctl), GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;
	table->data = &of->host;
	of->sysctl = register_net_sysctl_sz(net, "net/tsi", table,
					    ARRAY_SIZE(tsi_sysctl));
	if (!of->sysctl) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

static void __net_exit tsi_net_exit(struct net *net)
{
	struct tsi_net *of = net_generic(net, tsi_net_id);
	const struct ctl_table *table = of->sysctl->ctl_table_arg;

	unregister_net_sysctl_table(of->sysctl);
	kfree(table);
}
#else
static int __net_init tsi_sysctl_init(struct net *net, struct tsi_net *of)
{
	return 0;
}
#endif

static int __net_init tsi_net_init(struct net *net)
{
	struct tsi_net *of = net_generic(net, tsi_net_id);

	of->host = net_eq(net, &init_net);
	return tsi_sysctl_init(net, of);
}

static struct pernet_operations tsi_net_ops = {
	.init = tsi_net_init,
#ifdef CONFIG_SYSCTL
	.exit = tsi_net_exit,
#endif
	.id = &tsi_net_id,
	.size = sizeof(struct tsi_net),
};

static int __init tsi_route_init(void)
{
	return register_pernet_subsys(&tsi_net_ops);
}
subsys_initcall(tsi_route_init);

/* --- Destinations --------------------------------------------------------- */

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
	if (addr_len < sizeof(sa_family_t) ||
	    addr->sa_family != sk->sk_family || !tsi_may_reach_host(sk))
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
 * tsi_is_loopback() - Is a destination surely local?
 * @sk: for who wants to reach it
 * @addr: its address, as it came from user space
 * @addr_len: its length
 *
 * To ask for a route costs much more.
 *
 * Return: whether tsi_place() would say TSI_LOCAL, unless the family refuses it
 */
bool tsi_is_loopback(struct sock *sk, const struct sockaddr *addr,
		     int addr_len)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;

	if (addr->sa_family != sk->sk_family || !tsi_may_reach_host(sk) ||
	    READ_ONCE(sk->sk_bound_dev_if) ||
	    !(READ_ONCE(sock_net(sk)->loopback_dev->flags) & IFF_UP))
		return false;
	if (sk->sk_family == AF_INET)
		return addr_len >= sizeof(*in) &&
		       ipv4_is_loopback(in->sin_addr.s_addr);
	return sk->sk_family == AF_INET6 && addr_len >= SIN6_LEN_RFC2133 &&
	       ipv6_addr_loopback(&in6->sin6_addr);
}

/**
 * tsi_is_absent() - Is it that there is no such UNIX socket in the guest?
 * @addr: its address
 * @err: what the family has said
 *
 * What is behind a path that there is, the guest knows. Of an abstract name that
 * nobody has, it says as much as of a path that nobody listens at.
 *
 * Return: whether it is
 */
bool tsi_is_absent(const struct sockaddr *addr, int err)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)addr;

	return err == (un->sun_path[0] ? -ENOENT : -ECONNREFUSED);
}

/*
 * A port that a socket of the guest is bound to is the guest's, even if that one is
 * connected and hears nobody but its peer.
 */
static bool tsi_owns_port(struct net *net, __be32 addr, __be16 port)
{
	unsigned short number = ntohs(port);
	struct udp_hslot *slot;
	struct sock *sk;

	slot = udp_hashslot(net->ipv4.udp_table, net, number);
	sk_for_each_rcu(sk, &slot->head) {
		if (net_eq(sock_net(sk), net) &&
		    udp_sk(sk)->udp_port_hash == number &&
		    (!inet_sk(sk)->inet_rcv_saddr ||
		     inet_sk(sk)->inet_rcv_saddr == addr))
			return true;
	}
	return false;
}

/**
 * tsi_has_receiver() - Is a datagram for a socket in the guest?
 * @sk: the sender
 * @addr: a local destination, see tsi_place()
 *
 * Return: whether it is
 */
bool tsi_has_receiver(struct sock *sk, const struct sockaddr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	bool ipv4 = addr->sa_family == AF_INET ||
		    ipv6_addr_v4mapped(&in6->sin6_addr);
	__be32 to = addr->sa_family == AF_INET ? in->sin_addr.s_addr :
						 in6->sin6_addr.s6_addr32[3];
	bool has;

	rcu_read_lock();
	if (ipv4)
		has = tsi_find_receiver4(sk, to, in->sin_port) ||
		      tsi_owns_port(sock_net(sk), to, in->sin_port);
	else
		has = tsi_find_receiver6(sk, in6);
	rcu_read_unlock();
	return has;
}

/*
 * Could somebody drop what goes over the loopback device, or lead it elsewhere? Then
 * only a try can tell.
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
	return cgroup_bpf_enabled(CGROUP_INET_EGRESS) ||
	       cgroup_bpf_enabled(CGROUP_INET_INGRESS);
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
	return err != -ENOENT ||
	       tsi_is_announced((const struct sockaddr *)addr, addr_len);
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
	/* The program that decides would count a look as a connection. */
	if (static_branch_unlikely(&bpf_sk_lookup_enabled))
		return true;

	rcu_read_lock();
	if (sk->sk_family == AF_INET)
		has = tsi_has_listener4(net, in->sin_addr.s_addr, in->sin_port);
	else
		has = tsi_has_listener6(net, (const struct sockaddr_in6 *)addr);
	/* Most often there is one, and that is all that counts. */
	has = has || tsi_is_filtered(net);
	rcu_read_unlock();
	return has;
}
