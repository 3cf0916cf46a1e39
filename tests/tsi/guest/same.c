/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers that programs get with TSI and without it. Without TSI, the services of the
 * host run in the guest, and the checks show that Linux gives these answers.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

/* musl has no names for them. */
enum { UDP_CORK_OPTION = 1, UDP_SEGMENT_OPTION = 103 };

/* --- Datagrams ----------------------------------------------------------------- */

static ssize_t send_at(int fd, const void *bytes, size_t size, int flags, const char *address,
		       int port)
{
	struct sockaddr_in to = inet(address, port);

	return sendto(fd, bytes, size, flags, (struct sockaddr *)&to, sizeof(to));
}

static ssize_t send_at6(int fd, const char *address, int port)
{
	struct sockaddr_in6 to = inet6(address, port);

	return sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
}

/* One control message */
struct control {
	int level, type;
	const void *value;
	size_t size;
};

static ssize_t send_with(int fd, void *address, socklen_t length, size_t size,
			 const struct control *control)
{
	static char block[1000];
	struct iovec part = { block, size };
	char room[64] __attribute__((aligned(8))) = "";
	struct msghdr message = {
		.msg_name = address,
		.msg_namelen = length,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = CMSG_SPACE(control->size),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = control->level;
	header->cmsg_type = control->type;
	header->cmsg_len = CMSG_LEN(control->size);
	memcpy(CMSG_DATA(header), control->value, control->size);
	return sendmsg(fd, &message, 0);
}

/* To the echo, with a value that is 16 bits wide */
static ssize_t send_control(int fd, size_t size, int level, int type, uint16_t value)
{
	struct control control = { level, type, &value, sizeof(value) };
	struct sockaddr_in to = inet("127.0.0.1", HOST_UDP);

	return send_with(fd, &to, sizeof(to), size, &control);
}

/* To a port that no socket of the guest has */
static ssize_t send_info(int fd, int level, int type, const void *value, size_t size)
{
	struct control control = { level, type, value, size };
	struct sockaddr_in to = inet("127.0.0.1", HOST_NEVER);
	struct sockaddr_in6 to6 = inet6("::1", HOST_NEVER);

	if (level == IPPROTO_IP)
		return send_with(fd, &to, sizeof(to), 1, &control);
	return send_with(fd, &to6, sizeof(to6), 1, &control);
}

/* Exactly COUNT datagrams of the size come. */
static bool receives(int fd, int count, ssize_t size)
{
	static char got[65536];

	for (int i = 0; i < count; i++) {
		ssize_t n = readable(fd, PATIENCE) ? recv(fd, got, sizeof(got), MSG_DONTWAIT) : -1;

		if (n != size) {
			printf("# number %d: %zd bytes\n", i, n);
			return false;
		}
	}
	return !readable(fd, 200);
}

static void check_segments(void)
{
	static const char block[1000];
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 100;

	check(0, send_control(fd, 300, IPPROTO_UDP, UDP_SEGMENT_OPTION, 100) == 300 && receives(fd, 3, 100),
	      "UDP_SEGMENT as a control message gives several datagrams");
	check(0, !setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT_OPTION, &size, sizeof(size)) &&
		 send_at(fd, block, sizeof(block), 0, "127.0.0.1", HOST_UDP) == sizeof(block) &&
		 receives(fd, 10, 100),
	      "UDP_SEGMENT as an option does so, too");
	connect_to(fd, "127.0.0.1", HOST_UDP);
	check(0, send(fd, block, sizeof(block), 0) == sizeof(block) && receives(fd, 10, 100),
	      "it does so for a connected socket");
	check(0, send(fd, block, 50, 0) == 50 && receives(fd, 1, 50),
	      "what is smaller than a segment is one datagram");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	check(0, send_control(fd, 10, IPPROTO_UDP, 77, 1) < 0 && errno == EINVAL,
	      "an unknown control message is refused");
	check(0, send_control(fd, 10, IPPROTO_IP, 99, 1) < 0 && errno == EINVAL,
	      "an unknown one of IP, too");
	close(fd);
}

static void check_more(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, off = 0;

	check(0, send_at(fd, "one", 3, MSG_MORE, "127.0.0.1", HOST_UDP) == 3 && !readable(fd, 200) &&
		 send_at(fd, "two", 3, MSG_MORE, "127.0.0.1", HOST_UDP) == 3 &&
		 send_at(fd, "last", 4, 0, "127.0.0.1", HOST_UDP) == 4 && receives(fd, 1, 10),
	      "MSG_MORE makes one datagram of several calls");
	connect_to(fd, "127.0.0.1", HOST_UDP);
	check(0, send(fd, "one", 3, MSG_MORE) == 3 && send(fd, "two", 3, 0) == 3 && receives(fd, 1, 6),
	      "it does so for a connected socket");
	check(0, !setsockopt(fd, IPPROTO_UDP, UDP_CORK_OPTION, &on, sizeof(on)) &&
		 send(fd, "one", 3, 0) == 3 && send(fd, "two", 3, 0) == 3 && !readable(fd, 200) &&
		 !setsockopt(fd, IPPROTO_UDP, UDP_CORK_OPTION, &off, sizeof(off)) && receives(fd, 1, 6),
	      "UDP_CORK holds back a datagram until it is unset");
	check(0, send(fd, "next", 4, 0) == 4 && receives(fd, 1, 4),
	      "then datagrams are sent at once again");
	close(fd);
}

static void check_errors(void)
{
	static const char block[65508];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char byte;

	check(0, send_at(fd, block, 65508, 0, "127.0.0.1", HOST_UDP) < 0 && errno == EMSGSIZE,
	      "65,508 bytes are too many for a datagram");
	check(0, send_at(fd, block, 65507, 0, "127.0.0.1", HOST_CLOSED) == 65507,
	      "65,507 bytes are one");
	check(0, send_at(fd, "x", 1, 0, "127.0.0.1", 0) < 0 && errno == EINVAL,
	      "nothing can be sent to port 0");
	check(0, send_at(fd, "x", 1, 0, "255.255.255.255", 9) < 0 && errno == EACCES,
	      "broadcast needs SO_BROADCAST");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	check(0, !connect_to(fd, "127.0.0.1", HOST_UDP) && !shutdown(fd, SHUT_RD) &&
		 recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN,
	      "recv() with MSG_DONTWAIT fails after SHUT_RD");
	close(fd);
}

static void check_errors6(void)
{
	struct sockaddr_in6 mapped = inet6("::ffff:127.0.0.1", HOST_ECHO), near = inet6("fe80::1", 9);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), stream = socket(AF_INET6, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	setsockopt(stream, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	check(0, send_at6(fd, "::ffff:127.0.0.1", HOST_UDP) < 0 && errno == ENETUNREACH,
	      "with IPV6_V6ONLY, sendto() fails for a mapped address");
	check(0, connect(fd, (struct sockaddr *)&mapped, sizeof(mapped)) && errno == ENETUNREACH,
	      "so does connect() for datagrams");
	check(0, connect(stream, (struct sockaddr *)&mapped, sizeof(mapped)) && errno == ENETUNREACH,
	      "so does connect() of a stream");
	close(fd);
	close(stream);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	stream = socket(AF_INET6, SOCK_STREAM, 0);
	check(0, connect(fd, (struct sockaddr *)&near, sizeof(near)) && errno == EINVAL,
	      "connect() to fe80::1 needs a scope, for datagrams");
	check(0, connect(stream, (struct sockaddr *)&near, sizeof(near)) && errno == EINVAL,
	      "and for a stream");
	close(fd);
	close(stream);
}

/* A server may start after its client. */
static void check_late_server(void)
{
	int client = socket(AF_INET, SOCK_DGRAM, 0), server = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in name = inet("127.0.0.1", 9703), from;
	socklen_t length = sizeof(from);
	char got[8];

	check(0, !connect_to(client, "127.0.0.1", 9703),
	      "connect() before a server in the guest is bound");
	bind(server, (struct sockaddr *)&name, sizeof(name));
	check(0, send(client, "late", 4, 0) == 4 && readable(server, PATIENCE) &&
		 recvfrom(server, got, sizeof(got), 0, (struct sockaddr *)&from, &length) == 4,
	      "the server gets what is sent after it is bound");
	check(0, sendto(server, "back", 4, 0, (struct sockaddr *)&from, length) == 4 &&
		 readable(client, PATIENCE) && recv(client, got, sizeof(got), 0) == 4,
	      "the client gets its answer");
	close(server);
	close(client);
}

/* --- Streams ------------------------------------------------------------------- */

static void check_progress(const char *what, int port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	printf("# %s\n", what);
	check(17, connect_to(fd, "127.0.0.1", port) && errno == EINPROGRESS,
	      "a non-blocking connect is in progress");
	check(17, polled(fd, POLLOUT, PATIENCE) == POLLOUT && !connect_to(fd, "127.0.0.1", port),
	      "when it is done, another connect() returns 0");
	check(17, connect_to(fd, "127.0.0.1", port) && errno == EISCONN,
	      "and the one after that EISCONN");
	close(fd);
}

static void *connect_9705(void *argument)
{
	int fd = *(int *)argument;

	return connect_to(fd, "127.0.0.1", 9705) ? NULL : argument;
}

/* Two threads wait for the same connection, to a listener that has no room at first. */
static void check_two_threads(void)
{
	struct sockaddr_in in = inet("127.0.0.1", 9705);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	int taken[2];
	pthread_t threads[2];
	void *first = NULL, *second = NULL;

	bind(listener, (struct sockaddr *)&in, sizeof(in));
	listen(listener, 0);
	taken[0] = stream_to("127.0.0.1", 9705);
	pthread_create(&threads[0], NULL, connect_9705, &fd);
	usleep(300000);
	pthread_create(&threads[1], NULL, connect_9705, &fd);
	usleep(300000);
	taken[1] = accept(listener, NULL, NULL);
	pthread_join(threads[0], &first);
	pthread_join(threads[1], &second);
	check(0, first && second, "two threads connect the same socket");
	check(22, connect_to(fd, "127.0.0.1", 9705) && errno == EISCONN, "a third time is EISCONN");
	close(taken[0]);
	close(taken[1]);
	close(fd);
	close(listener);
}

static void check_progress_both(void)
{
	int listener = listen_at("127.0.0.1", 9704);

	check_progress("in the guest", 9704);
	check_progress("at the host", HOST_ECHO);
	close(listener);
}

static void check_discarded(void)
{
	int fd = stream_to("127.0.0.1", HOST_ECHO);
	char got[8];

	check(0, send(fd, "discard", 7, 0) == 7 && readable(fd, PATIENCE) &&
		 recv(fd, NULL, 4, MSG_TRUNC) == 4,
	      "recv() of a stream discards data with MSG_TRUNC");
	check(0, recv(fd, got, 3, MSG_WAITALL) == 3 && !memcmp(got, "ard", 3),
	      "the next one reads the rest");
	close(fd);
}

static void check_after_end(void)
{
	int fd = stream_to("127.0.0.1", HOST_ECHO);
	struct sockaddr_in name;
	socklen_t length = sizeof(name);
	char byte;

	check(0, !shutdown(fd, SHUT_WR) && recv(fd, &byte, 1, 0) == 0,
	      "both ends have shut down a stream");
	/* The last acknowledgement may be on its way. */
	usleep(300000);
	check(0, getpeername(fd, (struct sockaddr *)&name, &length) && errno == ENOTCONN,
	      "then getpeername() fails");
	check(0, shutdown(fd, SHUT_RDWR) && errno == ENOTCONN, "and so does shutdown()");
	close(fd);
}

/* --- Routes -------------------------------------------------------------------- */

static void check_route(enum route type, int number, int error)
{
	char address[32], address6[32];

	snprintf(address, sizeof(address), "198.51.100.%d", number);
	snprintf(address6, sizeof(address6), "2001:db8:66::%d", number);

	struct sockaddr_in in = inet(address, 9);
	struct sockaddr_in6 in6 = inet6(address6, 9);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);
	int stream = socket(AF_INET, SOCK_STREAM, 0), stream6 = socket(AF_INET6, SOCK_STREAM, 0);

	printf("# type %d of a route\n", type);
	check(0, add_route(type, AF_INET, &in.sin_addr, NULL) &&
		 add_route(type, AF_INET6, &in6.sin6_addr, NULL),
	      "a route that refuses packets");
	check(0, connect_to(stream, address, 9) && errno == error, "it refuses streams");
	check(0, send_at(fd, "x", 1, 0, address, 9) < 0 && errno == error, "datagrams");
	check(0, connect_to(fd, address, 9) && errno == error, "connect() for datagrams");
	check(0, connect(stream6, (struct sockaddr *)&in6, sizeof(in6)) && errno == error,
	      "streams of IPv6");
	check(0, send_at6(fd6, address6, 9) < 0 && errno == error, "and datagrams of IPv6");
	close(fd);
	close(fd6);
	close(stream);
	close(stream6);
}

static void check_routes(void)
{
	check_route(ROUTE_PROHIBIT, 1, EACCES);
	check_route(ROUTE_BLACKHOLE, 2, EINVAL);
	check_route(ROUTE_UNREACHABLE, 3, EHOSTUNREACH);
}

/* The log of the host must not have the port, as with connect_never() in kinds.c. */
static void check_bound_to_lo(void)
{
	int stream = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
	char byte;

	setsockopt(stream, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
	check(0, connect_to(stream, "127.0.0.1", HOST_NEVER) && errno == ECONNREFUSED,
	      "a stream that is bound to lo stays in the guest");
	check(0, send_at(fd, "x", 1, 0, "127.0.0.1", HOST_NEVER) == 1, "a datagram does so, too");
	check(0, !connect_to(fd, "127.0.0.1", HOST_NEVER) && send(fd, "x", 1, 0) == 1 &&
		 readable(fd, PATIENCE) && recv(fd, &byte, 1, 0) < 0 && errno == ECONNREFUSED,
	      "the guest refuses one of a connected socket");
	close(stream);
	close(fd);
}

/* The host does not have the interfaces of the guest. Its log must not have the port. */
static void check_interfaces(void)
{
	struct sockaddr_in group = inet("224.0.0.99", HOST_NEVER);
	struct sockaddr_in6 group6 = inet6("ff02::99", HOST_NEVER), self6 = inet6("::1", HOST_NEVER);
	int dummy = (int)if_nametoindex("dummy2"), unicast = (int)htonl(if_nametoindex("lo"));
	struct ip_mreqn interface = { .imr_ifindex = dummy };
	struct in_pktinfo info = { .ipi_ifindex = (int)if_nametoindex("lo") };
	struct in6_pktinfo info6 = { .ipi6_ifindex = if_nametoindex("lo") };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);

	check(0, !setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof(interface)) &&
		 sendto(fd, "x", 1, 0, (struct sockaddr *)&group, sizeof(group)) == 1,
	      "a datagram with IP_MULTICAST_IF stays in the guest");
	check(0, !setsockopt(fd6, IPPROTO_IPV6, IPV6_MULTICAST_IF, &dummy, sizeof(dummy)) &&
		 (sendto(fd6, "x", 1, 0, (struct sockaddr *)&group6, sizeof(group6)) == 1 ||
		  errno == EADDRNOTAVAIL),
	      "with IPV6_MULTICAST_IF, too");
	check(0, send_info(fd, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info)) == 1,
	      "with IP_PKTINFO");
	check(0, send_info(fd6, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6)) == 1,
	      "with IPV6_PKTINFO");
	check(0, !setsockopt(fd, IPPROTO_IP, IP_UNICAST_IF, &unicast, sizeof(unicast)) &&
		 send_at(fd, "x", 1, 0, "127.0.0.1", HOST_NEVER) == 1,
	      "with IP_UNICAST_IF");
	check(0, !setsockopt(fd6, IPPROTO_IPV6, IPV6_UNICAST_IF, &unicast, sizeof(unicast)) &&
		 sendto(fd6, "x", 1, 0, (struct sockaddr *)&self6, sizeof(self6)) == 1,
	      "and with IPV6_UNICAST_IF");
	close(fd);
	close(fd6);
}

/* --- Ports --------------------------------------------------------------------- */

static int bound(int family, int type, int port)
{
	struct sockaddr_in in = inet("0.0.0.0", port);
	struct sockaddr_in6 in6 = inet6("::", port);
	int fd = socket(family, type, 0), on = 1;
	int result;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	result = family == AF_INET ? bind(fd, (struct sockaddr *)&in, sizeof(in)) :
				     bind(fd, (struct sockaddr *)&in6, sizeof(in6));
	if (!result && type == SOCK_STREAM)
		result = listen(fd, 1);
	close(fd);
	return result;
}

static void bind_as_user(void)
{
	check(0, bound(AF_INET, SOCK_STREAM, 1023) && errno == EACCES,
	      "a port below 1024 needs CAP_NET_BIND_SERVICE, for a stream");
	check(0, bound(AF_INET, SOCK_DGRAM, 1023) && errno == EACCES, "and for datagrams");
	check(0, bound(AF_INET6, SOCK_STREAM, 1023) && errno == EACCES, "a stream of IPv6");
	check(0, bound(AF_INET6, SOCK_DGRAM, 1023) && errno == EACCES, "and datagrams of IPv6");
	check(0, !bound(AF_INET, SOCK_STREAM, 1024), "port 1024 does not need it");
}

static void check_low_ports(void)
{
	check(0, !bound(AF_INET, SOCK_STREAM, 1023) && !bound(AF_INET6, SOCK_DGRAM, 1023),
	      "root has a port below 1024");
	as_user(bind_as_user);
}

void check_same(void)
{
	bool tsi = has_tsi();
	pid_t pids[SERVICES];

	/* So that other addresses are reachable without TSI, too */
	check(0, add_dummy("dummy2", true) && add_route(ROUTE_UNICAST, AF_INET, NULL, "dummy2"),
	      "a route to all other addresses");
	if (!tsi)
		start_services(pids);
	check_same_datagrams();
	check_segments();
	check_more();
	check_errors();
	check_errors6();
	check_late_server();
	check_progress_both();
	check_two_threads();
	check_discarded();
	check_after_end();
	check_routes();
	check_bound_to_lo();
	check_interfaces();
	check_low_ports();
	if (!tsi)
		stop_services(pids);
}
