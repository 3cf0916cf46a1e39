/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that have other numbers or structures for programs of 32 bits. guest.test has
 * this run as such a program too, where the guest's kernel has them.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* The kernel's numbers: libraries give their names to one or the other. */
#ifndef SIOCOUTQ
#define SIOCOUTQ 0x5411
#endif
enum {
	RCVTIMEO_OLD = 20,
	RCVTIMEO_NEW = 66,
	TIMESTAMP_OLD = 29,
	TIMESTAMP_NEW = 63,
	TIMESTAMPNS_OLD = 35,
	TIMESTAMPNS_NEW = 64,
};
#define GSTAMP_OLD 0x8906ul

struct old_time {
	long seconds, part;
};

struct new_time {
	int64_t seconds, part;
};

/* --- SO_RCVTIMEO --------------------------------------------------------------- */

static bool heeds_timeout(int fd)
{
	double start = now();
	char byte;

	return recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN && now() - start < 30;
}

static void check_timeouts(int type, int port, const char *kind)
{
	struct old_time old = { .part = 300000 }, got_old = { 0 };
	struct new_time new = { .part = 400000 }, got_new = { 0 };
	int fd = socket(AF_INET, type, 0);
	socklen_t length = sizeof(got_new);
	char what[80];

	snprintf(what, sizeof(what), "SO_RCVTIMEO of long, from before connect(), %s", kind);
	check(32, !setsockopt(fd, SOL_SOCKET, RCVTIMEO_OLD, &old, sizeof(old)) &&
		  !connect_to(fd, "127.0.0.1", port) && heeds_timeout(fd),
	      what);
	check(32, !getsockopt(fd, SOL_SOCKET, RCVTIMEO_NEW, &got_new, &length) &&
		  length == sizeof(got_new) && !got_new.seconds && got_new.part == old.part,
	      "and by its other number");
	length = sizeof(got_old);
	snprintf(what, sizeof(what), "SO_RCVTIMEO of 64 bits, %s", kind);
	check(32, !setsockopt(fd, SOL_SOCKET, RCVTIMEO_NEW, &new, sizeof(new)) && heeds_timeout(fd), what);
	check(32, !getsockopt(fd, SOL_SOCKET, RCVTIMEO_OLD, &got_old, &length) &&
		  length == sizeof(got_old) && !got_old.seconds && got_old.part == new.part,
	      "and by its other number");
	close(fd);
}

/* --- Time stamps --------------------------------------------------------------- */

static int echo(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	connect_to(fd, "127.0.0.1", HOST_UDP);
	return fd;
}

/* Whether a datagram of the host comes with the time as a structure of this size. */
static bool has_time(int name, size_t size)
{
	/* More than that: musl puts a time of 64 bits behind one of 32. */
	char byte, room[256] __attribute__((aligned(8)));
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room),
	};
	struct cmsghdr *header;
	struct old_time old;
	struct new_time new = { 0 };
	int fd = echo(), on = 1;
	bool good;

	good = !setsockopt(fd, SOL_SOCKET, name, &on, sizeof(on)) && send(fd, "x", 1, 0) == 1 &&
	       readable(fd, PATIENCE) && recvmsg(fd, &message, 0) == 1 &&
	       !(message.msg_flags & MSG_CTRUNC);
	close(fd);
	header = CMSG_FIRSTHDR(&message);
	if (!good || !header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != name ||
	    header->cmsg_len != CMSG_LEN(size))
		return false;
	if (size == sizeof(old)) {
		memcpy(&old, CMSG_DATA(header), sizeof(old));
		new.seconds = old.seconds;
	} else {
		memcpy(&new, CMSG_DATA(header), sizeof(new));
	}
	return llabs((long long)time(NULL) - new.seconds) < 60;
}

static bool has_last_time(void)
{
	struct old_time old = { 0 };
	int fd = echo();
	char byte;
	bool good;

	/* From the first time that it is asked for, it is kept. */
	ioctl(fd, GSTAMP_OLD, &old);
	good = send(fd, "x", 1, 0) == 1 && readable(fd, PATIENCE) && recv(fd, &byte, 1, 0) == 1 &&
	       !ioctl(fd, GSTAMP_OLD, &old) && llabs((long long)time(NULL) - old.seconds) < 60;
	close(fd);
	return good;
}

static void check_times(void)
{
	check(0, has_time(TIMESTAMP_OLD, sizeof(struct old_time)), "SO_TIMESTAMP of long");
	check(0, has_time(TIMESTAMP_NEW, sizeof(struct new_time)), "SO_TIMESTAMP of 64 bits");
	check(0, has_time(TIMESTAMPNS_OLD, sizeof(struct old_time)), "SO_TIMESTAMPNS of long");
	check(0, has_time(TIMESTAMPNS_NEW, sizeof(struct new_time)), "SO_TIMESTAMPNS of 64 bits");
	check(33, has_last_time(), "SIOCGSTAMP of long");
}

/* --- Messages, and how many there are ------------------------------------------ */

static bool receives_many(long number, void *timeout)
{
	char bytes[3];
	struct iovec parts[3];
	struct mmsghdr messages[3] = { 0 };
	int fd = echo();
	long count;

	for (int i = 0; i < 3; i++) {
		parts[i] = (struct iovec){ &bytes[i], 1 };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	send(fd, "x", 1, 0);
	/* The time is looked at when a datagram has come. */
	sleep(1);
	send(fd, "y", 1, 0);
	count = syscall(number, fd, messages, 2, 0, timeout);
	close(fd);
	return count == 2 && messages[0].msg_len == 1 && messages[1].msg_len == 1 && bytes[0] == 'x' &&
	       bytes[1] == 'y';
}

static void check_recvmmsg(void)
{
	struct old_time old = { .seconds = 60 };

	check(0, receives_many(SYS_recvmmsg, &old), "recvmmsg() with a time of long");
#ifdef SYS_recvmmsg_time64
	struct new_time new = { .seconds = 60 };

	check(0, receives_many(SYS_recvmmsg_time64, &new), "recvmmsg() with a time of 64 bits");
#endif
}

/* With every call by one number, as old programs have it */
#ifdef SYS_socketcall
static long call(int number, long first, long second, long third, long fourth)
{
	long arguments[6] = { first, second, third, fourth };

	return syscall(SYS_socketcall, number, arguments);
}

static void check_one_number(void)
{
	enum { SOCKET = 1, CONNECT = 3, SEND = 9, RECV = 10 };
	struct sockaddr_in to = inet("127.0.0.1", HOST_ECHO);
	int fd = (int)call(SOCKET, AF_INET, SOCK_STREAM, 0, 0);
	char got[8] = "";

	check(0, !call(CONNECT, fd, (long)&to, sizeof(to), 0) && call(SEND, fd, (long)"x", 1, 0) == 1 &&
		 readable(fd, PATIENCE) && call(RECV, fd, (long)got, sizeof(got), 0) == 1 && *got == 'x',
	      "socketcall() reaches the host");
	close(fd);
}
#else
static void check_one_number(void)
{
}
#endif

/* --- ioctl() ------------------------------------------------------------------- */

/* The host takes it away soon, so look right after much was sent, and again. */
static bool counts_unsent(int fd)
{
	enum { MUCH = 262144 };
	char *block = calloc(1, MUCH);
	bool seen = false;
	int count;

	for (int i = 0; i < 1000 && !seen; i++) {
		count = 0;
		seen = send(fd, block, MUCH, MSG_DONTWAIT) > 0 && !ioctl(fd, SIOCOUTQ, &count) && count > 0;
		readable(fd, 10);
		while (recv(fd, block, MUCH, MSG_DONTWAIT) > 0)
			;
	}
	free(block);
	return seen;
}

static bool counts_received(int fd)
{
	int count = 0;

	return send(fd, "12345", 5, 0) == 5 && readable(fd, PATIENCE) && !ioctl(fd, FIONREAD, &count) &&
	       count == 5;
}

static void check_queues(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = stream_to("127.0.0.1", HOST_ECHO);

	check(33, counts_received(fd), "FIONREAD counts what there is of a stream of TCP");
	check(33, counts_unsent(fd), "SIOCOUTQ counts what the host has not taken of it");
	close(fd);
	host_path(un.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	check(33, !connect(fd, (struct sockaddr *)&un, sizeof(un)) && counts_received(fd), "FIONREAD counts what there is of a stream of UNIX");
	check(33, counts_unsent(fd), "SIOCOUTQ counts what the host has not taken of it");
	close(fd);
}

void check_word_size(void)
{
	printf("# long has %zu bits\n", sizeof(long) * 8);
	check_timeouts(SOCK_STREAM, HOST_ECHO, "streams");
	check_timeouts(SOCK_DGRAM, HOST_UDP, "datagrams");
	check_times();
	check_recvmmsg();
	check_one_number();
	check_queues();
}
