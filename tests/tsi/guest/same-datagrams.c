/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What datagrams of the host look like to programs, for the set "same": as from another
 * program in the guest.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"

/* The most that UDP takes over IPv4 */
#define LARGEST 65507

/* Connected to the echo of the host. */
static int echo(int family)
{
	struct sockaddr_in to = inet("127.0.0.1", HOST_UDP);
	int fd = socket(family, SOCK_DGRAM, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* --- Large ones ---------------------------------------------------------------- */

static void fill(unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(i * 7 + i / 251 + size);
}

static bool comes_back(int fd, size_t size)
{
	static unsigned char sent[LARGEST], got[LARGEST + 1];
	struct iovec part = { got, sizeof(got) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	fill(sent, size);
	if (send(fd, sent, size, 0) != (ssize_t)size || !readable(fd, PATIENCE))
		return false;
	n = recvmsg(fd, &message, 0);
	if (n == (ssize_t)size && !message.msg_flags && !memcmp(sent, got, size))
		return true;
	printf("# of %zu bytes, %zd came, flags %#x\n", size, n, (unsigned int)message.msg_flags);
	return false;
}

static void check_large_answers(void)
{
	/* Around what fits into a page, too */
	static const size_t sizes[] = { 3731, 3732, 3733, 4096, 32768, 65000 };
	int fd = echo(AF_INET), good = 0, count = 0;
	char got[8];

	check(7, comes_back(fd, 8000), "an answer of 8,000 bytes is whole");
	check(7, comes_back(fd, LARGEST), "so is the largest one of UDP");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		good += comes_back(fd, sizes[i]);
	check(8, good == sizeof(sizes) / sizeof(*sizes), "and those of sizes in between");

	static unsigned char block[LARGEST];
	struct iovec part = { got, sizeof(got) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	check(33, send(fd, block, LARGEST, 0) == LARGEST && readable(fd, PATIENCE) &&
		  !ioctl(fd, FIONREAD, &count) && count == LARGEST,
	      "FIONREAD of the largest");
	check(37, recv(fd, got, sizeof(got), MSG_PEEK | MSG_TRUNC) == LARGEST,
	      "MSG_PEEK with MSG_TRUNC tells its size");
	check(37, recvmsg(fd, &message, MSG_TRUNC) == LARGEST && message.msg_flags & MSG_TRUNC,
	      "MSG_TRUNC tells its size, and that it is cut");
	close(fd);
}

/* Many at once are bounded by the queue of the socket, and by nothing else. */
static void check_many_large(void)
{
	static unsigned char block[LARGEST];
	int fd = echo(AF_INET), size = 1 << 20, good = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (int i = 0; i < 200; i++)
		good += send(fd, block, LARGEST, 0) == LARGEST && readable(fd, PATIENCE) &&
			recv(fd, block, sizeof(block), 0) == LARGEST;
	check(3, good == 200, "200 of the largest size there and back");
	close(fd);
}

void check_same_datagrams(void)
{
	check_large_answers();
	check_many_large();
}
