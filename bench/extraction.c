// SPDX-License-Identifier: Apache-2.0
/*
 * extraction DIRECTORY: the time to extract the kernel into DIRECTORY, as a
 * ratio to cp and sync of the same bytes there. Both happen in processes of
 * their own, fresh page tables included, and take turns, so that what else the
 * disk does hits both; the median of the rounds is what counts.
 */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <supermachine-kernel.h>

#define ROUNDS 31

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void await(pid_t child, const char *what)
{
	int status;

	if (child < 0)
		fail("fork");
	if (waitpid(child, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "extraction: %s failed\n", what);
		exit(EXIT_FAILURE);
	}
}

static double time_extraction(void)
{
	double start = now();
	pid_t child = fork();

	if (child == 0)
		_exit(supermachine_extract_kernel_to("extracted") == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	await(child, "extraction");
	return now() - start;
}

static void run(const char *const argv[])
{
	pid_t child = fork();

	if (child == 0) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	await(child, argv[0]);
}

static double time_copy(void)
{
	const char *const cp[] = { "cp", "original", "copy", NULL };
	const char *const sync_copy[] = { "sync", "copy", NULL };
	double start = now();

	run(cp);
	run(sync_copy);
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *times)
{
	qsort(times, ROUNDS, sizeof(times[0]), compare);
	return times[ROUNDS / 2];
}

int main(int argc, char **argv)
{
	double extractions[ROUNDS], copies[ROUNDS], extraction, copy;
	int i;

	if (argc != 2) {
		fputs("Usage: extraction DIRECTORY\n", stderr);
		return EXIT_FAILURE;
	}
	if (chdir(argv[1]) < 0)
		fail(argv[1]);
	if (supermachine_extract_kernel_to("original") < 0)
		fail("original");
	for (i = 0; i < ROUNDS; i++) {
		extractions[i] = time_extraction();
		copies[i] = time_copy();
	}
	unlink("original");
	unlink("copy");
	unlink("extracted");
	extraction = median(extractions);
	copy = median(copies);
	printf("%.2f (%.1f ms, cp and sync: %.1f ms)\n", extraction / copy, extraction * 1e3, copy * 1e3);
	return EXIT_SUCCESS;
}
