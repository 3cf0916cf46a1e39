/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts that reset streams, and hosts whose answers are useless. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

/* A stream ends: nothing more to read, nothing to write, nothing to wait for. */
static void check_end(int fd)
{
	struct timeval timeout = { .tv_sec = 5 };
	double start = now();
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	check(40, recv(fd, &byte, 1, 0) == 0, "the end is read");
	check(40, send(fd, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE, "writing is EPIPE");
	close(fd);
	check(40, now() - start < 5, "nothing waits");
}

/* The host answers a REQUEST with RST. */
void check_reset_request(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	double start = now();

	check(14, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == ECONNREFUSED && now() - start < 2,
	      "connect fails at once when the stream is reset");
	check(14, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == ECONNREFUSED, "and again");
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	check(17, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == EINPROGRESS &&
		  polled(fd, 0, PATIENCE) & POLLERR && option(fd, SOL_SOCKET, SO_ERROR) == ECONNREFUSED,
	      "so does one that nobody waits for");
	close(fd);
}

/* The host ignores a REQUEST. */
void check_no_response(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	double start = now();

	check(12, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == ETIMEDOUT && now() - start < 10,
	      "connect gives up on a stream that is not answered");
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	alarm_after(300);
	start = now();
	check(19, connect_to(fd, "127.0.0.1", HOST_ECHO) && errno == EINTR && now() - start < 1.5,
	      "and can be interrupted");
	close(fd);
}

/* RST comes after RESPONSE, the first data, or the first SHUTDOWN. */
void check_reset(void)
{
	int fd = stream_to("127.0.0.1", HOST_ECHO);

	if (argument("tsi_reset", 0) == 0) {
		check(40, fd >= 0 || errno == ECONNREFUSED, "a stream that is reset once open");
		if (fd < 0)
			return;
	}
	if (argument("tsi_reset", 0) == 1)
		check(40, send(fd, "x", 1, 0) == 1, "one that is reset with its first data");
	if (argument("tsi_reset", 0) == 2)
		check(40, echoes(fd, "x") && !shutdown(fd, SHUT_WR), "one that is reset at its end");
	check_end(fd);
}

/* What comes from the host is reset before or after the guest has taken it. */
void check_reset_reverse(void)
{
	int listener = listen_at("0.0.0.0", 9501), call, fd;
	struct timeval timeout = { .tv_sec = 2 };

	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	for (int i = 0; i < 3; i++) {
		call = host_calls(9501, "x");
		fd = accept(listener, NULL, NULL);
		check(40, fd >= 0 || errno == EAGAIN, "a connection that is at its end, or none");
		if (fd >= 0)
			check_end(fd);
		close(call);
	}
	fd = stream_to("127.0.0.1", 9501);
	close(fd);
	fd = accept(listener, NULL, NULL);
	check(40, fd >= 0, "the guest still comes through");
	close(fd);
	close(listener);
}

/* Answers are too short, or not from where they should be. */
void check_useless_answers(void)
{
	struct timeval timeout = { .tv_sec = 1 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	double start = now();

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	check(19, connect_to(fd, "127.0.0.1", HOST_ECHO) && now() - start > 0.9 && now() - start < 3,
	      "connect takes them for none");
	close(fd);
	start = now();
	fd = listen_at("0.0.0.0", 9502);
	check(19, fd < 0 && errno == ETIMEDOUT && now() - start < 8, "so does listen");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	check(19, connect_to(fd, "127.0.0.1", HOST_UDP) && errno == ETIMEDOUT,
	      "and connect of datagrams");
	close(fd);
}
