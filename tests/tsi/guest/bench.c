/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TSI against plain vsock, in the same guest and run, and the guest's own TCP with TSI
 * against that without it.
 *
 * Streams end at the echo of guest-host: the peer joins vsock port 7021 to its UNIX
 * socket, TSI reaches that by its path, and the other one over TCP. Datagrams end at a
 * port of the host where nobody reads; those of vsock end at the peer.
 *
 * What is measured is time or, when QEMU counts instructions, those of the guest.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

#define VSOCK_ECHO 7021
#define VSOCK_DISCARD 9
#define LOCAL_PORT 9700
#define BYTES (16u << 20)
#define CYCLES 170
#define LOCAL_CYCLES 200
#define BURST 16
#define BURSTS 50
#define DATAGRAMS 10000
#define MAX_ROUNDS 31

/* --- What is measured ------------------------------------------------------- */

/* The first version of the structure; musl has no header for it. */
struct event {
	uint32_t type, size;
	uint64_t config, rest[6];
};

/* Instructions of all that runs on processor 0, or -1 where nobody counts them. */
static int counter(void)
{
	struct event event = { .size = sizeof(event), .config = 1 };

	return (int)syscall(SYS_perf_event_open, &event, -1, 0, -1, 0L);
}

static int instructions = -1;

static double spent(void)
{
	uint64_t count = 0;

	if (instructions < 0)
		return now();
	return read(instructions, &count, sizeof(count)) == sizeof(count) ? (double)count : 0;
}

/* --- Streams ---------------------------------------------------------------- */

static int connected(int fd, const void *address, socklen_t length)
{
	if (!connect(fd, address, length))
		return fd;
	close(fd);
	return -1;
}

static int vsock_stream(void)
{
	struct vsock_address host = { .family = AF_VSOCK, .port = VSOCK_ECHO, .cid = 2 };

	return connected(socket(AF_VSOCK, SOCK_STREAM, 0), &host, sizeof(host));
}

static int unix_stream(void)
{
	static struct sockaddr_un host = { .sun_family = AF_UNIX };

	if (!*host.sun_path)
		host_path(host.sun_path);
	return connected(socket(AF_UNIX, SOCK_STREAM, 0), &host, sizeof(host));
}

static int tcp_stream(void)
{
	return stream_to("127.0.0.1", HOST_ECHO);
}

static void *send_all(void *argument)
{
	static char block[65536];
	int fd = *(int *)argument;
	ssize_t n;

	for (size_t left = BYTES; left; left -= (size_t)n) {
		n = send(fd, block, left < sizeof(block) ? left : sizeof(block), MSG_NOSIGNAL);
		if (n <= 0)
			break;
	}
	return NULL;
}

/* Bytes there and back for what is spent; 0 if it failed. */
static double throughput(int (*stream)(void))
{
	static char block[65536];
	double start = spent();
	int fd = stream();
	pthread_t thread;
	size_t got = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	pthread_create(&thread, NULL, send_all, &fd);
	while (got < BYTES && (n = recv(fd, block, sizeof(block), 0)) > 0)
		got += (size_t)n;
	pthread_join(thread, NULL);
	close(fd);
	return got == BYTES ? BYTES / (spent() - start) : 0;
}

/* What a connect, a byte there and back, and a close take. */
static double cycle(int (*stream)(void))
{
	double start = spent();

	for (int i = 0; i < CYCLES; i++) {
		int fd = stream();

		if (fd < 0 || !echoes(fd, "x"))
			return 1e9;
		close(fd);
	}
	return (spent() - start) / CYCLES;
}

/* --- Datagrams -------------------------------------------------------------- */

/* Where the next datagrams are sent to, or none if the socket is connected. */
static struct sockaddr_in destination;

static int vsock_datagrams(void)
{
	struct vsock_address host = { .family = AF_VSOCK, .port = VSOCK_DISCARD, .cid = 2 };

	destination.sin_family = AF_UNSPEC;
	return connected(socket(AF_VSOCK, SOCK_DGRAM, 0), &host, sizeof(host));
}

static int udp_connected(void)
{
	struct sockaddr_in host = inet("127.0.0.1", HOST_DISCARD);

	destination.sin_family = AF_UNSPEC;
	return connected(socket(AF_INET, SOCK_DGRAM, 0), &host, sizeof(host));
}

static int udp_addressed(void)
{
	destination = inet("127.0.0.1", HOST_DISCARD);
	return socket(AF_INET, SOCK_DGRAM, 0);
}

/* Vsock never waits for room. */
static bool sent(int fd, int count)
{
	static char payload[100];
	const struct sockaddr *to = NULL;
	socklen_t length = 0;

	if (destination.sin_family != AF_UNSPEC) {
		to = (struct sockaddr *)&destination;
		length = sizeof(destination);
	}
	while (count) {
		if (sendto(fd, payload, sizeof(payload), MSG_DONTWAIT, to, length) > 0)
			count--;
		else if (errno == EAGAIN)
			sched_yield();
		else
			return false;
	}
	return true;
}

/* Datagrams for what is spent; few at a time, if turns to wait would count. */
static double datagrams(int (*open)(void))
{
	int fd = open(), count = 0;
	bool good = true;
	double start;

	if (fd < 0)
		return 0;
	/* The first one has more to do. */
	sent(fd, 1);
	start = spent();
	if (instructions < 0) {
		good = sent(fd, DATAGRAMS);
		count = DATAGRAMS;
	}
	for (; instructions >= 0 && count < BURST * BURSTS && good; count += BURST) {
		good = sent(fd, BURST);
		usleep(2000);
	}
	start = spent() - start;
	close(fd);
	return good ? count / start : 0;
}

/* --- In the guest ----------------------------------------------------------- */

static void hijack(bool on)
{
	FILE *file = fopen("/sys/module/kernel/parameters/tsi_hijack", "w");

	if (file) {
		fputs(on ? "1" : "0", file);
		fclose(file);
	}
}

static int local_without(void)
{
	hijack(false);
	return listen_at("127.0.0.1", LOCAL_PORT);
}

static int local_with(void)
{
	hijack(true);
	return listen_at("127.0.0.1", LOCAL_PORT);
}

/* What a connect, an accept, a byte and the end of both take. */
static double local(int (*open)(void))
{
	int listener = open();
	double start = spent();

	for (int i = 0; i < LOCAL_CYCLES; i++) {
		int fd = stream_to("127.0.0.1", LOCAL_PORT);
		int accepted = accept(listener, NULL, NULL);
		char byte = 'x';

		if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || recv(accepted, &byte, 1, 0) != 1)
			return 1e9;
		close(fd);
		close(accepted);
	}
	start = spent() - start;
	close(listener);
	hijack(true);
	return start / LOCAL_CYCLES;
}

/* --- Figures ---------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return (difference > 0) - (difference < 0);
}

struct figure {
	const char *name;
	double (*measure)(int (*open)(void));
	int (*plain)(void), (*ours)(void);
	/* Of time, and of instructions, which vary less; 0 for not at all */
	size_t rounds, counted_rounds;
};

/* Of each round, in which both take turns, the ratio; and of these the median. */
static void print_figure(const struct figure *figure)
{
	size_t rounds = instructions < 0 ? figure->rounds : figure->counted_rounds;
	double ratios[MAX_ROUNDS];

	if (!rounds)
		return;
	for (size_t i = 0; i < rounds; i++) {
		double plain = figure->measure(figure->plain);
		double ours = figure->measure(figure->ours);

		printf("# %s: %g, %g\n", figure->name, plain, ours);
		ratios[i] = plain ? ours / plain : 0;
	}
	qsort(ratios, rounds, sizeof(*ratios), ascending);
	printf("# bench %s %.4f\n", figure->name, ratios[rounds / 2]);
}

void check_bench(void)
{
	static const struct figure figures[] = {
		{ "throughput-unix", throughput, vsock_stream, unix_stream, 21, 15 },
		{ "throughput-tcp", throughput, vsock_stream, tcp_stream, 21, 15 },
		{ "connect-unix", cycle, vsock_stream, unix_stream, 31, 3 },
		{ "connect-tcp", cycle, vsock_stream, tcp_stream, 31, 3 },
		{ "datagrams-connected", datagrams, vsock_datagrams, udp_connected, 15, 5 },
		{ "datagrams-addressed", datagrams, vsock_datagrams, udp_addressed, 15, 5 },
		{ "local", local, local_without, local_with, 0, 7 },
	};

	instructions = counter();
	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++)
		print_figure(&figures[i]);
}
