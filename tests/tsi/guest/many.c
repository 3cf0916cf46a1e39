/* SPDX-License-Identifier: Apache-2.0 */
/* Many sockets, one after the other and at once. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"

static long slab_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = -1;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "SUnreclaim: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
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

void check_many(void)
{
	long before, after, count = argument("tsi_cycles", 2000), failed = 0;
	double start;

	check_at_once();
	/* What is only kept for the next time is there before the count. */
	for (int i = 0; i < 200; i++)
		close(stream_to("127.0.0.1", HOST_ECHO));
	sleep(12);
	before = slab_kib();
	start = now();
	for (long i = 0; i < count; i++) {
		int fd = stream_to("127.0.0.1", HOST_ECHO);

		failed += fd < 0;
		close(fd);
		close(socket(AF_INET, i % 2 ? SOCK_STREAM : SOCK_DGRAM, 0));
	}
	printf("# %ld cycles in %.1f s\n", count, now() - start);
	check(38, !failed, "open and close, over and over");
	/* Streams linger for some seconds. */
	sleep(12);
	after = slab_kib();
	printf("# unreclaimable slab: %ld KiB before, %ld KiB after\n", before, after);
	check(38, after - before < 1024, "nothing stays");
}
