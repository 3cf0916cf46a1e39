/* SPDX-License-Identifier: Apache-2.0 */
/* A host that takes no packets for a while: its process is stopped. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* So large that the requests to the host, and not the datagrams, use up their room */
enum { SEND_BUFFER = 212992 };

/* KASAN keeps freed memory for some time, as with-debug-kernel knows. */
static long kept(void)
{
	return argument("tsi_kept", 0);
}

static bool host_answers(int milliseconds)
{
	struct sockaddr_in to = inet("127.0.0.1", HOST_UDP);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool answers;

	answers = sendto(fd, "?", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) == 1 &&
		  readable(fd, milliseconds);
	close(fd);
	return answers;
}

/* hosts.test reads it on the console, and stops the host's process or continues it. */
static void stop_host(void)
{
	puts("# STOPHOST");
	while (host_answers(1500))
		;
}

static bool continue_host(void)
{
	double end = now() + (double)PATIENCE / 1000;

	puts("# CONTINUEHOST");
	while (!host_answers(1500))
		if (now() > end)
			return false;
	return true;
}

static int datagram_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = SEND_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

static bool send_byte(int fd, int flags)
{
	struct sockaddr_in to = inet("127.0.0.1", HOST_CLOSED);

	return sendto(fd, "x", 1, flags, (struct sockaddr *)&to, sizeof(to)) == 1;
}

static void check_timeout(void)
{
	struct timeval timeout = { .tv_sec = 1 };
	int fd = datagram_socket(), sent = 0;
	double start;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	do
		start = now();
	while (send_byte(fd, 0) && ++sent < 100000);
	printf("# %d sent, then it took %.2f s\n", sent, now() - start);
	check(19, errno == EAGAIN && now() - start > 0.8 && now() - start < 3,
	      "sendto heeds SO_SNDTIMEO while the host is stopped");
	check(0, !(polled(fd, POLLOUT, 0) & POLLOUT), "then poll does not report POLLOUT");
	close(fd);
}

static void check_small_buffer(bool connected)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 4096, sent = 0;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (connected)
		connect_to(fd, "127.0.0.1", HOST_CLOSED);
	while (sent < 100000 && (connected ? send(fd, "x", 1, 0) == 1 : send_byte(fd, 0)))
		sent++;
	check(0, sent < 100000 && errno == EAGAIN && !(polled(fd, POLLOUT, 0) & POLLOUT),
	      connected ? "nor is that of a connected socket" :
			  "a small SO_SNDBUF that is used up is not writable");
	close(fd);
}

/* A process is killed when it sends nothing more, because it waits. */
static bool dies_in_sendto(void)
{
	atomic_int *sent = mmap(NULL, sizeof(*sent), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int before, status;
	pid_t pid = fork();

	if (!pid) {
		int fd = datagram_socket();

		while (send_byte(fd, 0))
			atomic_fetch_add(sent, 1);
		_exit(0);
	}
	do {
		before = *sent;
		usleep(700000);
	} while (*sent != before);
	kill(pid, SIGKILL);
	return ends_in(pid, &status, 2) && WIFSIGNALED(status);
}

static void use_and_close(void)
{
	static const char block[4000];
	struct sockaddr_in to = inet("127.0.0.1", HOST_CLOSED);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	for (int i = 0; i < 100; i++)
		if (sendto(fd, block, sizeof(block), MSG_DONTWAIT, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			break;
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect_to(fd, "127.0.0.1", HOST_CLOSED);
	close(fd);
}

/* What closed sockets have queued is bounded, too. */
static void check_memory(void)
{
	long before = number_in("/proc/meminfo", "SUnreclaim:"), grown, cycles = 0;
	double end = now() + 6;

	for (; now() < end; cycles++)
		use_and_close();
	grown = number_in("/proc/meminfo", "SUnreclaim:") - before;
	printf("# %ld KiB more after %ld sockets of both kinds\n", grown, cycles);
	check(38, grown < 5000 + kept(),
	      "sockets that are filled and closed leave no memory behind");
}

static void meanwhile(void)
{
	check_timeout();
	check_small_buffer(false);
	check_small_buffer(true);
	check(19, dies_in_sendto(), "a process that waits in sendto can be killed");
	check_memory();
}

/* On one processor: a loop in the kernel would stop all the rest. */
void check_stopped_host(void)
{
	int stream = stream_to("127.0.0.1", HOST_ECHO), full = datagram_socket();
	int listener, server, call;
	long before;

	before = number_in("/proc/meminfo", "SUnreclaim:");
	stop_host();
	as_user(meanwhile);
	while (send_byte(full, MSG_DONTWAIT))
		;
	check(0, continue_host(), "the host is continued, and answers");
	check(0, polled(full, POLLOUT, PATIENCE) & POLLOUT && send_byte(full, 0),
	      "a socket that was full is writable");
	check(0, echoes(stream, "still"), "a stream from before still works");
	close(stream);
	stream = stream_to("127.0.0.1", HOST_ECHO);
	check(0, stream >= 0 && echoes(stream, "new"), "a new stream works");
	listener = listen_at("0.0.0.0", 9702);
	call = host_calls(9702, "call");
	server = accept(listener, NULL, NULL);
	check(0, server >= 0 && readable(server, PATIENCE), "a new listener works");
	close(server);
	close(call);
	close(listener);
	close(stream);
	close(full);
	/* Memory is freed late. */
	sleep(5);
	before = number_in("/proc/meminfo", "SUnreclaim:") - before;
	printf("# %ld KiB more than before\n", before);
	check(38, before < 1500 + kept(), "memory is free again");
}
