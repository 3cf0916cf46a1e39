/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that forgets the guest's sockets and says so, like one that has restored a
 * snapshot: see restore_when_asked() of hosts.test.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

#define LISTENER 9601
#define LISTENER_NAME "9601"
#define LISTENER6 9602
#define LISTENER6_NAME "9602"
#define LISTENER_THREAD 9603

/* Tries of a second each: what is on its way when the host forgets is lost. */
#define TRIES 20

struct blocked {
	pthread_t thread;
	int fd, result, error;
};

static void *recv_main(void *argument)
{
	struct timeval timeout = { .tv_sec = TRIES };
	struct blocked *blocked = argument;
	char byte;

	setsockopt(blocked->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	blocked->result = (int)recv(blocked->fd, &byte, 1, 0);
	blocked->error = errno;
	return NULL;
}

static void *accept_main(void *argument)
{
	struct timeval timeout = { .tv_sec = TRIES };
	struct blocked *blocked = argument;
	char bytes[8];
	int fd;

	setsockopt(blocked->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	fd = accept(blocked->fd, NULL, NULL);
	blocked->result = fd < 0 ? -1 : (int)recv(fd, bytes, sizeof(bytes), 0);
	blocked->error = errno;
	close(fd);
	return NULL;
}

/* Has the host forget everything, and waits for the end of a stream. */
static void restore(int stream)
{
	static int times;

	printf("# restore %d\n", ++times);
	check(40, polled(stream, 0, PATIENCE), "a stream ends when the host forgets it");
}

static int listen_at6(int port)
{
	struct sockaddr_in6 in6 = inet6("::", port);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&in6, sizeof(in6)) || listen(fd, 64))
		return -1;
	return fd;
}

static bool sends(int fd, bool connected)
{
	struct sockaddr_in in = inet("127.0.0.1", HOST_UDP);
	socklen_t length = connected ? 0 : sizeof(in);
	struct sockaddr *to = connected ? NULL : (struct sockaddr *)&in;
	char byte;

	for (int i = 0; i < TRIES; i++)
		if (sendto(fd, "x", 1, 0, to, length) == 1 && readable(fd, 1000))
			return recv(fd, &byte, 1, 0) == 1;
	return false;
}

static bool is_reset(int fd)
{
	struct timeval timeout = { .tv_sec = 10 };
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	return recv(fd, &byte, 1, 0) < 0 && errno == ECONNRESET;
}

/* A connection of the host that the guest has accepted, at LISTENER. */
static int accepted(int listener, int *call)
{
	char byte;
	int fd;

	*call = host_calls(LISTENER, "x");
	fd = accept(listener, NULL, NULL);
	return fd >= 0 && recv(fd, &byte, 1, 0) == 1 ? fd : -1;
}

static void check_streams(int listener)
{
	struct blocked blocked = { .fd = stream_to("127.0.0.1", HOST_ECHO) };
	struct blocked polled_too = { .fd = stream_to("127.0.0.1", HOST_ECHO) };
	int read_one = stream_to("127.0.0.1", HOST_ECHO);
	int error_one = stream_to("127.0.0.1", HOST_ECHO);
	int write_one = stream_to("127.0.0.1", HOST_ECHO);
	int call, reverse = accepted(listener, &call);
	int waiting_call = host_calls(LISTENER, "x"), waiting = -1;
	char byte;

	check(40, echoes(blocked.fd, "a") && echoes(read_one, "b") && echoes(error_one, "c") &&
		  echoes(write_one, "d") && echoes(polled_too.fd, "e") && reverse >= 0, "streams to the host, and one from it");
	check(26, readable(listener, PATIENCE), "and one that is not accepted yet");
	pthread_create(&blocked.thread, NULL, recv_main, &blocked);
	pthread_create(&polled_too.thread, NULL, recv_main, &polled_too);
	restore(polled_too.fd);
	polled(read_one, 0, PATIENCE);
	check(40, is_reset(read_one), "reading is ECONNRESET");
	check(40, recv(read_one, &byte, 1, 0) == 0, "and then the end");
	check(40, (polled(read_one, POLLIN, 0) & (POLLIN | POLLHUP)) == (POLLIN | POLLHUP),
	      "which poll() tells");
	check(40, polled(error_one, 0, PATIENCE) & POLLERR &&
		  option(error_one, SOL_SOCKET, SO_ERROR) == ECONNRESET, "so is SO_ERROR");
	check(40, polled(write_one, 0, PATIENCE) && send(write_one, "x", 1, MSG_NOSIGNAL) < 0 &&
		  (errno == ECONNRESET || errno == EPIPE), "writing fails");
	pthread_join(blocked.thread, NULL);
	errno = blocked.error;
	check(40, blocked.result < 0 && errno == ECONNRESET, "so does a call that waits for data");
	check(40, recv(blocked.fd, &byte, 1, 0) == 0, "which is told once");
	pthread_join(polled_too.thread, NULL);
	errno = polled_too.error;
	check(40, polled_too.result == 0 || (polled_too.result < 0 && errno == ECONNRESET),
	      "and one beside poll(), if only with the end");
	check(40, is_reset(reverse), "a stream from the host ends in the same way");
	if (readable(listener, 1000))
		waiting = accept(listener, NULL, NULL);
	check(40, waiting < 0 || is_reset(waiting),
	      "what was not accepted is at its end, or gone");
	close(blocked.fd);
	close(polled_too.fd);
	close(read_one);
	close(error_one);
	close(write_one);
	close(reverse);
	close(call);
	close(waiting);
	close(waiting_call);
}

/* Two that share a port, from before: the host has one of them again. */
static int shared[2];

static void share(void)
{
	shared[0] = listen_shared("0.0.0.0", 9604);
	shared[1] = listen_shared("0.0.0.0", 9604);
}

static void check_successor(void)
{
	int reached = -1;

	for (int i = 0; i < TRIES && reached < 0; i++) {
		int call = host_calls(9604, "x");

		if (readable(shared[1], 1000))
			reached = 1;
		else if (readable(shared[0], 0))
			reached = 0;
		close(call);
	}
	check(26, reached >= 0, "the host reaches one of two that share a port");
	reached = reached > 0;
	close(shared[reached]);
	check(26, host_reaches(shared[!reached], "9604"),
	      "the other one gets the port when that one has gone");
	close(shared[!reached]);
}

static void check_others(int listener, int listener6)
{
	struct blocked blocked = { .fd = listen_at("0.0.0.0", LISTENER_THREAD) };
	int unconnected = socket(AF_INET, SOCK_DGRAM, 0);
	int connected = socket(AF_INET, SOCK_DGRAM, 0);
	int stream = stream_to("127.0.0.1", HOST_ECHO), call, fd;

	check(34, sends(unconnected, false), "a datagram and its answer");
	check(37, !connect_to(connected, "127.0.0.1", HOST_UDP) && sends(connected, true),
	      "the same from a socket that is connected");
	pthread_create(&blocked.thread, NULL, accept_main, &blocked);
	share();
	restore(stream);
	check(26, host_reaches(listener, LISTENER_NAME), "the host reaches a listener again");
	check(26, host_reaches(listener6, LISTENER6_NAME), "and one of IPv6");
	check(34, sends(unconnected, false), "a datagram has its answer again");
	check(37, sends(connected, true), "so has one of a connected socket");

	while (pthread_tryjoin_np(blocked.thread, NULL)) {
		call = host_calls(LISTENER_THREAD, "thread");
		readable(call, 1000);
		close(call);
		usleep(200000);
	}
	errno = blocked.error;
	check(27, blocked.result == 6, "a call that waits for a connection gets it");
	close(blocked.fd);
	close(unconnected);
	close(connected);
	close(stream);
	fd = stream_to("127.0.0.1", HOST_ECHO);
	check(16, echoes(fd, "new"), "new streams reach the host");
	close(fd);
}

void check_restored(void)
{
	int listener = listen_at("0.0.0.0", LISTENER), listener6 = listen_at6(LISTENER6);

	check(26, host_reaches(listener, LISTENER_NAME) && host_reaches(listener6, LISTENER6_NAME),
	      "the host reaches the listeners");
	check_streams(listener);
	check_others(listener, listener6);
	check_successor();
	close(listener);
	close(listener6);
}

/* The host takes its time to answer CONNECT, and forgets it meanwhile. */
void check_restored_asking(void)
{
	struct vsock_address host = { .family = AF_VSOCK, .port = 5000, .cid = 2 };
	int plain = socket(AF_VSOCK, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	check(43, !connect(plain, (struct sockaddr *)&host, sizeof(host)),
	      "a plain vsock stream to the host");
	check(17, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == EINPROGRESS,
	      "a connect that takes some time");
	restore(plain);
	check(17, polled(fd, POLLOUT, PATIENCE) == POLLOUT &&
		  option(fd, SOL_SOCKET, SO_ERROR) == 0, "is asked for again");
	fcntl(fd, F_SETFL, 0);
	check(17, echoes(fd, "late"), "and connects");
	close(fd);
	close(plain);
}

/* A listener that the host had and does not take again, at first or at all */
static int forgotten_listener(const char *error)
{
	int listener = listen_at("0.0.0.0", LISTENER), stream = stream_to("127.0.0.1", HOST_ECHO);
	double start = now();
	char line[80];

	check(26, host_reaches(listener, LISTENER_NAME), "the host reaches a listener");
	restore(stream);
	snprintf(line, sizeof(line), "tsi: the host does not listen at 0.0.0.0:%d: error %s\n", LISTENER,
		 error);
	while (!logged(line) && now() - start < (double)PATIENCE / 1000)
		usleep(100000);
	check(25, logged(line) == 1, "the kernel says that the host does not listen any more");
	close(stream);
	return listener;
}

/* EACCES for the second LISTEN and all after it */
void check_restored_refused(void)
{
	int listener = forgotten_listener("13"), client = stream_to("127.0.0.1", LISTENER);
	int server = accept(listener, NULL, NULL);

	check(25, client >= 0 && server >= 0, "it serves the guest");
	close(client);
	close(server);
	close(listener);
}

/* ETIMEDOUT for the second LISTEN and the third */
void check_restored_late(void)
{
	int listener = forgotten_listener("110");

	check(26, host_reaches(listener, LISTENER_NAME), "it is asked until it does");
	close(listener);
}
