/* SPDX-License-Identifier: Apache-2.0 */
/* Many sockets, one after the other and at once. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"

/* How much there is of each thing, at one time. */
struct count {
	long slab_kib;
	long sockets, tcp, udp;
	/* The next vsock port to be given out. */
	unsigned int port;
};

static int vsock_port(unsigned int port)
{
	struct vsock_address name = { .family = AF_VSOCK, .port = port, .cid = ~0u };
	int fd = socket(AF_VSOCK, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr *)&name, sizeof(name))) {
		close(fd);
		return -1;
	}
	return fd;
}

static unsigned int next_port(void)
{
	struct vsock_address name = { 0 };
	socklen_t length = sizeof(name);
	int fd = vsock_port(~0u);

	getsockname(fd, (struct sockaddr *)&name, &length);
	close(fd);
	return name.port;
}

static struct count take_count(void)
{
	FILE *file = fopen("/proc/sys/vm/drop_caches", "w");
	struct count count;

	if (file) {
		fputs("3\n", file);
		fclose(file);
	}
	/* Streams linger for some seconds, and memory is freed late. */
	sleep(12);
	count.slab_kib = number_in("/proc/meminfo", "SUnreclaim:");
	count.sockets = number_in("/proc/net/sockstat", "sockets: used");
	count.tcp = number_in("/proc/net/sockstat", "TCP: inuse");
	count.udp = number_in("/proc/net/sockstat", "UDP: inuse");
	count.port = next_port();
	printf("# unreclaimable slab: %ld KiB; sockets: %ld, of TCP %ld, of UDP %ld; port %u\n",
	       count.slab_kib, count.sockets, count.tcp, count.udp, count.port);
	return count;
}

static void check_at_once(void)
{
	struct rlimit limit = { 4096, 4096 };
	struct sockaddr_in in = inet("127.0.0.1", HOST_UDP);
	static int fds[1000];
	int good = 0;

	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < 1000; i++) {
		if (i % 2) {
			fds[i] = stream_to("127.0.0.1", HOST_ECHO);
			good += fds[i] >= 0;
		} else {
			fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
			good += sendto(fds[i], "x", 1, 0, (struct sockaddr *)&in, sizeof(in)) == 1;
		}
	}
	check(9, good == 1000, "1000 sockets at once");
	for (int i = 0; i < 1000; i++)
		close(fds[i]);
}

/* One socket of each way to use one; returns how many failed. */
static int cycle(long i)
{
	struct sockaddr_in in = inet("127.0.0.1", HOST_UDP), name;
	socklen_t length = sizeof(name);
	int failed = 0, fd, listener, call;

	fd = stream_to("127.0.0.1", HOST_ECHO);
	failed += fd < 0;
	if (i % 8 == 0)
		failed += getpeername(fd, (struct sockaddr *)&name, &length) != 0;
	close(fd);
	fd = socket(AF_INET, i % 2 ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (i % 2 == 0)
		failed += sendto(fd, "x", 1, 0, (struct sockaddr *)&in, sizeof(in)) != 1;
	else if (i % 16 == 1)
		failed += !connect_to(fd, "127.0.0.1", HOST_CLOSED);
	close(fd);
	if (i % 64 == 0) {
		listener = listen_at("0.0.0.0", 9600);
		call = host_calls(9600, "x");
		fd = accept(listener, NULL, NULL);
		failed += fd < 0;
		close(fd);
		close(call);
		close(listener);
	}
	return failed;
}

/* What the cycles were given must be free again. */
static unsigned int ports_in_use(unsigned int from, unsigned int to)
{
	unsigned int used = 0, port;
	int fd;

	/* They begin anew at the end of the numbers, which is rare. */
	for (port = from; port < to; port++) {
		fd = vsock_port(port);
		used += fd < 0;
		if (fd >= 0)
			close(fd);
	}
	return used;
}

void check_many(void)
{
	long count = argument("tsi_cycles", 2000), failed = 0;
	struct count before, after;
	unsigned int used;
	double start;

	check_at_once();
	/* What is only kept for the next time is there before the count. */
	for (long i = 0; i < 200; i++)
		cycle(i);
	before = take_count();
	start = now();
	for (long i = 0; i < count; i++)
		failed += cycle(i);
	printf("# %ld cycles in %.1f s\n", count, now() - start);
	check(38, !failed, "open and close, over and over");
	after = take_count();
	check(38, after.sockets <= before.sockets && after.tcp <= before.tcp && after.udp <= before.udp,
	      "no socket stays");
	/* Some is kept for the next time; less than the smallest object for each cycle. */
	check(38, after.slab_kib - before.slab_kib < 512 + count / 32, "no memory stays");
	start = now();
	used = ports_in_use(before.port, after.port);
	printf("# %u ports given out, %u in use; it took %.1f s to see\n",
	       after.port - before.port, used, now() - start);
	check(38, !used, "no port stays");
}
