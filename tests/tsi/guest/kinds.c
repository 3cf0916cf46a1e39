/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that are not impersonated, and vsock sockets beside those that are. */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

/* The log of the host must have neither this port nor this path. */
static int connect_never(int fd)
{
	return connect_to(fd, "127.0.0.1", HOST_NEVER);
}

static int connect_path(int type, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0), result, error;

	strcpy(un.sun_path, path);
	result = connect(fd, (struct sockaddr *)&un, sizeof(un));
	error = errno;
	close(fd);
	errno = error;
	return result;
}

static void check_raw(void)
{
	struct sockaddr_in elsewhere = inet("192.0.2.1", HOST_NEVER);
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);

	check(41, fd >= 0 && looks(fd, AF_INET, SOCK_RAW, IPPROTO_UDP, false) && !connect_never(fd),
	      "a raw socket connects in the guest");
	check(41, sendto(fd, "12345678", 8, 0, (struct sockaddr *)&elsewhere, sizeof(elsewhere)) < 0 &&
		  errno == ENETUNREACH,
	      "and knows no way elsewhere");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
	check(41, fd < 0 || !connect_never(fd), "UDP-Lite is not UDP");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	check(41, fd < 0 || (sendto(fd, "\10\0\0\0\0\0\0\0", 8, 0, (struct sockaddr *)&elsewhere,
				    sizeof(elsewhere)) < 0 && errno == ENETUNREACH),
	      "nor is ICMP");
	close(fd);
}

static void check_netlink(void)
{
	/* RTM_GETLINK, with NLM_F_REQUEST and NLM_F_DUMP */
	struct {
		uint32_t length;
		uint16_t type, flags;
		uint32_t sequence, port;
		uint8_t family, padding[3];
	} request = { .length = sizeof(request), .type = 18, .flags = 0x301 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM, 0);
	char answer[8192];

	check(41, send(fd, &request, sizeof(request), 0) > 0 && readable(fd, PATIENCE) &&
		  recv(fd, answer, sizeof(answer), 0) > 0,
	      "a netlink socket asks the kernel");
	close(fd);
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	check(41, fd >= 0 && looks(fd, AF_PACKET, SOCK_DGRAM, 0, false), "a packet socket is one");
	close(fd);
}

static void check_seqpacket(void)
{
	check(41, connect_path(SOCK_SEQPACKET, "/never") && errno == ENOENT,
	      "a path is the guest's own for SOCK_SEQPACKET");
	check(41, connect_path(SOCK_STREAM, "never") && errno == ENOENT,
	      "and one that is not absolute, for all");
}

/*
 * The synchronization daemon of IPVS connects a UDP socket of its own to
 * 224.0.0.81. The request is that of <linux/ip_vs.h>.
 */
static void check_kernel_sockets(void)
{
	enum { START_DAEMON = 64 + 1024 + 64 + 11, STOP_DAEMON, MASTER = 1 };
	struct {
		int state;
		char interface[16];
		int id;
	} daemon = { .state = MASTER, .interface = "dummy0" };
	struct ifreq request = { .ifr_name = "dummy0" };
	struct sockaddr_in address = inet("203.0.113.1", 0);
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), fd = socket(AF_INET, SOCK_DGRAM, 0);

	memcpy(&request.ifr_addr, &address, sizeof(address));
	ioctl(fd, SIOCSIFADDR, &request);
	request.ifr_flags = IFF_UP | IFF_MULTICAST;
	check(41, !ioctl(fd, SIOCSIFFLAGS, &request), "an interface that leads nowhere");
	address = inet("203.0.113.9", 9);
	check(36, sendto(fd, "d", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1,
	      "so that what is behind it is at the host");
	check(41, !setsockopt(raw, IPPROTO_IP, START_DAEMON, &daemon, sizeof(daemon)),
	      "the kernel opens a socket of its own");
	/* EINTR is what a thread leaves that is stopped before it first runs. */
	check(41, !setsockopt(raw, IPPROTO_IP, STOP_DAEMON, &daemon, sizeof(daemon)) ||
		  errno == EINTR,
	      "and closes it");
	request.ifr_flags = 0;
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(raw);
	close(fd);
}

void check_kinds(void)
{
	check_raw();
	check_netlink();
	check_seqpacket();
	check_kernel_sockets();
}

/* The listener at the guest's own port, and an echo of one byte. */
static bool vsock_loopback(int type)
{
	struct vsock_address any = { .family = AF_VSOCK, .port = 5555, .cid = ~0u };
	struct vsock_address self = { .family = AF_VSOCK, .port = 5555, .cid = 1 };
	int listener = socket(AF_VSOCK, type, 0), client = socket(AF_VSOCK, type, 0), server = -1;
	bool works = !bind(listener, (struct sockaddr *)&any, sizeof(any)) && !listen(listener, 1) &&
		     !connect(client, (struct sockaddr *)&self, sizeof(self)) &&
		     (server = accept(listener, NULL, NULL)) >= 0;
	char byte;

	works = works && send(client, "v", 1, 0) == 1 && recv(server, &byte, 1, 0) == 1 && byte == 'v';
	close(listener);
	close(client);
	close(server);
	return works;
}

/* Its own transport for CID 1, and plain streams to the host. */
void check_vsock_beside(void)
{
	struct vsock_address self = { .family = AF_VSOCK, .port = 5555, .cid = 1 };
	struct vsock_address host = { .family = AF_VSOCK, .port = 5000, .cid = 2 };
	int stream = stream_to("127.0.0.1", HOST_ECHO), fd;

	check(43, stream >= 0 && echoes(stream, "before"), "a stream to the host");
	check(43, vsock_loopback(SOCK_STREAM), "a vsock stream within the guest");
	check(43, vsock_loopback(SOCK_SEQPACKET), "and vsock packets");
	fd = socket(AF_VSOCK, SOCK_DGRAM, 0);
	check(43, sendto(fd, "x", 1, 0, (struct sockaddr *)&self, sizeof(self)) < 0,
	      "no vsock datagrams go there");
	close(fd);
	fd = socket(AF_VSOCK, SOCK_STREAM, 0);
	check(43, !connect(fd, (struct sockaddr *)&host, sizeof(host)) && echoes(fd, "vsock"),
	      "a plain vsock stream to the host");
	check(41, looks(fd, AF_VSOCK, SOCK_STREAM, 0, false), "which is what it says");
	close(fd);
	/* Without tsi_hijack_unix, no UNIX socket may be in the host's log. */
	check(42, connect_path(SOCK_STREAM, "/never") && errno == ENOENT, "a path is the guest's own");
	check(43, echoes(stream, "after"), "the stream is there still");
	close(stream);
	stream = stream_to("127.0.0.1", HOST_ECHO);
	check(43, stream >= 0 && echoes(stream, "new"), "and so is a new one");
	close(stream);
}
