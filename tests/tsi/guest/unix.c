/* SPDX-License-Identifier: Apache-2.0 */
/* UNIX sockets, with tsi_hijack_unix. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static int path_connect(const char *path, int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	strcpy(un.sun_path, path);
	return connect(fd, (struct sockaddr *)&un, sizeof(un)) ? -1 : fd;
}

static int path_bind(const char *path, int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	strcpy(un.sun_path, path);
	return bind(fd, (struct sockaddr *)&un, sizeof(un)) ? -1 : fd;
}

/* Within the guest, SO_SNDBUF is the only limit. */
static void check_sizes(int fd, const struct sockaddr_un *un)
{
	enum { MOST = 65536 };
	char *block = calloc(1, MOST + 1);

	check(7, sendto(fd, block, MOST, 0, (struct sockaddr *)un, sizeof(*un)) == MOST &&
		 readable(fd, PATIENCE) && recv(fd, block, 1, MSG_TRUNC) == MOST,
	      "so does one of 65,536 bytes, whole");
	check(7, sendto(fd, block, MOST + 1, 0, (struct sockaddr *)un, sizeof(*un)) < 0 && errno == EMSGSIZE,
	      "one byte more is too many for the host");
	check(7, !connect(fd, (struct sockaddr *)un, sizeof(*un)) && send(fd, block, MOST + 1, 0) < 0 &&
		 errno == EMSGSIZE,
	      "as well after connect()");
	free(block);
}

/* At the host, beside the streams. */
static void check_datagram(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char got[8];

	strcpy(stpcpy(un.sun_path, path), ".datagrams");
	check(42, sendto(fd, "path", 4, 0, (struct sockaddr *)&un, sizeof(un)) == 4 &&
		  readable(fd, PATIENCE) && recv(fd, got, sizeof(got), 0) == 4 && !memcmp(got, "path", 4),
	      "a datagram to the host and back");
	check_sizes(fd, &un);
	close(fd);
}

struct connecting {
	pthread_t thread;
	const char *path;
	int fd, error;
};

static void *connect_main(void *argument)
{
	struct connecting *connecting = argument;
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	strcpy(un.sun_path, connecting->path);
	connecting->error = connect(connecting->fd, (struct sockaddr *)&un, sizeof(un)) ? errno : 0;
	return NULL;
}

/* As in the guest: see same-unix.c. */
static void check_two_threads(const char *path)
{
	int good = 0;

	for (int i = 0; i < 20; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		struct connecting two[2] = {
			{ .path = path, .fd = fd },
			{ .path = path, .fd = fd },
		};

		for (int j = 0; j < 2; j++)
			pthread_create(&two[j].thread, NULL, connect_main, &two[j]);
		for (int j = 0; j < 2; j++)
			pthread_join(two[j].thread, NULL);
		good += two[0].error + two[1].error == EISCONN && two[0].error * two[1].error == 0 &&
			echoes(fd, "one");
		close(fd);
	}
	check(22, good == 20, "of two threads that connect a socket, one gets EISCONN");
}

static bool refused(const char *path, int type, int error)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);
	bool good;

	strcpy(un.sun_path, path);
	good = connect(fd, (struct sockaddr *)&un, sizeof(un)) && errno == error;
	close(fd);
	return good;
}

/* What a socket that listens has left, while the host has it still. */
static void check_renamed(const char *at)
{
	char spelled[160];
	const char *name = strrchr(at, '/');
	int status;
	pid_t pid;

	check(0, refused(at, SOCK_STREAM, ENOENT), "connect() does not find it at its old path");
	check(0, refused(at, SOCK_STREAM | SOCK_NONBLOCK, ENOENT), "nor does a non-blocking connect()");
	check(0, refused(at, SOCK_DGRAM, ENOENT), "nor one for datagrams");
	snprintf(spelled, sizeof(spelled), "/.%.*s//.%s", (int)(name - at), at, name);
	check(0, refused(spelled, SOCK_STREAM, ENOENT), "nor one that spells the path otherwise");
	pid = fork();
	if (!pid)
		_exit(chroot("/proc") || !refused(at, SOCK_STREAM, ENOENT));
	check(0, waitpid(pid, &status, 0) == pid && !status, "nor one with another root directory");
}

/* A server is replaced by another, as by those that unlink what is in their way. */
static void check_replaced(const char *at)
{
	int old = path_bind(at, SOCK_STREAM), next;

	listen(old, 5);
	check(0, host_reaches(old, at), "the host reaches a server by its path");
	unlink(at);
	next = path_bind(at, SOCK_STREAM);
	check(0, !listen(next, 5), "another listens at the same path");
	close(old);
	check(0, host_reaches(next, at), "the host reaches that one after the other has gone");
	close(next);
	unlink(at);
}

/* In the directory of the host's sockets, where the host can listen for the guest. */
static void check_stale(const char *path)
{
	char directory[100], at[128], other[128];
	int listener;

	strcpy(directory, path);
	*strrchr(directory, '/') = '\0';
	for (char *slash = directory; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(directory, 0755);
		*slash = '/';
	}
	mkdir(directory, 0755);
	snprintf(at, sizeof(at), "%s/guest", directory);
	snprintf(other, sizeof(other), "%s/other", directory);

	listener = path_bind(at, SOCK_STREAM);
	check(0, !listen(listener, 5) && !rename(at, other), "a socket that listens is renamed");
	check_renamed(at);
	close(path_connect(other, SOCK_STREAM));
	close(listener);
	check(0, refused(other, SOCK_STREAM, ECONNREFUSED), "connect() to a stale path is refused");
	check(0, refused(other, SOCK_STREAM | SOCK_NONBLOCK, ECONNREFUSED),
	      "a non-blocking connect() is refused at once");
	unlink(other);
	check(0, refused(other, SOCK_DGRAM, ENOENT),
	      "connect() for datagrams does not find a path");
	check(0, refused(other, SOCK_DGRAM | SOCK_NONBLOCK, ENOENT),
	      "nor does a non-blocking one");
	check_replaced(at);
}

void check_unix(void)
{
	int pair[2], listener, client, server;
	char path[100], byte;

	check(42, !socketpair(AF_UNIX, SOCK_STREAM, 0, pair) && write(pair[0], "x", 1) == 1 &&
		  read(pair[1], &byte, 1) == 1,
	      "socketpair");
	listener = path_bind("/tmp/local", SOCK_STREAM);
	check(42, listener >= 0 && !listen(listener, 5), "listen in the guest");
	client = path_connect("/tmp/local", SOCK_STREAM);
	server = accept(listener, NULL, NULL);
	check(42, client >= 0 && server >= 0 && write(client, "x", 1) == 1 && read(server, &byte, 1) == 1,
	      "a stream in the guest");
	listener = path_bind("/tmp/datagrams", SOCK_DGRAM);
	client = path_connect("/tmp/datagrams", SOCK_DGRAM);
	check(42, write(client, "x", 1) == 1 && read(listener, &byte, 1) == 1,
	      "a datagram in the guest");
	host_path(path);
	client = path_connect(path, SOCK_STREAM);
	check(42, client >= 0 && echoes(client, "unix"), "a stream to the host");
	check_two_threads(path);
	check_datagram(path);
	check_stale(path);
}
