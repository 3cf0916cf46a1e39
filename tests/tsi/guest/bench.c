/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TSI stream against a plain vsock stream, in the same guest and run. The
 * peer joins vsock port 7021 to the UNIX socket of guest-host.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

#define VSOCK_ECHO 7021
#define ROUNDS 5
#define BYTES (16u << 20)
#define CYCLES 200

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

static int tsi_stream(void)
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

/* The median of the ratios of rounds that alternate. */
static double ratio(double (*measure)(int (*stream)(void)))
{
	double ratios[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double vsock = measure(vsock_stream), tsi = measure(tsi_stream);

		printf("# vsock %g, TSI %g\n", vsock, tsi);
		ratios[i] = tsi / vsock;
	}
	qsort(ratios, ROUNDS, sizeof(*ratios), ascending);
	return ratios[ROUNDS / 2];
}

void check_bench(void)
{
	printf("# throughput of TSI, of that of vsock: %.2f\n", ratio(throughput));
	printf("# connect, byte and close of TSI, of that of vsock: %.2f\n", ratio(cycle));
}
