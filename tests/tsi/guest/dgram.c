/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static ssize_t send_to(int fd, const char *text, const char *address, int port)
{
	struct sockaddr_in in = inet(address, port);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&in, sizeof(in));
}

static bool receives(int fd, const char *text, struct sockaddr_in *from)
{
	struct sockaddr_in ignored;
	socklen_t length = sizeof(*from);
	char got[2048];
	ssize_t n;

	if (!readable(fd, PATIENCE))
		return false;
	n = recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)(from ? from : &ignored), &length);
	return n == (ssize_t)strlen(text) && !memcmp(got, text, (size_t)n);
}

static void check_unconnected(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), count = 0;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };
	struct sockaddr_in from;

	check(29, poll(&poll_fd, 1, 0) == 1 && poll_fd.revents == POLLOUT, "poll of a fresh socket");
	check(34, send_to(fd, "one", "127.0.0.1", HOST_UDP) == 3, "send to the host");
	check(34, receives(fd, "one", &from) && from.sin_port == htons(HOST_UDP), "receive from the host");
	send_to(fd, "three", "127.0.0.1", HOST_UDP);
	readable(fd, PATIENCE);
	check(33, !ioctl(fd, FIONREAD, &count) && count == 5, "FIONREAD");
	check(34, receives(fd, "three", NULL), "once more");
	close(fd);
}

static void check_connected(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);

	check(37, !connect_to(fd, "127.0.0.1", HOST_UDP), "connect");
	check(37, send(fd, "conn", 4, 0) == 4 && receives(fd, "conn", NULL), "there and back");
	check(37, !getpeername(fd, (struct sockaddr *)&peer, &length) && length == sizeof(peer) &&
		  peer.sin_port == htons(HOST_UDP),
	      "getpeername");
	check(21, !connect(fd, &none, sizeof(none)), "disconnect");
	check(21, send(fd, "x", 1, 0) < 0 && errno == EDESTADDRREQ, "then nobody is there");
	check(21, !connect_to(fd, "127.0.0.1", HOST_UDP) && send(fd, "next", 4, 0) == 4 &&
		  receives(fd, "next", NULL),
	      "connect again");
	close(fd);

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	check(37, !connect_to(fd, "127.0.0.1", HOST_UDP) && send(fd, "quick", 5, 0) == 5 &&
		  receives(fd, "quick", NULL),
	      "connect without blocking");
	close(fd);
}

static void check_addresses(void)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in in = inet("127.0.0.1", HOST_UDP);
	struct sockaddr_in6 in6 = inet6("::ffff:127.0.0.1", HOST_UDP), any = inet6("::", 0);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), server;

	memcpy(&storage, &in, sizeof(in));
	check(20, sendto(fd, "a", 1, 0, (struct sockaddr *)&storage, sizeof(storage)) == 1 &&
		  receives(fd, "a", NULL),
	      "send to a long address");
	check(20, sendto(fd, "a", 1, 0, (struct sockaddr *)&in, 8) < 0 && errno == EINVAL,
	      "send to a short one");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	memset(&storage, 0, sizeof(storage));
	storage.ss_family = AF_INET;
	check(20, !bind(fd, (struct sockaddr *)&storage, sizeof(storage)), "bind to a long address");
	close(fd);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	check(20, !bind(fd, (struct sockaddr *)&any, sizeof(any)), "bind an IPv6 socket");
	check(34, sendto(fd, "six", 3, 0, (struct sockaddr *)&in6, sizeof(in6)) == 3 && readable(fd, PATIENCE),
	      "and send to a mapped address");
	server = socket(AF_INET, SOCK_DGRAM, 0);
	in = inet("127.0.0.1", 9304);
	in6 = inet6("::ffff:127.0.0.1", 9304);
	bind(server, (struct sockaddr *)&in, sizeof(in));
	check(35, sendto(fd, "in", 2, 0, (struct sockaddr *)&in6, sizeof(in6)) == 2 &&
		  receives(server, "in", NULL),
	      "or to one that is in the guest");
	close(server);
	close(fd);
}

static void check_in_guest(void)
{
	int server = socket(AF_INET, SOCK_DGRAM, 0), client = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in name = inet("127.0.0.1", 9300), from;

	bind(server, (struct sockaddr *)&name, sizeof(name));
	check(35, send_to(client, "local", "127.0.0.1", 9300) == 5 && receives(server, "local", &from),
	      "from one socket of the guest to another");
	check(35, sendto(server, "reply", 5, 0, (struct sockaddr *)&from, sizeof(from)) == 5 &&
		  receives(client, "reply", NULL),
	      "and back");
	check(35, !connect_to(client, "127.0.0.1", 9300) && send(client, "conn", 4, 0) == 4 &&
		  receives(server, "conn", NULL),
	      "connected");
	close(server);
	close(client);

	server = socket(AF_INET, SOCK_DGRAM, 0);
	name = inet("0.0.0.0", 123);
	bind(server, (struct sockaddr *)&name, sizeof(name));
	check(36, send_to(server, "ntp", "192.0.2.1", 123) == 3 && !readable(server, 200),
	      "its own port elsewhere is elsewhere");
	close(server);
}

/* Both ways into one blocked recv. */
static void *replier(void *argument)
{
	usleep(200000);
	send_to(*(int *)argument, "late", "127.0.0.1", HOST_UDP);
	return NULL;
}

static void *receiver(void *argument)
{
	static char got[16];

	return recv(*(int *)argument, got, sizeof(got), 0) == 5 ? argument : NULL;
}

static void check_while_receiving(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in name = inet("127.0.0.1", 9302);
	pthread_t thread;
	void *received;

	/* It has been to the host before. */
	bind(fd, (struct sockaddr *)&name, sizeof(name));
	check(28, send_to(fd, "first", "127.0.0.1", HOST_UDP) == 5 && receives(fd, "first", NULL),
	      "a datagram there and back");
	pthread_create(&thread, NULL, receiver, &fd);
	usleep(100000);
	check(28, others_go_on(fd), "other calls do not wait for recv");
	check(28, send_to(fd, "again", "127.0.0.1", HOST_UDP) == 5, "nor does sendto");
	pthread_join(thread, &received);
	check(28, received, "whose answer recv gets");
	pthread_create(&thread, NULL, receiver, &fd);
	usleep(100000);
	check(35, send_to(other, "guest", "127.0.0.1", 9302) == 5, "the guest sends to who waits");
	pthread_join(thread, &received);
	check(35, received, "and recv gets that");
	close(fd);
	close(other);
}

static void check_receive(void)
{
	struct timeval timeout = { .tv_usec = 300000 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	double start;
	char got[4];
	struct iovec part = { got, sizeof(got) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	connect_to(fd, "127.0.0.1", HOST_UDP);
	start = now();
	check(32, recv(fd, got, sizeof(got), 0) < 0 && errno == EAGAIN && now() - start > 0.25 &&
		  now() - start < 2,
	      "SO_RCVTIMEO from before connect holds for datagrams");
	start = now();
	check(32, recv(fd, got, sizeof(got), MSG_DONTWAIT) < 0 && errno == EAGAIN &&
		  now() - start < 0.25,
	      "MSG_DONTWAIT does not wait");
	check(37, send(fd, "123456", 6, 0) == 6 && readable(fd, PATIENCE) &&
		  recv(fd, got, sizeof(got), MSG_PEEK | MSG_TRUNC) == 6 &&
		  recv(fd, got, sizeof(got), MSG_TRUNC) == 6 && !memcmp(got, "1234", 4),
	      "MSG_PEEK and MSG_TRUNC");
	check(37, !readable(fd, 200), "what was cut is gone");
	check(37, recvmsg(fd, &message, MSG_DONTWAIT) < 0 && errno == EAGAIN &&
		  send(fd, "123456", 6, 0) == 6 && readable(fd, PATIENCE) &&
		  recvmsg(fd, &message, 0) == 4 && message.msg_flags == MSG_TRUNC,
	      "recvmsg says what was cut");
	check(37, !send(fd, "", 0, 0) && readable(fd, PATIENCE) && recv(fd, got, sizeof(got), 0) == 0,
	      "an empty datagram comes back empty");
	close(fd);
}

static void *shutter(void *argument)
{
	usleep(200000);
	shutdown(*(int *)argument, SHUT_RD);
	return NULL;
}

static void check_shutdown(void)
{
	struct sockaddr_in in = inet("127.0.0.1", HOST_UDP);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	double start = now();
	pthread_t thread;
	char got[4];

	connect_to(fd, "127.0.0.1", HOST_UDP);
	pthread_create(&thread, NULL, shutter, &fd);
	check(27, recv(fd, got, sizeof(got), 0) == 0 && now() - start < 3, "shutdown wakes recv");
	pthread_join(thread, NULL);
	check(27, recv(fd, got, sizeof(got), 0) == 0, "then there is nothing to wait for");
	check(27, !shutdown(fd, SHUT_WR) && send(fd, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE,
	      "nor to send");
	check(27, sendto(fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&in, sizeof(in)) < 0 &&
		  errno == EPIPE,
	      "nowhere");
	close(fd);
}

static bool peer_port_is(int fd, int port)
{
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);

	return !getpeername(fd, (struct sockaddr *)&peer, &length) && peer.sin_port == htons(port);
}

/* A connected socket hears only its peer, which only connect changes. */
static void check_one_peer(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in name = inet("127.0.0.1", 9303);
	char got[4];

	bind(fd, (struct sockaddr *)&name, sizeof(name));
	connect_to(fd, "127.0.0.1", HOST_UDP);
	check(35, send_to(other, "heard?", "127.0.0.1", 9303) == 6 && !readable(fd, 300) &&
		  recv(fd, got, sizeof(got), MSG_DONTWAIT) < 0 && errno == EAGAIN,
	      "who is connected to the host does not hear the guest");
	check(37, peer_port_is(fd, HOST_UDP) && send_to(fd, "x", "127.0.0.1", HOST_CLOSED) == 1 &&
		  peer_port_is(fd, HOST_UDP),
	      "to send elsewhere does not change the peer");
	check(37, !connect_to(fd, "127.0.0.1", HOST_CLOSED) && peer_port_is(fd, HOST_CLOSED),
	      "connect does");
	close(fd);
	close(other);
}

/* SO_ERROR, when there is one. */
static int error_later(int fd)
{
	struct pollfd poll_fd = { .fd = fd };

	poll(&poll_fd, 1, PATIENCE);
	return option(fd, SOL_SOCKET, SO_ERROR);
}

/* Without SO_BROADCAST, or without a network card, the host refuses to send there. */
#define REFUSED "255.255.255.255"

static void check_refused(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	check(37, !connect_to(fd, "127.0.0.1", HOST_UDP) && connect_to(fd, REFUSED, 9),
	      "the host refuses to connect to a second peer");
	check(37, peer_port_is(fd, HOST_UDP) && send(fd, "still", 5, 0) == 5 && receives(fd, "still", NULL),
	      "the socket is connected as before");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	check(37, connect_to(fd, REFUSED, 9) && send(fd, "x", 1, 0) < 0 && errno == EDESTADDRREQ &&
		  send_to(fd, "one", "127.0.0.1", HOST_UDP) == 3 && receives(fd, "one", NULL),
	      "or not connected, as before");
	close(fd);
}

/* A connect() that does not wait has its error later, as one of the network. */
static void check_refused_later(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), error = 0, on = 1;

	/* Or the guest refuses to send. */
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	check(37, !connect_to(fd, REFUSED, 9) && (error = error_later(fd)) > 0,
	      "a non-blocking connect() has the error of the host later");
	check(37, peer_port_is(fd, 9), "the socket stays connected");
	/* send() itself has it if the host is quick. */
	check(37, (send(fd, "x", 1, 0) == 1 ? error_later(fd) : errno) == error,
	      "what it sends then has the error again");
	/* A host that answers twice has done so by then. */
	usleep(200000);
	check(37, !connect_to(fd, "127.0.0.1", HOST_UDP) && send(fd, "there", 5, 0) == 5 &&
		  receives(fd, "there", NULL),
	      "it can be connected to another peer");
	close(fd);
}

static int count_received(int fd)
{
	char got[16];
	int count = 0;

	while (readable(fd, 500) && recv(fd, got, sizeof(got), 0) >= 0)
		count++;
	return count;
}

/* Waits for room, if need be; what cannot be kept is lost. */
static void check_burst(void)
{
	static char block[1400], large[70000];
	struct sockaddr_in to = inet("127.0.0.1", HOST_UDP);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), sent = 0, size = 4096, kept;

	connect_to(fd, "127.0.0.1", HOST_UDP);
	for (int i = 0; i < 2000; i++)
		sent += send(fd, block, sizeof(block), 0) == sizeof(block);
	check(34, sent == 2000, "send waits for room");
	count_received(fd);
	for (int i = 0; i < 100; i++)
		send(fd, "small", 5, 0);
	sleep(1);
	kept = count_received(fd);
	printf("# %d of 100 kept\n", kept);
	check(37, kept == 100, "small datagrams are kept by the hundred");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* It holds from the next call on. */
	for (int i = 0; i < 100; i++)
		send(fd, "small", 5, 0);
	sleep(1);
	kept = count_received(fd);
	printf("# %d of 100 kept\n", kept);
	check(37, kept > 0 && kept < 50, "fewer with a small SO_RCVBUF");
	check(7, send_to(fd, "x", "127.0.0.1", HOST_UDP) == 1 &&
		 sendto(fd, large, sizeof(large), 0, (struct sockaddr *)&to, sizeof(to)) < 0 &&
		 errno == EMSGSIZE && send_to(fd, "x", "127.0.0.1", HOST_UDP) == 1,
	      "what is too large for a datagram is refused");
	close(fd);
}

static void check_blocked(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in name = inet("127.0.0.1", 9301);
	pthread_t thread;
	char got[16];

	bind(fd, (struct sockaddr *)&name, sizeof(name));
	pthread_create(&thread, NULL, replier, &fd);
	check(34, recv(fd, got, sizeof(got), 0) == 4, "recv sees what another thread caused");
	pthread_join(thread, NULL);
	close(fd);
}

static int shared;

static void *many(void *argument)
{
	char text[16];

	for (int i = 0; i < 50; i++) {
		int length = snprintf(text, sizeof(text), "%d.%d", (int)(long)argument, i);
		struct sockaddr_in in = inet("127.0.0.1", HOST_UDP);

		if (sendto(shared, text, (size_t)length, 0, (struct sockaddr *)&in, sizeof(in)) != length)
			return NULL;
		usleep(2000);
	}
	return argument;
}

static void check_many_senders(void)
{
	pthread_t threads[8];
	char got[64];
	int count = 0, room = 1 << 20;

	shared = socket(AF_INET, SOCK_DGRAM, 0);
	/* For all of them: the senders may be done before this thread has its first turn. */
	setsockopt(shared, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	for (long i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, many, (void *)(i + 1));
	while (count < 400 && readable(shared, PATIENCE) && recv(shared, got, sizeof(got), 0) > 0)
		count++;
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	check(34, count == 400, "8 threads send on one socket");
	close(shared);
}

/* An unprivileged program may not make requests for the sockets of others. */
static void check_privilege(void)
{
	struct vsock_address host = { .family = AF_VSOCK, .port = 1031, .cid = 2 };
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		int fd;

		if (setuid(1000))
			_exit(2);
		fd = socket(AF_VSOCK, SOCK_DGRAM, 0);
		_exit(sendto(fd, "12345678", 8, 0, (struct sockaddr *)&host, sizeof(host)) >= 0 ||
		      errno != EPERM || stream_to("127.0.0.1", HOST_ECHO) < 0);
	}
	check(10, waitpid(pid, &status, 0) == pid && !status,
	      "without privileges there are streams, but no requests");
}

static void check_vsock(void)
{
	struct vsock_address name = { .family = AF_VSOCK, .port = 123, .cid = ~0u };
	struct vsock_address host = { .family = AF_VSOCK, .port = 9, .cid = 2 };
	static char block[65537];
	int fd = socket(AF_VSOCK, SOCK_DGRAM, 0);

	check(44, !bind(fd, (struct sockaddr *)&name, sizeof(name)), "bind a vsock datagram socket to 123");
	check(7, sendto(fd, block, 65536, 0, (struct sockaddr *)&host, sizeof(host)) == 65536,
	      "64 KiB are one datagram");
	check(7, sendto(fd, block, 65537, 0, (struct sockaddr *)&host, sizeof(host)) < 0 &&
		 errno == EMSGSIZE,
	      "more are none");
	close(fd);
}

static int vsock_bound(int type)
{
	struct vsock_address name = { .family = AF_VSOCK, .port = 123, .cid = ~0u };
	int fd = socket(AF_VSOCK, type, 0);

	if (bind(fd, (struct sockaddr *)&name, sizeof(name)))
		return -1;
	return fd;
}

/* With a peer that sends the time each second. */
void check_time(void)
{
	unsigned char got[9];
	int fd;

	/* First there is no socket for it, then one that it is not for. */
	sleep(2);
	fd = vsock_bound(SOCK_STREAM);
	check(4, fd >= 0 && !listen(fd, 1), "a stream socket at port 123");
	sleep(2);
	check(4, !readable(fd, 0), "hears no datagram");
	close(fd);
	fd = vsock_bound(SOCK_DGRAM);
	check(44, fd >= 0 && recv(fd, got, 8, 0) == 8, "the start of the time is read");
	check(44, recv(fd, got, 8, MSG_TRUNC) >= 8, "and the next time");
	close(fd);
}

static void check_sizes(void)
{
	static const size_t sizes[] = { 1, 32767, 32768, 32769, 65535 };
	struct vsock_address host = { .family = AF_VSOCK, .port = 9, .cid = 2 };
	static char block[65536];
	int fd = vsock_bound(SOCK_DGRAM), good = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		good += sendto(fd, block, sizes[i], 0, (struct sockaddr *)&host, sizeof(host)) ==
			(ssize_t)sizes[i];
	check(8, good == 5, "datagrams of odd sizes");
	close(fd);
}

static void check_long_run(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), count = 0;

	connect_to(fd, "127.0.0.1", HOST_UDP);
	for (int i = 0; i < 10000; i++) {
		char got[16];

		if (send(fd, "0123456789", 10, 0) != 10 || !readable(fd, PATIENCE) ||
		    recv(fd, got, sizeof(got), 0) != 10)
			break;
		count++;
	}
	check(3, count == 10000, "10000 datagrams there and back");
	close(fd);
}

void check_dgram(void)
{
	check_sizes();
	check_long_run();
	check_unconnected();
	check_connected();
	check_addresses();
	check_in_guest();
	check_while_receiving();
	check_receive();
	check_shutdown();
	check_one_peer();
	check_refused();
	check_refused_later();
	check_burst();
	check_blocked();
	check_many_senders();
	check_vsock();
	check_privilege();
}
