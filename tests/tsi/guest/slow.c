/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts that answer late, or never. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/*
 * How long connect takes at best: an emulated guest stops now and then. The
 * descriptor is that of the last attempt, or -1 if one ended otherwise.
 */
static double connect_time(int type, int port, int expected, int *fd)
{
	double best = 1e9, start, time;

	*fd = -1;
	for (int i = 0; i < 5; i++) {
		close(*fd);
		*fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
		start = now();
		if ((connect_to(*fd, "127.0.0.1", port) ? errno : 0) != expected) {
			close(*fd);
			*fd = -1;
			return best;
		}
		time = now() - start;
		best = time < best ? time : best;
	}
	return best;
}

static void *shutter(void *argument)
{
	usleep(300000);
	shutdown(*(int *)argument, SHUT_RDWR);
	return NULL;
}

static void check_shutdown_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	double start = now();
	pthread_t thread;

	pthread_create(&thread, NULL, shutter, &fd);
	check(18, connect_to(fd, "127.0.0.1", HOST_ECHO) && now() - start < 2,
	      "shutdown wakes connect");
	pthread_join(thread, NULL);
	check(18, !connect_to(fd, "127.0.0.1", HOST_ECHO) && echoes(fd, "once more"),
	      "after which connect begins anew");
	close(fd);
}

/* The host answers after 3 seconds. */
void check_slow_host(void)
{
	int fd, error = -1;
	struct pollfd poll_fd = { .events = POLLOUT };
	socklen_t length = sizeof(error);
	double start;

	check(17, connect_time(SOCK_STREAM, HOST_ECHO, EINPROGRESS, &fd) < 0.05 && fd >= 0,
	      "a non-blocking connect does not wait for a slow host");
	poll_fd.fd = fd;
	check(17, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == EALREADY, "nor does another");
	check(17, poll(&poll_fd, 1, 500) == 0, "it is not done early");
	check(17, poll(&poll_fd, 1, PATIENCE) == 1 && poll_fd.revents == POLLOUT, "it is done in the end");
	check(17, !getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) && !error, "without an error");
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	alarm_after(500);
	start = now();
	check(18, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == EINTR && now() - start < 2,
	      "a signal interrupts connect");
	check(18, !connect_to(fd, "127.0.0.1", HOST_ECHO) && echoes(fd, "resumed"),
	      "which goes on, and the next call waits for it");
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	alarm_after(500);
	connect_to(fd, "127.0.0.1", HOST_ECHO);
	check(18, polled(fd, POLLOUT, PATIENCE) == POLLOUT, "and so does poll");
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect_to(fd, "127.0.0.1", HOST_ECHO);
	check(17, send(fd, "early", 5, 0) < 0 && errno == EAGAIN, "send does not wait for connect");
	fcntl(fd, F_SETFL, 0);
	check(17, echoes(fd, "early"), "unless it may");
	close(fd);

	check_shutdown_connect();

	fd = socket(AF_INET, SOCK_STREAM, 0);
	alarm_after(500);
	connect_to(fd, "127.0.0.1", HOST_CLOSED);
	close(fd);
	fd = stream_to("127.0.0.1", HOST_ECHO);
	check(18, fd >= 0 && echoes(fd, "next"), "a late answer disturbs nobody");
	close(fd);

	check(17, connect_time(SOCK_DGRAM, HOST_UDP, 0, &fd) < 0.05 && fd >= 0,
	      "a datagram socket does not wait either");
	close(fd);
}

/* What the guest makes of each error: macOS has other numbers, and some are not errors. */
static int error_of(long result)
{
	if (result == 61)
		return ECONNREFUSED;
	return result > 4095 ? EPROTO : (int)result;
}

/* Asks the host again each time, since it has refused. */
static void *sender(void *argument)
{
	double start = now();

	while (now() - start < 1)
		send(*(int *)argument, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	return NULL;
}

static void check_refused_beside(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), last = 0;
	pthread_t threads[2];

	connect_to(fd, "127.0.0.1", HOST_UDP);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, sender, &fd);
	for (double start = now(); now() - start < 1 && !last;)
		if (connect_to(fd, "127.0.0.1", HOST_UDP))
			last = errno;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	errno = last;
	check(37, !last, "nor do sends of other threads abort it");
	close(fd);
}

/* The host answers all requests with the error tsi_fail. */
void check_fail(void)
{
	int error = error_of(argument("tsi_fail", 0)), fd = socket(AF_INET, SOCK_STREAM, 0);
	int client, server;
	char byte;
	bool content = error == EPERM || error == EACCES || error == EADDRINUSE || error == EADDRNOTAVAIL;

	printf("# error %d\n", error);
	check(13, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == error, "connect reports the host's error");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	check(13, connect_to(fd, "127.0.0.1", HOST_UDP) && errno == error, "so does that of datagrams");
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	check(13, !connect_to(fd, "127.0.0.1", HOST_UDP) && polled(fd, POLLIN, PATIENCE) & POLLERR &&
		  recv(fd, &byte, 1, 0) < 0 && errno == error,
	      "one that does not wait says so later");
	close(fd);
	check_refused_beside();
	fd = listen_at("0.0.0.0", 9402);
	if (!content) {
		check(25, fd < 0 && errno == error, "and listen");
		fd = socket(AF_INET, SOCK_STREAM, 0);
		check(25, connect_to(fd, "127.0.0.1", 9402) && errno == error, "nobody listens then");
		close(fd);
		return;
	}
	check(25, fd >= 0, "but listen does without the host");
	client = stream_to("127.0.0.1", 9402);
	server = accept(fd, NULL, NULL);
	check(25, client >= 0 && server >= 0, "and the guest can connect");
	close(client);
	close(server);
	close(fd);
}

static void block_connect(void)
{
	stream_to("127.0.0.1", HOST_ECHO);
}

static void block_connect_dgram(void)
{
	connect_to(socket(AF_INET, SOCK_DGRAM, 0), "127.0.0.1", HOST_UDP);
}

static void block_listen(void)
{
	listen_at("0.0.0.0", 9403);
}

/* A program that the host blocks can be killed at once. */
static bool dies(void (*block)(void))
{
	pid_t pid = fork();
	double start;
	int status;

	if (!pid) {
		block();
		_exit(0);
	}
	usleep(700000);
	start = now();
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && now() - start < 1;
}

/* The host never tells the name of the other end, but everything else. */
void check_nameless_host(void)
{
	struct sockaddr_in name = { 0 };
	socklen_t length = sizeof(name);
	int fd = stream_to("127.0.0.1", HOST_ECHO), listener, call;
	double start = now();

	check(19, fd >= 0 && !getpeername(fd, (struct sockaddr *)&name, &length) && now() - start < 1,
	      "getpeername does not ask the host");
	check(19, length == sizeof(name) && name.sin_port == htons(HOST_ECHO) &&
		  name.sin_addr.s_addr == htonl(INADDR_LOOPBACK),
	      "it says what connect was given");
	check(19, echoes(fd, "still"), "the stream goes on");
	close(fd);

	listener = listen_at("0.0.0.0", 9404);
	call = host_calls(9404, "x");
	fcntl(listener, F_SETFL, O_NONBLOCK);
	usleep(500000);
	start = now();
	length = sizeof(name);
	check(27, accept(listener, (struct sockaddr *)&name, &length) < 0 && errno == EAGAIN &&
		  now() - start < 1,
	      "a non-blocking accept does not wait for a name");
	check(27, readable(listener, PATIENCE), "poll reports the connection later");
	start = now();
	fd = accept(listener, (struct sockaddr *)&name, &length);
	check(19, fd >= 0 && length == sizeof(name) && name.sin_family == AF_INET && now() - start < 1,
	      "then accept does without a name");
	check(19, readable(fd, PATIENCE), "and has the data");
	close(fd);
	close(call);
	close(listener);
}

/* The second time, the socket listens already, if not at the host. */
static void check_listen_twice(void)
{
	bool cut_off = write_file(REACHES_HOST, "0");
	int fd = listen_at("0.0.0.0", 9405), client;
	double start;

	check(19, cut_off && fd >= 0 && write_file(REACHES_HOST, "1"), "a socket listens in the guest alone");
	start = now();
	check(19, !listen(fd, 5) && now() - start < 3, "another listen() does not ask the host");
	client = stream_to("127.0.0.1", 9405);
	check(19, client >= 0, "and the socket still listens");
	close(client);
	close(fd);
}

/* The host never answers. */
void check_silent_host(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct timeval timeout = { .tv_sec = 1 };
	double start = now();

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	check(19, connect_to(fd, "127.0.0.1", HOST_ECHO) && now() - start < 3, "connect heeds SO_SNDTIMEO");
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	alarm_after(500);
	start = now();
	check(19, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == EINTR && now() - start < 3,
	      "connect can be interrupted");
	close(fd);

	start = now();
	check(19, listen_at("0.0.0.0", 9400) < 0 && now() - start < 8, "listen gives up");
	start = now();
	alarm_after(500);
	check(19, listen_at("0.0.0.0", 9401) < 0 && now() - start < 8,
	      "a signal does not change that");

	check_listen_twice();

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	start = now();
	check(19, connect_to(fd, "127.0.0.1", HOST_UDP) && now() - start < 8,
	      "connect of datagrams gives up");
	close(fd);

	check(19, dies(block_connect), "who waits in connect can be killed");
	check(19, dies(block_connect_dgram), "in connect of datagrams, too");
	check(19, dies(block_listen), "and in listen");
}
