/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TSI streams against a plain vsock stream, in the same guest and run. All end
 * at the echo of guest-host: the peer joins vsock port 7021 to its UNIX socket,
 * TSI reaches that by its path, and the other one over TCP.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

#define VSOCK_ECHO 7021
#define BYTES (16u << 20)
#define CYCLES 20
#define MAX_ROUNDS 31

struct sockaddr_vm {
	sa_family_t family;
	unsigned short reserved;
	unsigned int port, cid;
	unsigned char flags, zero[3];
};

static int vsock_stream(void)
{
	struct sockaddr_vm host = { .family = AF_VSOCK, .port = VSOCK_ECHO, .cid = 2 };
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&host, sizeof(host)) ? -1 : fd;
}

static int unix_stream(void)
{
	struct sockaddr_un host = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	host_path(host.sun_path);
	return connect(fd, (struct sockaddr *)&host, sizeof(host)) ? -1 : fd;
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

/* Bytes per second, there and back; 0 if it failed. */
static double throughput(int (*stream)(void))
{
	static char block[65536];
	double start = now();
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
	return got == BYTES ? BYTES / (now() - start) : 0;
}

/* Seconds for a connect, a byte there and back, and a close. */
static double cycle(int (*stream)(void))
{
	double start = now();

	for (int i = 0; i < CYCLES; i++) {
		int fd = stream();

		if (fd < 0 || !echoes(fd, "x"))
			return 1e9;
		close(fd);
	}
	return (now() - start) / CYCLES;
}

static int ascending(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return (difference > 0) - (difference < 0);
}

struct figure {
	const char *name;
	double (*measure)(int (*stream)(void));
	size_t rounds;
};

/*
 * Of each round, in which the streams take turns, the ratios to vsock; and of
 * these the medians.
 */
static void print_figure(const struct figure *figure)
{
	double unix_ratios[MAX_ROUNDS], tcp_ratios[MAX_ROUNDS];

	for (size_t i = 0; i < figure->rounds; i++) {
		double vsock = figure->measure(vsock_stream);
		double unix_socket = figure->measure(unix_stream);
		double tcp = figure->measure(tcp_stream);

		printf("# %s: vsock %g, UNIX %g, TCP %g\n", figure->name, vsock, unix_socket, tcp);
		unix_ratios[i] = unix_socket / vsock;
		tcp_ratios[i] = tcp / vsock;
	}
	qsort(unix_ratios, figure->rounds, sizeof(*unix_ratios), ascending);
	qsort(tcp_ratios, figure->rounds, sizeof(*tcp_ratios), ascending);
	printf("# bench %s %.3f %.3f\n", figure->name, unix_ratios[figure->rounds / 2],
	       tcp_ratios[figure->rounds / 2]);
}

void check_bench(void)
{
	static const struct figure figures[] = {
		{ "throughput", throughput, 15 },
		{ "connect", cycle, 31 },
	};

	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++)
		print_figure(&figures[i]);
}
