/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What UNIX sockets answer when several threads connect one, whether there is TSI or
 * not: the guest is booted with both.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

struct connecting {
	pthread_t thread;
	int fd, error;
};

static int path_connect(int fd, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	strcpy(un.sun_path, path);
	return connect(fd, (struct sockaddr *)&un, sizeof(un)) ? errno : 0;
}

static void *connect_main(void *argument)
{
	struct connecting *connecting = argument;

	connecting->error = path_connect(connecting->fd, "/tmp/full");
	return NULL;
}

static void start_two(struct connecting *two, int fd)
{
	for (int i = 0; i < 2; i++) {
		two[i] = (struct connecting){ .fd = fd };
		pthread_create(&two[i].thread, NULL, connect_main, &two[i]);
		usleep(300000);
	}
}

static void join_two(struct connecting *two)
{
	for (int i = 0; i < 2; i++)
		pthread_join(two[i].thread, NULL);
}

/* A listener whose queue *FIRST fills. */
static int full_listener(int *first)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/tmp/full" };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	*first = socket(AF_UNIX, SOCK_STREAM, 0);
	check(0, !bind(listener, (struct sockaddr *)&un, sizeof(un)) && !listen(listener, 0) &&
		 !path_connect(*first, "/tmp/full"),
	      "a UNIX socket whose queue is full");
	return listener;
}

static void check_full(void)
{
	int first, listener = full_listener(&first), fd = socket(AF_UNIX, SOCK_STREAM, 0), taken[2];
	struct connecting two[2];

	fcntl(fd, F_SETFL, O_NONBLOCK);
	check(0, path_connect(fd, "/tmp/full") == EAGAIN, "a non-blocking connect() does not wait");
	fcntl(fd, F_SETFL, 0);
	start_two(two, fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	check(0, path_connect(fd, "/tmp/full") == EAGAIN, "nor does it while two threads wait in connect()");
	check(0, path_connect(fd, "/proc/stat") == ECONNREFUSED, "or find what does not listen");
	taken[0] = accept(listener, NULL, NULL);
	taken[1] = accept(listener, NULL, NULL);
	join_two(two);
	check(0, two[0].error + two[1].error == EISCONN && two[0].error * two[1].error == 0,
	      "one of the two connects, and the other gets EISCONN");
	check(0, path_connect(fd, "/tmp/full") == EISCONN, "so does a third");
	check(0, write(taken[1], "x", 1) == 1 && readable(fd, PATIENCE), "they share a connection");
	check(0, path_connect(listener, "/tmp/full") == EINVAL, "a socket that listens cannot connect");
	close(taken[0]);
	close(taken[1]);
	close(first);
	close(fd);
	close(listener);
	unlink("/tmp/full");
}

static void check_closed(void)
{
	int first, listener = full_listener(&first), fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct timeval timeout = { .tv_usec = 300000 };
	struct connecting two[2];

	start_two(two, fd);
	close(listener);
	join_two(two);
	check(0, two[0].error == ECONNREFUSED && two[1].error == ECONNREFUSED,
	      "two that wait are refused when the listener is closed");
	close(first);
	close(fd);
	unlink("/tmp/full");

	listener = full_listener(&first);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	check(0, path_connect(fd, "/tmp/full") == EAGAIN, "SO_SNDTIMEO ends a connect() that waits");
	alarm_after(100);
	check(0, path_connect(fd, "/tmp/full") == EINTR, "so does a signal");
	close(first);
	close(fd);
	close(listener);
	unlink("/tmp/full");
}

void check_same_unix(void)
{
	check_full();
	check_closed();
}
