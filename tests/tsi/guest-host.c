// SPDX-License-Identifier: Apache-2.0
/*
 * The host's side of guest.test and the like: services at 127.0.0.1, and an echo at the UNIX
 * socket that is given. See guest/check.h for what they are.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest/check.h"

typedef void service(int fd);

struct port {
	int listener;
	service *serve;
};

struct connection {
	int fd;
	service *serve;
};

static void echo(int fd)
{
	static _Thread_local char block[65536];
	ssize_t n;

	while ((n = recv(fd, block, sizeof(block), 0)) > 0)
		for (ssize_t sent = 0, m; sent < n; sent += m) {
			m = send(fd, block + sent, (size_t)(n - sent), MSG_NOSIGNAL);
			if (m <= 0)
				return;
		}
}

static void talk(int fd)
{
	send(fd, "bye", 3, MSG_NOSIGNAL);
}

static void reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };
	char byte;

	recv(fd, &byte, 1, 0);
	talk(fd);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void half(int fd)
{
	char block[4096];
	unsigned long count = 0;
	ssize_t n;

	send(fd, "half", 4, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	while ((n = recv(fd, block, sizeof(block), 0)) > 0)
		count += (unsigned long)n;
	printf("half: %lu bytes\n", count);
	fflush(stdout);
}

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return in;
}

/* A socket that is connected to "PORT", to "[::1]:PORT", or to the path of a socket. */
static int connected(const char *name)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in;
	struct sockaddr *address = (struct sockaddr *)&un;
	socklen_t length = sizeof(un);
	int port, guest;

	if (sscanf(name, "[::1]:%d", &port) == 1) {
		in6.sin6_port = htons((uint16_t)port);
		address = (struct sockaddr *)&in6;
		length = sizeof(in6);
	} else if (sscanf(name, "%d", &port) == 1) {
		in = loopback(port);
		address = (struct sockaddr *)&in;
		length = sizeof(in);
	} else {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", name);
	}
	guest = socket(address->sa_family, SOCK_STREAM, 0);
	if (guest >= 0 && connect(guest, address, length)) {
		close(guest);
		return -1;
	}
	return guest;
}

/* With "+" before the name, as soon as somebody listens there */
static int called(const char *name)
{
	int guest = connected(name + (*name == '+'));

	for (int i = 0; guest < 0 && *name == '+' && i < 100000; i++) {
		usleep(100);
		guest = connected(name + 1);
	}
	return guest;
}

/* Connects to the guest and sends back what it says. */
static void call(int fd)
{
	char line[256] = "", name[108], answer[128];
	int at = 0, guest;
	ssize_t n;

	if (recv(fd, line, sizeof(line) - 1, 0) <= 0 || sscanf(line, "%107s %n", name, &at) < 1)
		return;
	line[strcspn(line, "\n")] = '\0';
	guest = called(name);
	if (guest >= 0) {
		send(guest, line + at, strlen(line + at), MSG_NOSIGNAL);
		while ((n = recv(guest, answer, sizeof(answer), 0)) > 0)
			send(fd, answer, (size_t)n, MSG_NOSIGNAL);
	}
	close(guest);
}

static void *connection_main(void *argument)
{
	struct connection connection = *(struct connection *)argument;

	free(argument);
	connection.serve(connection.fd);
	close(connection.fd);
	return NULL;
}

static void *port_main(void *argument)
{
	struct port *port = argument;
	pthread_t thread;
	int fd;

	while ((fd = accept(port->listener, NULL, NULL)) >= 0) {
		struct connection *connection = malloc(sizeof(*connection));

		connection->fd = fd;
		connection->serve = port->serve;
		if (pthread_create(&thread, NULL, connection_main, connection))
			abort();
		pthread_detach(thread);
	}
	perror("guest-host: accept");
	exit(EXIT_FAILURE);
}

static void serve(int listener, service *work)
{
	struct port *port = malloc(sizeof(*port));
	pthread_t thread;

	port->listener = listener;
	port->serve = work;
	if (listen(listener, 1024) || pthread_create(&thread, NULL, port_main, port)) {
		perror("guest-host: listen");
		exit(EXIT_FAILURE);
	}
}

static int bound(int type, int port)
{
	struct sockaddr_in in = loopback(port);
	int fd = socket(AF_INET, type, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&in, sizeof(in))) {
		fprintf(stderr, "guest-host: 127.0.0.1:%d: ", port);
		perror(NULL);
		exit(EXIT_FAILURE);
	}
	return fd;
}

static int bound_path(int type, const char *path, const char *suffix)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s%s", path, suffix);
	if (bind(fd, (struct sockaddr *)&un, sizeof(un))) {
		perror("guest-host: UNIX socket");
		exit(EXIT_FAILURE);
	}
	return fd;
}

/* Also at PATH.datagrams. */
static void *echo_datagrams(void *argument)
{
	static _Thread_local char block[65536];
	struct sockaddr_storage from;
	int fd = *(int *)argument;
	socklen_t length;
	ssize_t n;

	for (;;) {
		length = sizeof(from);
		n = recvfrom(fd, block, sizeof(block), 0, (struct sockaddr *)&from, &length);
		if (n >= 0)
			sendto(fd, block, (size_t)n, 0, (struct sockaddr *)&from, length);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int udp, path;

	if (argc != 2) {
		fputs("Usage: guest-host UNIX-SOCKET\n", stderr);
		return 2;
	}
	serve(bound(SOCK_STREAM, HOST_CALL), call);
	serve(bound(SOCK_STREAM, HOST_ECHO), echo);
	serve(bound(SOCK_STREAM, HOST_TALK), talk);
	serve(bound(SOCK_STREAM, HOST_HALF), half);
	serve(bound(SOCK_STREAM, HOST_RESET), reset);
	serve(bound_path(SOCK_STREAM, argv[1], ""), echo);
	path = bound_path(SOCK_DGRAM, argv[1], ".datagrams");
	if (pthread_create(&thread, NULL, echo_datagrams, &path)) {
		fputs("guest-host: no thread\n", stderr);
		return EXIT_FAILURE;
	}
	bound(SOCK_DGRAM, HOST_DISCARD);
	udp = bound(SOCK_DGRAM, HOST_UDP);
	puts("ready");
	fflush(stdout);
	echo_datagrams(&udp);
}
