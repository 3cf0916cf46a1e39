/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that come from the host. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

static void *accepter(void *argument)
{
	int *fd = argument;

	*fd = accept(*fd, NULL, NULL);
	return NULL;
}

static void check_serve(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0), call, server;
	struct sockaddr_in name = inet("0.0.0.0", 0), peer;
	socklen_t length = sizeof(name), peer_length = sizeof(peer);
	char text[64] = "", got[64] = "";
	struct timeval timeout = { .tv_sec = 10 };
	int value = 0, on = 1;
	socklen_t value_length = sizeof(value);

	setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	bind(listener, (struct sockaddr *)&name, sizeof(name));
	check(24, !listen(listener, 16) && !getsockname(listener, (struct sockaddr *)&name, &length) &&
		  name.sin_port,
	      "listen at any port");
	getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &value, &value_length);
	check(31, value == 1, "SO_ACCEPTCONN");
	fcntl(listener, F_SETFL, O_NONBLOCK);
	check(27, accept(listener, NULL, NULL) < 0 && errno == EAGAIN, "nobody is there yet");

	call = host_calls(ntohs(name.sin_port), "from the host");
	check(26, readable(listener, PATIENCE), "poll says that the host connects");
	fcntl(listener, F_SETFL, 0);
	server = accept(listener, (struct sockaddr *)&peer, &peer_length);
	check(26, server >= 0, "accept");
	check(26, peer.sin_family == AF_INET && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
		  peer.sin_port,
	      "the peer's address is that at the host");
	check(26, recv(server, text, sizeof(text), 0) == 13 && !strcmp(text, "from the host"), "data comes");
	check(26, send(server, "answer", 6, 0) == 6, "data goes");
	check(26, !getsockname(server, (struct sockaddr *)&peer, &peer_length) &&
		  peer.sin_port == name.sin_port,
	      "its own port is that of the listener");
	value_length = sizeof(timeout);
	timeout.tv_sec = 0;
	check(32, option(server, IPPROTO_TCP, TCP_NODELAY) == 1 &&
		  !getsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &timeout, &value_length) &&
		  timeout.tv_sec == 10,
	      "it has the options of the listener");
	close(server);
	check(26, recv(call, got, sizeof(got), MSG_WAITALL) == 6 && !strcmp(got, "answer"),
	      "and reaches the host");
	length = sizeof(name);
	close(call);
	close(listener);
}

static void check_both_sides(void)
{
	int listener = listen_at("0.0.0.0", 9200), client, server, call;
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);

	client = stream_to("127.0.0.1", 9200);
	server = accept(listener, (struct sockaddr *)&peer, &length);
	check(15, client >= 0 && server >= 0, "a listener of the host serves the guest too");
	check(15, length == sizeof(peer) && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK),
	      "and says who is there");
	close(client);
	close(server);
	check(27, !shutdown(listener, SHUT_WR), "a listener has nothing to write");
	call = host_calls(9200, "x");
	server = accept(listener, NULL, NULL);
	check(26, server >= 0, "and the host after that");
	close(server);
	close(call);
	close(listener);
	listener = listen_at("0.0.0.0", 9200);
	check(23, listener >= 0, "closed, it can be listened at again");
	close(listener);
}

static void check_wake(void)
{
	int listener = listen_at("0.0.0.0", 9201), fd = listener, other;
	pthread_t thread;
	char byte;

	pthread_create(&thread, NULL, accepter, &fd);
	usleep(100000);
	check(28, others_go_on(listener), "other calls do not wait for accept");
	other = host_calls(9201, "x");
	pthread_join(thread, NULL);
	check(26, fd >= 0, "accept that waits sees the host");
	close(fd);
	close(other);

	fd = listener;
	pthread_create(&thread, NULL, accepter, &fd);
	usleep(100000);
	other = stream_to("127.0.0.1", 9201);
	pthread_join(thread, NULL);
	check(15, fd >= 0, "and the guest");
	close(fd);
	close(other);

	fd = listener;
	pthread_create(&thread, NULL, accepter, &fd);
	usleep(100000);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	check(27, fd < 0, "shutdown wakes accept");
	check(27, accept(listener, NULL, NULL) < 0 && errno == EINVAL, "and ends listening");
	other = host_calls(9201, "x");
	check(27, readable(other, PATIENCE) && recv(other, &byte, 1, 0) == 0, "at the host, too");
	close(other);
	close(listener);
}

/* More connections than the first backlog has room for. */
static void check_backlog(void)
{
	struct sockaddr_in name = inet("0.0.0.0", 9205);
	int listener = socket(AF_INET, SOCK_STREAM, 0), calls[8], good = 0, fd;

	bind(listener, (struct sockaddr *)&name, sizeof(name));
	check(23, !listen(listener, 1) && !listen(listener, 64), "the backlog can be changed");
	fcntl(listener, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 8; i++)
		calls[i] = host_calls(9205, "x");
	sleep(1);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		good += readable(fd, PATIENCE);
		close(fd);
	}
	for (int i = 0; i < 8; i++)
		close(calls[i]);
	/* The host has listened with the backlog of before. */
	check(23, good > 3, "and is, in the guest");
	close(listener);
}

static void *closer(void *argument)
{
	usleep(200000);
	close(*(int *)argument);
	return NULL;
}

static void check_interrupted(void)
{
	struct timeval timeout = { .tv_usec = 300000 };
	int listener = listen_at("0.0.0.0", 9202), call, server;
	pthread_t thread;
	double start = now();

	alarm_after(300);
	check(27, accept(listener, NULL, NULL) < 0 && errno == EINTR && now() - start < 3,
	      "a signal interrupts accept");
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	start = now();
	check(27, accept(listener, NULL, NULL) < 0 && errno == EAGAIN && now() - start > 0.25 &&
		  now() - start < 3,
	      "so does SO_RCVTIMEO");
	timeout.tv_usec = 0;
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));

	/* Closing a descriptor ends no call on it, in any family. */
	start = now();
	pthread_create(&thread, NULL, closer, &listener);
	alarm_after(1000);
	check(27, accept(listener, NULL, NULL) < 0 && errno == EINTR && now() - start > 0.9,
	      "accept goes on when the descriptor is closed, until a signal");
	pthread_join(thread, NULL);
	listener = listen_at("0.0.0.0", 9202);
	call = host_calls(9202, "x");
	check(27, readable(listener, PATIENCE), "then the port is free, at the host too");
	server = accept(listener, NULL, NULL);
	close(server);
	close(call);
	close(listener);
}

/* A call of the host may come together with the host's answer that it listens. */
static void check_called_at_once(void)
{
	bool good = true;

	for (int i = 0; i < 20 && good; i++) {
		int call = host_calls_at("+9214", "x"), listener, fd = -1;

		/* The host tries by now. */
		usleep(20000);
		listener = listen_at("0.0.0.0", 9214);
		if (readable(listener, PATIENCE / 4))
			fd = accept(listener, NULL, NULL);
		good = fd >= 0 && readable(fd, PATIENCE);
		close(fd);
		close(listener);
		close(call);
	}
	check(26, good, "the host can call as soon as it listens");
}

/* The host has the port already, or does not lend it. */
static void check_refused(int port, const char *what)
{
	int listener = listen_at("0.0.0.0", port), client, server;
	char line[80];

	snprintf(line, sizeof(line), "tsi: the host does not listen at 0.0.0.0:%d: error ", port);
	check(25, listener >= 0, what);
	check(25, logged(line) == 1, "the kernel says so in its log");
	check(25, !listen(listener, 2), "another listen() changes the backlog");
	check(25, logged(line) == 1, "and asks for nothing");
	client = stream_to("127.0.0.1", port);
	server = accept(listener, NULL, NULL);
	check(25, client >= 0 && server >= 0 && send(client, "x", 1, 0) == 1 && readable(server, PATIENCE),
	      "the guest alone is served then");
	close(client);
	close(server);
	close(listener);
}

/* A server starts before the one that it replaces ends, as some do at a reload. */
static void check_successor(void)
{
	int first = listen_shared("0.0.0.0", 9210), second = listen_shared("0.0.0.0", 9210);
	int third = listen_shared("0.0.0.0", 9210);

	check(25, first >= 0 && second >= 0 && third >= 0, "three sockets listen at the same port");
	check(25, !listen(second, 16), "one of them with another backlog");
	close(first);
	check(25, host_reaches(second, "9210"), "the host reaches the second after the first");
	shutdown(second, SHUT_RD);
	check(25, host_reaches(third, "9210"), "and the third after that");
	close(second);
	/* One after the other, while the host has not answered to the one before. */
	for (int i = 0; i < 20; i++) {
		first = listen_shared("0.0.0.0", 9210);
		close(third);
		third = first;
	}
	check(25, host_reaches(third, "9210"), "and one after many");
	check(25, !logged("0.0.0.0:9210"), "of which the kernel's log says nothing");
	close(third);
}

static int listen_only6(int port)
{
	struct sockaddr_in6 in6 = inet6("::", port);
	int fd = socket(AF_INET6, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&in6, sizeof(in6)) || listen(fd, 64))
		return -1;
	return fd;
}

/* As nginx has it: a socket for each family */
static void check_families(void)
{
	int four = listen_at("0.0.0.0", 9211), six = listen_only6(9211);
	struct sockaddr_in6 peer = { 0 };
	socklen_t length = sizeof(peer);
	int call, fd;

	check(25, host_reaches(four, "9211") && host_reaches(six, "[::1]:9211"),
	      "0.0.0.0 and [::] of the same port");
	close(four);
	close(six);
	six = listen_only6(9212);
	four = listen_at("0.0.0.0", 9212);
	check(25, host_reaches(four, "9212") && host_reaches(six, "[::1]:9212"),
	      "[::] and 0.0.0.0 of the same port");
	close(four);
	close(six);
	six = socket(AF_INET6, SOCK_STREAM, 0);
	peer = inet6("::", 9213);
	bind(six, (struct sockaddr *)&peer, sizeof(peer));
	listen(six, 5);
	check(25, host_reaches(six, "[::1]:9213") && host_reaches(six, "9213"),
	      "[::] for both families");
	call = host_calls(9213, "x");
	fd = accept(six, (struct sockaddr *)&peer, &length);
	check(26, fd >= 0 && IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr) && peer.sin6_port,
	      "then an address of IPv4 is a mapped one");
	close(fd);
	close(call);
	close(six);
}

static void check_errors(void)
{
	struct sockaddr_in elsewhere = inet("192.0.2.1", 9203);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(25, bind(fd, (struct sockaddr *)&elsewhere, sizeof(elsewhere)) && errno == EADDRNOTAVAIL,
	      "an address that is not the guest's");
	check(27, accept(fd, NULL, NULL) < 0 && errno == EINVAL, "accept without listen");
	check(23, !listen(fd, 1), "listen without bind");
	check(22, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == EISCONN, "who listens cannot connect");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	check(27, listen(fd, 1) && errno == EOPNOTSUPP, "datagram sockets cannot listen");
	check(27, accept(fd, NULL, NULL) < 0 && errno == EOPNOTSUPP, "nor accept");
	close(fd);
}

/* With a peer that gives all names the length 128. */
void check_storage_length(void)
{
	int listener = listen_at("0.0.0.0", 9407), call = host_calls(9407, "long"), server;
	struct sockaddr_storage peer;
	struct sockaddr_in *in = (struct sockaddr_in *)&peer;
	socklen_t length = sizeof(peer);

	server = accept(listener, (struct sockaddr *)&peer, &length);
	check(26, server >= 0 && length == sizeof(*in) && in->sin_family == AF_INET && in->sin_port,
	      "the address from accept has the length of its family");
	length = sizeof(peer);
	check(26, !getpeername(server, (struct sockaddr *)&peer, &length) && length == sizeof(*in) &&
		  in->sin_port,
	      "that from getpeername, too");
	check(26, readable(server, PATIENCE), "the data comes");
	close(server);
	close(call);
	close(listener);
}

/* With a peer that lends mapped ports alone. */
void check_forbidden(void)
{
	check_refused(9204, "listen is allowed, though not by the host");
}

/*
 * With a peer that gives the port to a stranger for a moment: it refuses the second of
 * three when the first has gone.
 */
void check_passed_over(void)
{
	int first = listen_shared("0.0.0.0", 9215), second = listen_shared("0.0.0.0", 9215);
	int third = listen_shared("0.0.0.0", 9215);

	check(25, host_reaches(first, "9215") && second >= 0 && third >= 0,
	      "three sockets listen at the same port");
	close(first);
	check(25, host_reaches(third, "9215"), "the third has it if the host refuses the second");
	close(third);
	check(25, host_reaches(second, "9215"), "which has it after that");
	close(second);
}

void check_listen(void)
{
	check_refused(HOST_ECHO, "listen, though the host has the port");
	check_errors();
	check_serve();
	check_both_sides();
	check_wake();
	check_backlog();
	check_interrupted();
	check_called_at_once();
	check_successor();
	check_families();
}
