/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that the guest opens. */
#include <errno.h>
#include <fcntl.h>
#define SIOCOUTQ 0x5411
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

static void check_connect(void)
{
	struct sockaddr_in peer, any = inet("0.0.0.0", 0);
	socklen_t length = sizeof(peer);
	int fd = stream_to("127.0.0.1", HOST_ECHO);

	check(12, fd >= 0, "connect to a service of the host");
	check(12, echoes(fd, "hello"), "data goes to the host and back");
	check(26, !getpeername(fd, (struct sockaddr *)&peer, &length) && length == sizeof(peer) &&
		  peer.sin_port == htons(HOST_ECHO),
	      "getpeername is the host's");
	check(22, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == EISCONN, "connected is connected");
	check(22, bind(fd, (struct sockaddr *)&any, sizeof(any)) && errno == EINVAL, "and bound");
	check(22, sendto(fd, "to", 2, 0, (struct sockaddr *)&peer, sizeof(peer)) == 2 &&
		  readable(fd, PATIENCE),
	      "an address beside data is ignored, as TCP does");
	check(31, recv(fd, &peer, sizeof(peer), MSG_ERRQUEUE) < 0 && errno == EAGAIN,
	      "there are no messages about errors");
	close(fd);
}

static void check_refused(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(16, connect_to(fd, "127.0.0.1", HOST_CLOSED) && errno == ECONNREFUSED,
	      "the host refuses");
	check(14, !connect_to(fd, "127.0.0.1", HOST_ECHO), "the next attempt succeeds");
	check(14, echoes(fd, "again"), "and carries data");
	close(fd);
}

static void check_address(void)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in in = inet("127.0.0.1", HOST_ECHO);
	struct sockaddr_in6 in6 = inet6("::ffff:127.0.0.1", HOST_ECHO), far6 = inet6("2001:db8::1", 1);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(20, connect(fd, (struct sockaddr *)&in, 8) && errno == EINVAL, "a short address");
	memcpy(&storage, &in, sizeof(in));
	check(20, !connect(fd, (struct sockaddr *)&storage, sizeof(storage)), "a long address");
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	check(20, connect(fd, (struct sockaddr *)&in6, sizeof(in6)) && errno == EAFNOSUPPORT,
	      "an address of another family");
	close(fd);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	check(20, connect(fd, (struct sockaddr *)&far6, 20) && errno == EINVAL, "a short one of IPv6");
	check(12, !connect(fd, (struct sockaddr *)&in6, sizeof(in6)) && echoes(fd, "six"),
	      "an IPv6 socket and a mapped address");
	close(fd);
}

static void check_bind_length(int family, struct sockaddr *name, socklen_t length)
{
	struct sockaddr_storage storage = { 0 };
	int fd = socket(family, SOCK_STREAM, 0), client = socket(family, SOCK_STREAM, 0);

	memcpy(&storage, name, length);
	check(20, bind(fd, name, 8) && errno == EINVAL, "bind to a short address");
	check(20, !bind(fd, (struct sockaddr *)&storage, sizeof(storage)), "bind to a long one");
	check(20, !listen(fd, 1), "and listen there");
	check(20, !connect(client, (struct sockaddr *)&storage, sizeof(storage)),
	      "connect to a long address in the guest");
	close(client);
	close(fd);
}

/* The options say the same, no matter which side serves the socket. */
static void check_options(int family, const char *any, const char *host)
{
	struct sockaddr_in6 in6 = inet6(any, 9105), to6 = inet6(host, HOST_ECHO);
	struct sockaddr_in in = inet(any, 9105), to = inet(host, HOST_ECHO);
	bool six = family == AF_INET6;
	struct sockaddr *name = six ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
	struct sockaddr *address = six ? (struct sockaddr *)&to6 : (struct sockaddr *)&to;
	socklen_t length = six ? sizeof(in6) : sizeof(in);
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0), server;

	printf("# family %d\n", family);
	check(31, looks(fd, family, SOCK_STREAM, IPPROTO_TCP, false), "options of a fresh stream");
	connect(fd, address, length);
	check(31, looks(fd, family, SOCK_STREAM, IPPROTO_TCP, false), "of one that connects");
	check(31, polled(fd, POLLOUT, PATIENCE) == POLLOUT &&
		  looks(fd, family, SOCK_STREAM, IPPROTO_TCP, false), "connected to the host");
	shutdown(fd, SHUT_WR);
	check(31, looks(fd, family, SOCK_STREAM, IPPROTO_TCP, false), "shut down");
	close(fd);

	fd = socket(family, SOCK_STREAM, 0);
	bind(fd, name, length);
	check(31, looks(fd, family, SOCK_STREAM, IPPROTO_TCP, false), "of a bound one");
	check(31, !listen(fd, 5) && looks(fd, family, SOCK_STREAM, IPPROTO_TCP, true),
	      "listening for the host and the guest");
	close(host_calls(9105, "x"));
	server = accept(fd, NULL, NULL);
	check(31, looks(server, family, SOCK_STREAM, IPPROTO_TCP, false), "accepted from the host");
	close(server);
	close(fd);

	fd = socket(family, SOCK_DGRAM, 0);
	check(31, looks(fd, family, SOCK_DGRAM, IPPROTO_UDP, false), "of datagrams");
	check(31, sendto(fd, "o", 1, 0, address, length) == 1 &&
		  looks(fd, family, SOCK_DGRAM, IPPROTO_UDP, false), "sent");
	check(31, !connect(fd, address, length) &&
		  looks(fd, family, SOCK_DGRAM, IPPROTO_UDP, false), "connected");
	close(fd);
}

static void check_options_in_guest(void)
{
	int listener = listen_at("127.0.0.1", 9106), client = stream_to("127.0.0.1", 9106), server;

	server = accept(listener, NULL, NULL);
	check(31, looks(listener, AF_INET, SOCK_STREAM, IPPROTO_TCP, true),
	      "options of who listens for the guest alone");
	check(31, looks(client, AF_INET, SOCK_STREAM, IPPROTO_TCP, false), "of who connects there");
	check(31, looks(server, AF_INET, SOCK_STREAM, IPPROTO_TCP, false), "of who is accepted");
	close(client);
	close(server);
	close(listener);
}

static void check_local6(const char *address, int port)
{
	struct sockaddr_in6 name = inet6(address, port);
	int listener = socket(AF_INET6, SOCK_STREAM, 0), client = socket(AF_INET6, SOCK_STREAM, 0);
	int inet_family = AF_INET;

	printf("# %s\n", address);
	check(15, !bind(listener, (struct sockaddr *)&name, sizeof(name)) && !listen(listener, 5),
	      "listen at a loopback address of IPv6");
	check(15, !connect(client, (struct sockaddr *)&name, sizeof(name)), "it is in the guest");
	/* It would turn the socket into an IPv4 one, without TSI's knowledge. */
	check(31, setsockopt(client, IPPROTO_IPV6, IPV6_ADDRFORM, &inet_family, sizeof(int)),
	      "it stays one of IPv6");
	close(client);
	close(listener);
}

static void check_local(void)
{
	int listener = listen_at("127.0.0.1", 9100), client = stream_to("127.0.0.1", 9100), server;
	struct sockaddr_in name;
	socklen_t length = sizeof(name);

	server = accept(listener, NULL, NULL);
	check(15, client >= 0 && server >= 0 && send(client, "l", 1, 0) == 1 && readable(server, PATIENCE),
	      "127.0.0.1 is in the guest");
	check(15, !getpeername(server, (struct sockaddr *)&name, &length) &&
		  name.sin_addr.s_addr == htonl(INADDR_LOOPBACK),
	      "and so is the peer");
	close(client);
	close(server);
	close(listener);

	check_local6("::1", 9101);
	check_local6("::ffff:127.0.0.1", 9103);
}

/* Give the keys of TLS to both directions of a socket. */
static bool set_tls(int fd)
{
	struct {
		unsigned short version, cipher;
		unsigned char iv[8], key[16], salt[4], number[8];
	} keys = { .version = 0x0303, .cipher = 51 /* AES-128 with GCM */ };

	return !setsockopt(fd, IPPROTO_TCP, 31 /* TCP_ULP */, "tls", 4) &&
	       !setsockopt(fd, 282 /* SOL_TLS */, 1, &keys, sizeof(keys)) &&
	       !setsockopt(fd, 282, 2, &keys, sizeof(keys));
}

/* TLS in the kernel replaces the operations of a socket, as TSI does. */
static void check_tls(int port)
{
	int host = stream_to("127.0.0.1", HOST_ECHO), early = socket(AF_INET, SOCK_STREAM, 0);
	int listener = listen_at("127.0.0.1", port), client = stream_to("127.0.0.1", port), server;
	struct sockaddr_in name;
	socklen_t length = sizeof(name);
	char text[8] = "";

	check(0, setsockopt(early, IPPROTO_TCP, 31, "tls", 4) && errno == ENOTCONN,
	      "TLS is not for a socket that is not connected");
	check(0, !connect_to(early, "127.0.0.1", HOST_ECHO) && echoes(early, "early"),
	      "which connects to the host afterwards");
	check(0, setsockopt(host, IPPROTO_TCP, 31, "tls", 4) && errno == EOPNOTSUPP,
	      "nor for a connection to the host");
	check(0, echoes(host, "host"), "which works as before");
	server = accept(listener, NULL, NULL);
	check(0, setsockopt(client, IPPROTO_TCP, 31, "none", 5) && errno == ENOENT,
	      "what does not exist is not found");
	check(0, set_tls(client) && set_tls(server), "TLS is for both ends of one in the guest");
	check(0, send(client, "secret", 6, 0) == 6 && recv(server, text, sizeof(text), 0) == 6 &&
		  !memcmp(text, "secret", 6) && send(server, "answer", 6, 0) == 6 &&
		  readable(client, PATIENCE) && recv(client, text, sizeof(text), 0) == 6 &&
		  !memcmp(text, "answer", 6),
	      "and carries data both ways");
	check(0, !getsockname(client, (struct sockaddr *)&name, &length) && length == sizeof(name) &&
		  !shutdown(client, SHUT_WR) && readable(server, PATIENCE) &&
		  recv(server, text, sizeof(text), 0) == 0,
	      "to its end");
	close(client);
	close(server);
	close(listener);
	close(early);
	close(host);
}

static int wait_out(int fd, int milliseconds)
{
	return polled(fd, POLLOUT, milliseconds);
}

static void check_non_blocking(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	check(17, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == EINPROGRESS,
	      "a non-blocking connect is in progress");
	check(17, wait_out(fd, PATIENCE) == POLLOUT, "poll says when it is done");
	check(17, option(fd, SOL_SOCKET, SO_ERROR) == 0, "without an error");
	fcntl(fd, F_SETFL, 0);
	check(17, echoes(fd, "async"), "and carries data");
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	check(17, connect_to(fd, "127.0.0.1", HOST_CLOSED) && errno == EINPROGRESS,
	      "so is one that will fail");
	check(17, wait_out(fd, PATIENCE) & POLLERR, "poll says that it failed");
	check(17, option(fd, SOL_SOCKET, SO_ERROR) == ECONNREFUSED, "SO_ERROR says why");
	check(17, option(fd, SOL_SOCKET, SO_ERROR) == 0, "once");
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect_to(fd, "127.0.0.1", HOST_CLOSED);
	wait_out(fd, PATIENCE);
	check(17, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == ECONNREFUSED,
	      "the next connect says why, if nobody has asked");
	check(17, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == EINPROGRESS &&
		  wait_out(fd, PATIENCE) == POLLOUT,
	      "and the one after that begins anew");
	close(fd);
}

static void check_fresh_poll(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };

	check(29, poll(&poll_fd, 1, 0) == 1 && poll_fd.revents == (POLLOUT | POLLHUP),
	      "poll of a fresh socket is that of TCP");
	check(29, !setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) &&
		  option(fd, IPPROTO_TCP, TCP_NODELAY) == 1,
	      "and changes nothing");
	check(29, !connect_to(fd, "127.0.0.1", HOST_ECHO) && option(fd, IPPROTO_TCP, TCP_NODELAY) == 1,
	      "options stay when it is connected");
	close(fd);
}

static void check_epoll(const char *what, int port, int item)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET }, got;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
	char byte;

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(epoll, &got, 1, 0);
	connect_to(fd, "127.0.0.1", port);
	check(item, epoll_wait(epoll, &got, 1, PATIENCE) == 1 && got.events == EPOLLOUT, what);
	send(fd, "e", 1, 0);
	if (port != HOST_ECHO) {
		close(epoll);
		close(fd);
		return;
	}
	while (epoll_wait(epoll, &got, 1, PATIENCE) == 1 && !(got.events & EPOLLIN))
		;
	check(item, got.events & EPOLLIN && recv(fd, &byte, 1, 0) == 1, "and then for data");
	close(epoll);
	close(fd);
}

static void check_timeouts(void)
{
	struct timeval timeout = { .tv_usec = 300000 };
	int fd = socket(AF_INET, SOCK_STREAM, 0), count = -1;
	double start;
	char byte, got[8];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	connect_to(fd, "127.0.0.1", HOST_ECHO);
	start = now();
	check(32, recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN && now() - start > 0.25 &&
		  now() - start < 2,
	      "SO_RCVTIMEO from before connect holds");
	send(fd, "12345", 5, 0);
	readable(fd, PATIENCE);
	check(33, !ioctl(fd, FIONREAD, &count) && count == 5, "FIONREAD counts");
	check(33, !ioctl(fd, SIOCOUTQ, &count), "SIOCOUTQ answers");
	recv(fd, got, sizeof(got), 0);
	count = 5;
	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &count, sizeof(count));
	send(fd, "123", 3, 0);
	check(32, !readable(fd, 500), "SO_RCVLOWAT holds for poll");
	send(fd, "45", 2, 0);
	check(32, readable(fd, PATIENCE), "until there is enough");
	close(fd);
}

static void *send_much(void *argument)
{
	static char block[400000];

	send(*(int *)argument, block, sizeof(block), MSG_NOSIGNAL);
	return NULL;
}

/* The host has filled the window, and is not told of every byte that is read. */
static void check_low_water(void)
{
	static char block[190 * 1024], rest[400000 - sizeof(block)];
	int fd = stream_to("127.0.0.1", HOST_ECHO), count = 0, low = 100000;
	pthread_t thread;

	pthread_create(&thread, NULL, send_much, &fd);
	for (double start = now(); count < 256 * 1024 && now() - start < (double)PATIENCE / 1000;
	     usleep(10000))
		ioctl(fd, FIONREAD, &count);
	check(32, recv(fd, block, sizeof(block), MSG_WAITALL) == sizeof(block) &&
		  !setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low)) && readable(fd, 10000),
	      "SO_RCVLOWAT above what has come lets more come");
	recv(fd, rest, sizeof(rest), MSG_WAITALL);
	pthread_join(thread, NULL);
	close(fd);
}

static void *drain(void *argument)
{
	static char block[65536];
	int fd = *(int *)argument;

	while (recv(fd, block, sizeof(block), 0) > 0)
		;
	return NULL;
}

/* The host echoes, and the guest does not read: in the end there is no room. */
static void check_full(void)
{
	struct timeval timeout = { .tv_usec = 300000 };
	static char block[65536];
	int fd = stream_to("127.0.0.1", HOST_ECHO);
	pthread_t thread;
	double start;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0 || polled(fd, POLLOUT, 500))
		;
	check(30, send(fd, block, sizeof(block), MSG_DONTWAIT) < 0 && errno == EAGAIN,
	      "a stream that nobody reads is full");
	start = now();
	check(32, send(fd, block, sizeof(block), 0) < 0 && errno == EAGAIN && now() - start > 0.25 &&
		  now() - start < 3,
	      "SO_SNDTIMEO holds for send");
	pthread_create(&thread, NULL, drain, &fd);
	check(30, polled(fd, POLLOUT, PATIENCE) == POLLOUT, "poll says when there is room again");
	shutdown(fd, SHUT_WR);
	pthread_join(thread, NULL);
	close(fd);
}

/* The host ends, and says nothing, when the guest does. */
static void check_end_wakes(void)
{
	int fd = stream_to("127.0.0.1", HOST_ECHO);
	double start = now();

	shutdown(fd, SHUT_WR);
	check(40, polled(fd, POLLIN | POLLRDHUP, PATIENCE) & POLLRDHUP && now() - start < 3,
	      "poll is woken by the end");
	close(fd);
}

static void check_ends(void)
{
	char text[16];
	int fd = stream_to("127.0.0.1", HOST_TALK);

	usleep(300000);
	check(40, recv(fd, text, sizeof(text), 0) == 3 && !memcmp(text, "bye", 3),
	      "what came before the end is read");
	check(40, recv(fd, text, sizeof(text), 0) == 0, "then comes the end");
	close(fd);

	fd = stream_to("127.0.0.1", HOST_HALF);
	check(40, recv(fd, text, sizeof(text), MSG_WAITALL) == 4, "the host ends sending");
	check(40, send(fd, "more", 4, MSG_NOSIGNAL) == 4, "the guest may still send");
	check(40, !shutdown(fd, SHUT_WR), "until it ends sending");
	check(40, send(fd, "m", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE, "then it is EPIPE");
	close(fd);
}

/* The host's program resets its connection right after it has sent. */
static void check_reset_after_data(int milliseconds)
{
	char text[16];
	int fd = stream_to("127.0.0.1", HOST_RESET);

	send(fd, "x", 1, 0);
	usleep((useconds_t)milliseconds * 1000);
	check(40, recv(fd, text, sizeof(text), 0) == 3 && !memcmp(text, "bye", 3),
	      "what came before a reset is read");
	check(40, recv(fd, text, sizeof(text), 0) == 0, "then comes the end");
	check(40, (polled(fd, POLLIN | POLLRDHUP, 0) & (POLLIN | POLLRDHUP)) == (POLLIN | POLLRDHUP),
	      "poll says so");
	check(40, send(fd, "m", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE, "and writing is EPIPE");
	close(fd);
}

static void *sender(void *argument)
{
	static char block[65536];
	int fd = *(int *)argument;

	for (int i = 0; i < 64; i++)
		for (size_t sent = 0; sent < sizeof(block);) {
			ssize_t n = send(fd, block, sizeof(block) - sent, MSG_NOSIGNAL);

			if (n <= 0)
				return NULL;
			sent += (size_t)n;
		}
	shutdown(fd, SHUT_WR);
	return argument;
}

static void check_full_duplex(void)
{
	static char block[65536], much[1000000];
	int fd = stream_to("127.0.0.1", HOST_ECHO);
	size_t total = sizeof(much);
	pthread_t thread;
	void *sent = NULL;
	ssize_t n;

	pthread_create(&thread, NULL, sender, &fd);
	check(28, recv(fd, much, sizeof(much), MSG_WAITALL) == sizeof(much),
	      "MSG_WAITALL for more than fits into a buffer");
	while ((n = recv(fd, block, sizeof(block), 0)) > 0)
		total += (size_t)n;
	pthread_join(thread, &sent);
	check(28, sent && total == 64 * sizeof(block), "4 MiB there and back, from two threads");
	close(fd);
}

static void check_sendfile(void)
{
	static char sent[100000], got[100000];
	int fd = stream_to("127.0.0.1", HOST_ECHO), file = open("/init", O_RDONLY), pipes[2];
	off_t offset = 0;

	check(28, read(file, sent, sizeof(sent)) == sizeof(sent) &&
		  sendfile(fd, file, &offset, sizeof(sent)) == sizeof(sent),
	      "sendfile");
	check(28, recv(fd, got, sizeof(got), MSG_WAITALL) == sizeof(got) &&
		  !memcmp(sent, got, sizeof(got)),
	      "what was in the file comes back");
	send(fd, "splice", 6, 0);
	readable(fd, PATIENCE);
	check(28, !pipe(pipes) && splice(fd, NULL, pipes[1], NULL, 100, 0) == 6 &&
		  read(pipes[0], got, sizeof(got)) == 6 && !memcmp(got, "splice", 6),
	      "splice");
	check(28, send(fd, "peek", 4, 0) == 4 && readable(fd, PATIENCE) &&
		  recv(fd, got, sizeof(got), MSG_PEEK) == 4 && recv(fd, got, sizeof(got), 0) == 4,
	      "MSG_PEEK");
	close(pipes[0]);
	close(pipes[1]);
	close(file);
	close(fd);
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static void check_signal(void)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
	int fd = stream_to("127.0.0.1", HOST_ECHO);

	sigaction(SIGIO, &action, NULL);
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETFL, O_ASYNC);
	send(fd, "x", 1, 0);
	check(30, readable(fd, PATIENCE) || errno == EINTR, "data comes");
	usleep(100000);
	check(30, signals > 0, "and SIGIO with it");
	signal(SIGIO, SIG_IGN);
	close(fd);
}

static void *receiver(void *argument)
{
	char byte;

	recv(*(int *)argument, &byte, 1, 0);
	return NULL;
}

static void check_while_receiving(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int fd = stream_to("127.0.0.1", HOST_ECHO);
	pthread_t thread;
	double start;

	pthread_create(&thread, NULL, receiver, &fd);
	usleep(100000);
	check(28, others_go_on(fd), "other calls do not wait for recv");
	start = now();
	check(28, send(fd, "x", 1, 0) == 1 && now() - start < 1, "nor does send");
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, receiver, &fd);
	usleep(100000);
	start = now();
	shutdown(fd, SHUT_RD);
	pthread_join(thread, NULL);
	check(27, now() - start < 2, "shutdown wakes recv");
	close(fd);

	fd = stream_to("127.0.0.1", HOST_ECHO);
	pthread_create(&thread, NULL, receiver, &fd);
	usleep(100000);
	start = now();
	check(21, !connect(fd, &none, sizeof(none)), "disconnect a stream");
	pthread_join(thread, NULL);
	check(27, now() - start < 2, "that wakes recv");
	check(21, !connect_to(fd, "127.0.0.1", HOST_ECHO) && echoes(fd, "again"), "connect again");
	close(fd);
}

static void check_closing_data(void)
{
	static char block[200000];
	char text[32] = "";
	int answer = stream_to("127.0.0.1", HOST_HALF);

	/* The host counts what comes on such a stream, and says so at the end. */
	recv(answer, text, 4, MSG_WAITALL);
	check(39, send(answer, block, sizeof(block), 0) == sizeof(block), "send much, and close at once");
	close(answer);
}

static void hijack(const char *value)
{
	int fd = open("/sys/module/kernel/parameters/tsi_hijack", O_WRONLY);

	check(41, fd >= 0 && write(fd, value, 1) == 1, "tsi_hijack is set");
	close(fd);
}

void check_hijack(void)
{
	int before = socket(AF_INET, SOCK_STREAM, 0), after;

	hijack("0");
	check(41, stream_to("127.0.0.1", HOST_ECHO) < 0 && errno == ECONNREFUSED,
	      "a socket from after is a plain one");
	check(41, !connect_to(before, "127.0.0.1", HOST_ECHO) && echoes(before, "x"),
	      "one from before is not");
	after = socket(AF_INET, SOCK_STREAM, 0);
	hijack("1");
	check(41, connect_to(after, "127.0.0.1", HOST_ECHO) && errno == ECONNREFUSED,
	      "and the other way round");
	close(before);
	close(after);
	before = stream_to("127.0.0.1", HOST_ECHO);
	check(41, before >= 0, "back to where it was");
	close(before);
}

/* What each is sent as shows in the log of the host. */
static void check_sizes(void)
{
	static const size_t sizes[] = { 1, 32767, 32768, 32769, 65536 };
	static char block[65536], got[65536];
	int fd = stream_to("127.0.0.1", HOST_ECHO), good = 0;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		good += send(fd, block, sizes[i], 0) == (ssize_t)sizes[i] &&
			recv(fd, got, sizes[i], MSG_WAITALL) == (ssize_t)sizes[i] &&
			!memcmp(block, got, sizes[i]);
	check(8, good == 5, "streams in packets of odd sizes");
	close(fd);
}

void check_stream(void)
{
	struct sockaddr_in in = inet("127.0.0.1", 9107);
	struct sockaddr_in6 in6 = inet6("::1", 9107);

	check_connect();
	check_refused();
	check_address();
	check_bind_length(AF_INET, (struct sockaddr *)&in, sizeof(in));
	check_bind_length(AF_INET6, (struct sockaddr *)&in6, sizeof(in6));
	check_options(AF_INET, "0.0.0.0", "127.0.0.1");
	check_options(AF_INET6, "::", "::ffff:127.0.0.1");
	check_options_in_guest();
	check_local();
	/* The first of all makes what the next ones use. */
	check_tls(9110);
	check_tls(9111);
	check_non_blocking();
	check_fresh_poll();
	check_epoll("epoll from before connect waits for the host", HOST_ECHO, 30);
	int listener = listen_at("127.0.0.1", 9102);
	check_epoll("and for the guest", 9102, 30);
	close(listener);
	check_timeouts();
	check_low_water();
	check_full();
	check_ends();
	check_end_wakes();
	check_reset_after_data(0);
	check_reset_after_data(300);
	check_sizes();
	check_full_duplex();
	check_sendfile();
	check_signal();
	check_while_receiving();
	check_closing_data();
}
