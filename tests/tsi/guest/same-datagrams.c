/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What datagrams of the host look like to programs, for the set "same": as from another
 * program in the guest.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* The most that UDP takes over IPv4 */
#define LARGEST 65507
/* musl has no name for it. */
enum { PEEK_OFFSET_OPTION = 42 };

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

static bool is_echo(const struct sockaddr_in6 *from)
{
	struct sockaddr_in6 want = inet6("::ffff:127.0.0.1", HOST_UDP);

	return from->sin6_family == AF_INET6 && from->sin6_port == want.sin6_port &&
	       !memcmp(&from->sin6_addr, &want.sin6_addr, sizeof(want.sin6_addr));
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

/* --- Flags and control messages ------------------------------------------------ */

static void check_peek(void)
{
	int fd = echo(AF_INET), offset = 0;
	char got[8] = "";

	check(37, send(fd, "abcdef", 6, 0) == 6 && readable(fd, PATIENCE) &&
		  recv(fd, got, 6, MSG_PEEK) == 6 && !memcmp(got, "abcdef", 6),
	      "MSG_PEEK leaves a datagram where it is");
	setsockopt(fd, SOL_SOCKET, PEEK_OFFSET_OPTION, &offset, sizeof(offset));
	check(37, recv(fd, got, 2, MSG_PEEK) == 2 && recv(fd, got + 2, 4, MSG_PEEK) == 4 &&
		  !memcmp(got, "abcdef", 6),
	      "with SO_PEEK_OFF it goes on where it was");
	check(37, recv(fd, got, sizeof(got), 0) == 6 && !readable(fd, 0), "a read takes all of it");
	close(fd);
}

/* The value of the one control message that comes with a datagram. */
static bool receives_control(int fd, int type, void *value, size_t size)
{
	char byte, room[256] __attribute__((aligned(8)));
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room),
	};
	struct cmsghdr *header;

	if (!readable(fd, PATIENCE) || recvmsg(fd, &message, 0) != 1)
		return false;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != type)
		return false;
	memcpy(value, CMSG_DATA(header), size);
	return true;
}

/* SO_TIMESTAMP, SO_TIMESTAMPNS: a datagram that has waited a while says when it came. */
static bool has_time(int name, bool nanoseconds)
{
	int fd = echo(AF_INET), on = 1;
	struct timespec before, after, time = { 0 };
	bool good;

	setsockopt(fd, SOL_SOCKET, name, &on, sizeof(on));
	/* Linux begins to look at the clock a little later. */
	sleep(1);
	clock_gettime(CLOCK_REALTIME, &before);
	good = send(fd, "x", 1, 0) == 1 && readable(fd, PATIENCE);
	clock_gettime(CLOCK_REALTIME, &after);
	sleep(2);
	good = good && receives_control(fd, name, &time, sizeof(time));
	close(fd);
	/* The part behind the seconds is the smaller one of the structure. */
	return good && time.tv_sec >= before.tv_sec && time.tv_sec <= after.tv_sec &&
	       time.tv_nsec < (nanoseconds ? 1000000000 : 1000000);
}

static void check_times(void)
{
	check(0, has_time(SO_TIMESTAMP, false), "SO_TIMESTAMP tells when a datagram came");
	check(0, has_time(SO_TIMESTAMPNS, true), "so does SO_TIMESTAMPNS");
}

/* --- Addresses ----------------------------------------------------------------- */

static void check_families(void)
{
	struct sockaddr_in to = inet("127.0.0.1", HOST_UDP), none = to;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), on = 1;
	struct sockaddr_in6 from = { 0 };
	socklen_t length = sizeof(from);
	char got[8];

	check(20, sendto(fd, "six", 3, 0, (struct sockaddr *)&to, sizeof(to)) == 3 && readable(fd, PATIENCE) &&
		  recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&from, &length) == 3 && is_echo(&from),
	      "an IPv6 socket sends to an address of IPv4");
	from.sin6_family = AF_UNSPEC;
	check(20, sendto(fd, "x", 1, 0, (struct sockaddr *)&from, sizeof(from)) < 0 && errno == EDESTADDRREQ,
	      "one of no family is no address for it");
	close(fd);

	fd = echo(AF_INET6);
	length = sizeof(from);
	check(20, fd >= 0 && send(fd, "conn", 4, 0) == 4 && readable(fd, PATIENCE) &&
		  recv(fd, got, sizeof(got), 0) == 4 && !getpeername(fd, (struct sockaddr *)&from, &length) &&
		  is_echo(&from),
	      "it can be connected to an address of IPv4");
	close(fd);

	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	check(20, sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) < 0 && errno == ENETUNREACH,
	      "with IPV6_V6ONLY, sendto() fails for such an address");
	check(20, connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno == EAFNOSUPPORT,
	      "so does connect()");
	close(fd);

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	none.sin_family = AF_UNSPEC;
	check(20, sendto(fd, "four", 4, 0, (struct sockaddr *)&none, sizeof(none)) == 4 &&
		  readable(fd, PATIENCE) && recv(fd, got, sizeof(got), 0) == 4,
	      "for an IPv4 socket, an address of no family is one of IPv4");
	close(fd);
}

/* --- connect() ----------------------------------------------------------------- */

#define THREADS 4

struct connecting {
	int fd, failed, error;
};

static void *connect_often(void *argument)
{
	struct connecting *connecting = argument;

	for (int i = 0; i < 200; i++)
		if (connect_to(connecting->fd, "127.0.0.1", i % 2 ? HOST_UDP : HOST_CLOSED)) {
			connecting->failed++;
			connecting->error = errno;
		}
	return NULL;
}

/* All of the threads have the same socket. */
static bool all_connect(int flags)
{
	struct connecting connecting[THREADS];
	int fd = socket(AF_INET, SOCK_DGRAM | flags, 0), failed = 0;
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		connecting[i] = (struct connecting){ .fd = fd };
		pthread_create(&threads[i], NULL, connect_often, &connecting[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		failed += connecting[i].failed;
		if (connecting[i].failed)
			printf("# %d failed: %s\n", connecting[i].failed, strerror(connecting[i].error));
	}
	close(fd);
	return !failed;
}

static void check_connect(void)
{
	int fd = echo(AF_INET);
	struct sockaddr_in name;
	socklen_t length = sizeof(name);
	char got[8];

	check(37, connect_to(fd, "127.255.255.255", 9) && errno == EACCES, "connect() to a broadcast address is refused");
	check(37, !getpeername(fd, (struct sockaddr *)&name, &length) && name.sin_port == htons(HOST_UDP),
	      "the socket is connected as before");
	check(37, send(fd, "still", 5, 0) == 5 && readable(fd, PATIENCE) && recv(fd, got, sizeof(got), 0) == 5,
	      "and hears its peer");
	close(fd);
	check(37, all_connect(0), "threads connect one datagram socket, one after the other");
	check(37, all_connect(SOCK_NONBLOCK), "a non-blocking one as well");
}

void check_same_datagrams(void)
{
	check_large_answers();
	check_many_large();
	check_peek();
	check_times();
	check_families();
	check_connect();
}
