/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data there and back between processes, and connections.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <stdint.h>
#include <unistd.h>

#include "operations.h"

#define SMALL 1u
#define LARGE (64u * KIB)
/* What a datagram over IPv4 has room for. */
#define LARGE_DATAGRAM 65507u

struct vsock_address {
	uint16_t family, reserved;
	uint32_t port, cid;
	uint8_t flags, zero[3];
};

#define CID_LOCAL 1

static int ends[2], listener = -1;
static size_t size;
static pid_t peer;

/* --- There and back --------------------------------------------------------- */

static void echo_stream(int fd)
{
	while (receive_whole(fd, size) && send_whole(fd, size))
		;
}

static bool echo_of(size_t bytes)
{
	size = bytes;
	peer = start_peer(echo_stream, ends[1]);
	return peer > 0;
}

static bool there_and_back(void)
{
	return send_whole(ends[0], size) && receive_whole(ends[0], size);
}

static void stop_echo(void)
{
	stop_peer(peer);
	close(ends[0]);
	close(ends[1]);
}

/* --- Sockets of each kind --------------------------------------------------- */

/* A connection in both its ends, by way of a listener that goes again. */
static bool connect_ends(const void *address, socklen_t length, int family)
{
	struct sockaddr_storage name;
	socklen_t name_length = sizeof(name);
	bool good;

	listener = socket(family, SOCK_STREAM, 0);
	ends[0] = socket(family, SOCK_STREAM, 0);
	good = listener >= 0 && ends[0] >= 0 && !bind(listener, address, length) &&
		!listen(listener, 1) &&
		!getsockname(listener, (struct sockaddr *)&name, &name_length) &&
		!connect(ends[0], (struct sockaddr *)&name, name_length);
	ends[1] = good ? accept(listener, NULL, NULL) : -1;
	close(listener);
	return ends[1] >= 0;
}

static const struct sockaddr_in loopback = {
	.sin_family = AF_INET,
	.sin_addr = { .s_addr = 0x0100007f },
};

static bool tcp_ends(void)
{
	int one = 1;

	return connect_ends(&loopback, sizeof(loopback), AF_INET) &&
		!setsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) &&
		!setsockopt(ends[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static bool vsock_ends(void)
{
	static const struct vsock_address address = { .family = AF_VSOCK, .port = 7000,
						      .cid = CID_LOCAL };

	return connect_ends(&address, sizeof(address), AF_VSOCK);
}

static bool connect_datagrams(int fd, int other)
{
	struct sockaddr_in name;
	socklen_t length = sizeof(name);

	return !getsockname(other, (struct sockaddr *)&name, &length) &&
		!connect(fd, (struct sockaddr *)&name, length);
}

static bool udp_ends(void)
{
	for (int i = 0; i < 2; i++) {
		ends[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (ends[i] < 0 || bind(ends[i], (const void *)&loopback, sizeof(loopback)))
			return false;
	}
	return connect_datagrams(ends[0], ends[1]) && connect_datagrams(ends[1], ends[0]);
}

static bool small_unix(void)
{
	return !socketpair(AF_UNIX, SOCK_STREAM, 0, ends) && echo_of(SMALL);
}

static bool large_unix(void)
{
	return !socketpair(AF_UNIX, SOCK_STREAM, 0, ends) && echo_of(LARGE);
}

static bool small_tcp(void)
{
	return tcp_ends() && echo_of(SMALL);
}

static bool large_tcp(void)
{
	return tcp_ends() && echo_of(LARGE);
}

static bool small_udp(void)
{
	return udp_ends() && echo_of(SMALL);
}

static bool large_udp(void)
{
	return udp_ends() && echo_of(LARGE_DATAGRAM);
}

static bool small_vsock(void)
{
	return vsock_ends() && echo_of(SMALL);
}

static bool large_vsock(void)
{
	return vsock_ends() && echo_of(LARGE);
}

/* --- A connection of TCP ---------------------------------------------------- */

static struct sockaddr_in server;

static bool listen_tcp(void)
{
	socklen_t length = sizeof(server);

	listener = socket(AF_INET, SOCK_STREAM, 0);
	return listener >= 0 && !bind(listener, (const void *)&loopback, sizeof(loopback)) &&
		!listen(listener, 16) &&
		!getsockname(listener, (struct sockaddr *)&server, &length);
}

static bool connect_and_accept(void)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), accepted;

	if (connect(client, (struct sockaddr *)&server, sizeof(server)))
		return false;
	accepted = accept(listener, NULL, NULL);
	return accepted >= 0 && !close(client) && !close(accepted);
}

static void close_listener(void)
{
	close(listener);
}

static const struct row rows[] = {
	{ "UNIX, 1 byte there and back", 200, small_unix, NULL, there_and_back, stop_echo },
	{ "UNIX, 64 KiB there and back", 30, large_unix, NULL, there_and_back, stop_echo },
	{ "TCP, 1 byte there and back", 200, small_tcp, NULL, there_and_back, stop_echo },
	{ "TCP, 64 KiB there and back", 30, large_tcp, NULL, there_and_back, stop_echo },
	{ "UDP, 1 byte there and back", 200, small_udp, NULL, there_and_back, stop_echo },
	{ "UDP, 64 KiB there and back", 30, large_udp, NULL, there_and_back, stop_echo },
	{ "vsock, 1 byte there and back", 200, small_vsock, NULL, there_and_back, stop_echo },
	{ "vsock, 64 KiB there and back", 30, large_vsock, NULL, there_and_back, stop_echo },
	{ "TCP, connect, accept and close", 100, listen_tcp, NULL, connect_and_accept,
	  close_listener },
};

static bool bring_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool good = fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &request);

	close(fd);
	return good;
}

void measure_sockets(void)
{
	if (bring_loopback_up())
		measure(rows, COUNT(rows));
}
