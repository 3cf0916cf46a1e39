// SPDX-License-Identifier: Apache-2.0
/*
 * start PROGRAM OTHER: how many milliseconds longer PROGRAM takes than OTHER,
 * from its start to its end, by the medians of runs that take turns.
 */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "median.h"

#define ROUNDS 501

static double time_run(const char *program)
{
	struct timespec start, end;
	int status;
	pid_t child;

	clock_gettime(CLOCK_MONOTONIC, &start);
	child = fork();
	if (child == 0) {
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "start: %s failed\n", program);
		exit(EXIT_FAILURE);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6;
}

int main(int argc, char **argv)
{
	double times[ROUNDS], others[ROUNDS];
	int i;

	if (argc != 3) {
		fputs("Usage: start PROGRAM OTHER\n", stderr);
		return EXIT_FAILURE;
	}
	for (i = 0; i < ROUNDS; i++) {
		times[i] = time_run(argv[1]);
		others[i] = time_run(argv[2]);
	}
	printf("%.2f ms\n", median(times, ROUNDS) - median(others, ROUNDS));
	return EXIT_SUCCESS;
}
