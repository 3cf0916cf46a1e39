/* SPDX-License-Identifier: Apache-2.0 */
/* What the processes of a user without capabilities may try. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static int shared;
static atomic_bool stop;

static void *connecter(void *argument)
{
	while (!stop)
		connect_to(shared, "127.0.0.1", HOST_UDP);
	return argument;
}

static void *sender(void *argument)
{
	while (!stop)
		send(shared, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	return argument;
}

/* A thread may end the connect that another one has begun. */
static void race(void)
{
	pthread_t threads[4];

	shared = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, i ? connecter : sender, NULL);
	sleep(10);
	stop = true;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	close(shared);
}

static void any_call(int fd, unsigned int *seed)
{
	static const struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_in name;
	socklen_t length = sizeof(name);
	char got[64];
	int other;

	switch (rand_r(seed) % 8) {
	case 0:
		connect_to(fd, "127.0.0.1", rand_r(seed) % 4 ? HOST_ECHO : HOST_CLOSED);
		break;
	case 1:
		shutdown(fd, rand_r(seed) % 3);
		break;
	case 2:
		listen(fd, 5);
		break;
	case 3:
		other = accept(fd, NULL, NULL);
		if (other >= 0)
			close(other);
		break;
	case 4:
		send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 5:
		connect(fd, &none, sizeof(none));
		break;
	case 6:
		recv(fd, got, sizeof(got), MSG_DONTWAIT);
		break;
	default:
		getpeername(fd, (struct sockaddr *)&name, &length);
		polled(fd, POLLIN | POLLOUT, 0);
		break;
	}
}

/* Four processes call everything at random, on one stream. */
static void chaos(void)
{
	for (int i = 0; i < 24; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), status;

		for (unsigned int process = 0; process < 4; process++) {
			unsigned int seed = (unsigned int)i * 4 + process;
			double end = now() + 0.3;

			if (fork())
				continue;
			while (now() < end)
				any_call(fd, &seed);
			_exit(0);
		}
		while (wait(&status) > 0)
			;
		close(fd);
	}
}

/* The log shows whether the host was told to release each of them. */
static void fill_and_close(void)
{
	struct sockaddr_in to = inet("127.0.0.1", HOST_CLOSED);
	int size = 212992, full = 0;

	for (int i = 0; i < 60; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0), sent = 0;

		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		while (sent < 400 && sendto(fd, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&to,
					    sizeof(to)) == 1)
			sent++;
		full += sent > 0;
		close(fd);
	}
	printf("# %d of 60 sockets have sent\n", full);
}

static int vsock_stream(unsigned int cid, unsigned int port)
{
	struct vsock_address to = { .family = AF_VSOCK, .port = port, .cid = cid };
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	close(fd);
	return -1;
}

/* vsock gives out ports in order: that of the listener is one of the last. */
static void intrude(void)
{
	struct vsock_address name = { .family = AF_VSOCK, .port = ~0u, .cid = ~0u };
	int plain = socket(AF_VSOCK, SOCK_STREAM, 0), accepted = 0, fds[2];
	socklen_t length = sizeof(name);

	bind(plain, (struct sockaddr *)&name, sizeof(name));
	listen(plain, 4);
	getsockname(plain, (struct sockaddr *)&name, &length);
	fds[0] = vsock_stream(1, name.port);
	fds[1] = vsock_stream(GUEST_CID, name.port);
	check(0, fds[0] >= 0 && fds[1] >= 0, "vsock leads from the guest to the guest");
	for (unsigned int port = name.port - 1; port > name.port - 50; port--)
		for (int i = 0; i < 2; i++) {
			int fd = vsock_stream(i ? GUEST_CID : 1, port);

			accepted += fd >= 0;
			if (fd >= 0)
				close(fd);
		}
	printf("# %d connections\n", accepted);
	check(26, !accepted, "but not to a socket that listens by TSI");
	close(fds[0]);
	close(fds[1]);
	close(plain);
}

static void check_intruder(void)
{
	int listener = listen_at("0.0.0.0", 9700), call, server;

	as_user(intrude);
	check(26, !readable(listener, 0), "which has no connection to accept");
	call = host_calls(9700, "host");
	server = accept(listener, NULL, NULL);
	check(26, server >= 0 && readable(server, PATIENCE), "but accepts one from the host");
	close(server);
	close(call);
	close(listener);
}

/* Listeners of a thread each share a port: the host has one of them at a time. */
static void *take_turns(void *argument)
{
	unsigned int seed = *(unsigned int *)argument;

	while (!stop) {
		int fd = listen_shared("0.0.0.0", 9800 + (int)(rand_r(&seed) % 2));

		usleep(rand_r(&seed) % 4 * 1000);
		switch (rand_r(&seed) % 4) {
		case 0:
			shutdown(fd, SHUT_RD);
			break;
		case 1:
			listen(fd, 1);
			break;
		case 2:
			close(host_calls(9800, "x"));
			break;
		}
		close(fd);
	}
	return NULL;
}

static void crowd(void)
{
	unsigned int seeds[6];
	pthread_t threads[6];

	for (unsigned int i = 0; i < 6; i++) {
		seeds[i] = i;
		pthread_create(&threads[i], NULL, take_turns, &seeds[i]);
	}
	sleep(10);
	stop = true;
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
}

static void check_crowd(void)
{
	int fd;

	as_user(crowd);
	fd = listen_shared("0.0.0.0", 9800);
	check(25, host_reaches(fd, "9800"), "the host reaches the last of many listeners");
	close(fd);
}

static void check_alive(const char *what)
{
	int fd = stream_to("127.0.0.1", HOST_ECHO);

	check(19, fd >= 0 && echoes(fd, "alive"), what);
	close(fd);
}

void check_hostile(void)
{
	as_user(race);
	check_alive("TSI works after three threads have connected what a fourth sends on");
	as_user(chaos);
	check_alive("TSI works after random calls of four processes on one stream");
	as_user(fill_and_close);
	check_alive("TSI works after sockets were closed while they were full");
	check_intruder();
	check_crowd();
}

/* What a closed socket has queued still needs memory. */
static void flood(void)
{
	static const char block[60000];
	struct sockaddr_in to = inet("127.0.0.1", HOST_CLOSED);
	double end = now() + 15;

	while (now() < end) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		sendto(fd, block, sizeof(block), 0, (struct sockaddr *)&to, sizeof(to));
		close(fd);
	}
}

static void floods(void)
{
	int status;

	for (int i = 0; i < 8; i++)
		if (!fork()) {
			flood();
			_exit(0);
		}
	while (wait(&status) > 0)
		check(0, !status, "a process that sends large datagrams is not killed");
}

/* In a guest with little memory */
void check_flood(void)
{
	as_user(floods);
	check_alive("TSI works after the flood");
}
