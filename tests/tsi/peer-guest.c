// SPDX-License-Identifier: Apache-2.0
/*
 * The guest's end of peer.test: PID 1 of a guest that has AF_VSOCK alone. The
 * kernel argument peer_test=NAME says what it does; it tells the outcome on the
 * console, in lines "ok - NAME" and "not ok - NAME".
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "peer-transfer.h"

/* The kernel's headers do not come with musl. */
struct sockaddr_vm {
	sa_family_t svm_family;
	unsigned short svm_reserved1;
	unsigned int svm_port, svm_cid;
	unsigned char svm_flags, svm_zero[3];
};
#define VMADDR_CID_ANY 0xffffffffu
#define VMADDR_CID_HOST 2

#define MEBIBYTE UINT64_C(1048576)

/* The ports of the host, as peer.test gives them to the peer. */
enum { ECHO = 5001, SINK, SLOW_SINK, SOURCE, HALF, HANG_UP, NOBODY };
/* The ports of the guest. */
enum { GUEST_ECHO = 6001, GUEST_END };

static int fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return -1;
}

static int vsock_connect(unsigned int port)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_HOST,
		.svm_port = port,
	};
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0), error;

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int vsock_listen(unsigned int port)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_ANY,
		.svm_port = port,
	};
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 128))
		return fail("listen");
	return fd;
}

/* Connects and does what there is to do with the stream. */
static int with_stream(unsigned int port, int (*work)(int fd))
{
	int fd = vsock_connect(port), result;

	if (fd < 0)
		return fail("connect");
	result = work(fd);
	close(fd);
	return result;
}

static int end_sending(int fd)
{
	return shutdown(fd, SHUT_WR) ? fail("shutdown") : 0;
}

static int echo_byte(int fd)
{
	return transfer_exchange(fd, 1) || end_sending(fd) || transfer_end(fd) ? -1 : 0;
}

static int echo_much(int fd)
{
	return transfer_exchange(fd, 16 * MEBIBYTE) || end_sending(fd) || transfer_end(fd) ? -1 : 0;
}

static int fill_sink(int fd)
{
	char answer = 0;

	if (transfer_send(fd, 32 * MEBIBYTE) || end_sending(fd))
		return -1;
	if (recv(fd, &answer, 1, 0) != 1 || answer != '!')
		return fail("the host did not get all");
	return transfer_end(fd);
}

static int drink_source(int fd)
{
	return transfer_receive(fd, 32 * MEBIBYTE) || transfer_end(fd) ? -1 : 0;
}

/* The window of the guest is full before it reads. */
static int drink_slowly(int fd)
{
	sleep(2);
	return drink_source(fd);
}

static int send_half(int fd)
{
	return transfer_end(fd) || transfer_send(fd, MEBIBYTE) ? -1 : 0;
}

static int see_hang_up(int fd)
{
	char byte = 0;
	int i;

	if (transfer_end(fd))
		return -1;
	for (i = 0; i < 100; i++) {
		if (send(fd, &byte, 1, MSG_NOSIGNAL) < 0)
			return errno == EPIPE || errno == ECONNRESET ? 0 : fail("send");
		usleep(20000);
	}
	errno = 0;
	return fail("the host takes data after it hung up");
}

static int test_echo_byte(void)
{
	return with_stream(ECHO, echo_byte);
}

static int test_echo_much(void)
{
	return with_stream(ECHO, echo_much);
}

static int test_sink(void)
{
	return with_stream(SINK, fill_sink);
}

static int test_slow_sink(void)
{
	return with_stream(SLOW_SINK, fill_sink);
}

static int test_source(void)
{
	return with_stream(SOURCE, drink_source);
}

static int test_slow_guest(void)
{
	return with_stream(SOURCE, drink_slowly);
}

static int test_half_close(void)
{
	return with_stream(HALF, send_half);
}

static int test_hang_up(void)
{
	return with_stream(HANG_UP, see_hang_up);
}

/* Data that is on its way when the guest closes must arrive: the host checks. */
static int send_and_close(int fd)
{
	return transfer_send(fd, MEBIBYTE);
}

static int test_send_and_close(void)
{
	return with_stream(HALF, send_and_close);
}

static int test_refused(void)
{
	int fd = vsock_connect(NOBODY);

	if (fd < 0 && errno == ECONNRESET)
		return 0;
	return fail("connect to a port that nobody serves");
}

static int test_many(void)
{
	int i;

	for (i = 0; i < 300; i++)
		if (with_stream(ECHO, echo_byte))
			return -1;
	return 0;
}

static int test_at_once(void)
{
	int fds[64], i, result = 0;

	for (i = 0; i < 64; i++) {
		fds[i] = vsock_connect(ECHO);
		if (fds[i] < 0)
			return fail("connect");
	}
	for (i = 0; i < 64; i++)
		if (transfer_exchange(fds[i], 10000) || end_sending(fds[i]))
			result = -1;
	for (i = 0; i < 64; i++) {
		if (transfer_end(fds[i]))
			result = -1;
		close(fds[i]);
	}
	return result;
}

/* An echo for the host, until it connects to the other port. */
static int test_serve(void)
{
	struct pollfd polled[2] = {
		{ .fd = vsock_listen(GUEST_ECHO), .events = POLLIN },
		{ .fd = vsock_listen(GUEST_END), .events = POLLIN },
	};
	int fd;

	if (polled[0].fd < 0 || polled[1].fd < 0)
		return -1;
	printf("guest: listening\n");
	while (poll(polled, 2, 120000) > 0) {
		if (polled[1].revents)
			return 0;
		fd = accept(polled[0].fd, NULL, NULL);
		if (fd < 0)
			return fail("accept");
		if (!fork())
			_exit(transfer_echo(fd) ? 1 : 0);
		close(fd);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	errno = ETIMEDOUT;
	return fail("serve");
}

/* What a host does that resets the stream at some time. */
static int expect_connect_error(int expected)
{
	int fd = vsock_connect(ECHO);

	if (fd < 0 && errno == expected)
		return 0;
	return fail("connect");
}

static int test_reset_request(void)
{
	return expect_connect_error(ECONNRESET);
}

static int test_no_response(void)
{
	return expect_connect_error(ETIMEDOUT);
}

static int test_reset_stream(void)
{
	return with_stream(ECHO, see_hang_up);
}

static int send_and_see_hang_up(int fd)
{
	char byte = 0;

	return send(fd, &byte, 1, MSG_NOSIGNAL) == 1 ? see_hang_up(fd) : fail("send");
}

static int test_reset_data(void)
{
	return with_stream(ECHO, send_and_see_hang_up);
}

static int shut_down_and_see_hang_up(int fd)
{
	return end_sending(fd) ? -1 : transfer_end(fd);
}

static int test_reset_shutdown(void)
{
	return with_stream(ECHO, shut_down_and_see_hang_up);
}

static const struct test {
	const char *group, *name;
	int (*run)(void);
} tests[] = {
	{ "plain", "a byte and back", test_echo_byte },
	{ "plain", "16 MiB and back at the same time", test_echo_much },
	{ "plain", "32 MiB to the host", test_sink },
	{ "plain", "32 MiB to a host that reads late", test_slow_sink },
	{ "plain", "32 MiB from the host", test_source },
	{ "plain", "32 MiB to a guest that reads late", test_slow_guest },
	{ "plain", "the host ends its half, and takes data still", test_half_close },
	{ "plain", "data written right before close arrives", test_send_and_close },
	{ "plain", "the host hangs up: end of data, then EPIPE", test_hang_up },
	{ "plain", "a port that nobody serves resets the connection", test_refused },
	{ "plain", "300 connections, one after the other", test_many },
	{ "plain", "64 connections at once", test_at_once },
	{ "plain", "the guest serves the host", test_serve },
	{ "serve", "the guest serves the host", test_serve },
	{ "reset-request", "RST instead of RESPONSE", test_reset_request },
	{ "no-response", "no RESPONSE: connect times out", test_no_response },
	{ "reset-connected", "RST after RESPONSE", test_reset_stream },
	{ "reset-data", "RST after data", test_reset_data },
	{ "reset-shutdown", "RST after SHUTDOWN", test_reset_shutdown },
};

int main(void)
{
	const char *group = getenv("peer_test");
	struct timespec begin, end;
	size_t i;
	int result;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; group && i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (strcmp(group, tests[i].group))
			continue;
		clock_gettime(CLOCK_MONOTONIC, &begin);
		result = tests[i].run();
		clock_gettime(CLOCK_MONOTONIC, &end);
		printf("%s - %s\n", result ? "not ok" : "ok", tests[i].name);
		printf("took %ld ms\n", (end.tv_sec - begin.tv_sec) * 1000 +
		       (end.tv_nsec - begin.tv_nsec) / 1000000);
	}
	printf("guest: done\n");
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
