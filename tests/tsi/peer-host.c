// SPDX-License-Identifier: Apache-2.0
/*
 * The host's end of peer.test: services at UNIX sockets, which the peer's
 * --host-port makes ports of the host, and clients of the guest's services.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer-transfer.h"

#define MEBIBYTE UINT64_C(1048576)

static int fail(const char *what)
{
	printf("peer-host: %s: %s\n", what, strerror(errno));
	return -1;
}

static int unix_socket(const char *path, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address->sun_path, path);
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address;
	int fd = unix_socket(path, &address);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fail(path);
	return fd;
}

static int sink(int fd)
{
	if (transfer_receive(fd, 32 * MEBIBYTE) || transfer_end(fd))
		return -1;
	/* So that the guest knows that everything has come. */
	return send(fd, "!", 1, MSG_NOSIGNAL) == 1 ? 0 : fail("sink");
}

static int slow_sink(int fd)
{
	sleep(3);
	return sink(fd);
}

static int source(int fd)
{
	return transfer_send(fd, 32 * MEBIBYTE);
}

/* Says that it sends nothing, and receives nevertheless. */
static int half(int fd)
{
	if (shutdown(fd, SHUT_WR))
		return fail("shutdown");
	return transfer_receive(fd, MEBIBYTE) || transfer_end(fd) ? -1 : 0;
}

static int hang_up(int fd)
{
	(void)fd;
	return 0;
}

static const struct service {
	const char *name;
	int (*serve)(int fd);
} services[] = {
	{ "echo", transfer_echo },
	{ "sink", sink },
	{ "slow-sink", slow_sink },
	{ "source", source },
	{ "half", half },
	{ "hang-up", hang_up },
};

/* One service, a process for each connection. */
static void serve(const struct service *service)
{
	struct sockaddr_un address;
	int listener = unix_socket(service->name, &address), fd;

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, SOMAXCONN)) {
		fail(service->name);
		return;
	}
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		fflush(stdout);
		if (!fork()) {
			printf("%s: %s\n", service->name,
			       service->serve(fd) ? "failed" : "served");
			exit(0);
		}
		close(fd);
	}
}

/* All services, at sockets in the working directory, until a signal comes. */
static int serve_all(void)
{
	size_t i;

	signal(SIGCHLD, SIG_IGN);
	for (i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		fflush(stdout);
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			serve(&services[i]);
			exit(1);
		}
	}
	pause();
	return 0;
}

/* The guest's echo, with that many bytes and their end. */
static int try_echo(const char *path, uint64_t count)
{
	int fd = connect_to(path), result = -1;

	if (fd < 0)
		return -1;
	if (transfer_exchange(fd, count))
		goto out;
	if (shutdown(fd, SHUT_WR)) {
		fail("shutdown");
		goto out;
	}
	result = transfer_end(fd);
out:
	close(fd);
	return result;
}

static int echo_many(const char *path, int connections)
{
	while (connections--)
		if (try_echo(path, 1000))
			return -1;
	return 0;
}

static int echo_at_once(const char *path, int connections)
{
	int i, status, result = 0;

	for (i = 0; i < connections; i++) {
		fflush(stdout);
		if (!fork())
			exit(try_echo(path, 100000) ? 1 : 0);
	}
	while (wait(&status) > 0)
		if (status)
			result = -1;
	return result;
}

/* A connection that the guest, or the peer in its stead, does not want. */
static int expect_hang_up(const char *path)
{
	int fd = connect_to(path), result;

	if (fd < 0)
		return -1;
	result = transfer_end(fd);
	close(fd);
	return result;
}

int main(int argc, char *argv[])
{
	int result = 2;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "serve"))
		result = serve_all();
	else if (argc == 4 && !strcmp(argv[1], "echo"))
		result = try_echo(argv[2], strtoull(argv[3], NULL, 10));
	else if (argc == 4 && !strcmp(argv[1], "many"))
		result = echo_many(argv[2], atoi(argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "at-once"))
		result = echo_at_once(argv[2], atoi(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "hang-up"))
		result = expect_hang_up(argv[2]);
	else
		puts("Usage: peer-host serve | echo PATH BYTES | many PATH COUNT | "
		     "at-once PATH COUNT | hang-up PATH");
	return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
