// SPDX-License-Identifier: Apache-2.0
/*
 * extraction DIRECTORY [FILE.xz]: the time to extract the kernel into DIRECTORY, as
 * a ratio to cp and sync of the same bytes there, or to xz -dc of the file and
 * sync. Each runs in a process of its own, with fresh page tables, and they take
 * turns, so that other load on the disk hits both; the median of the rounds
 * counts.
 */
#include <config.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "median.h"
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
	double start;
	pid_t child;

	unlink("extracted");
	start = now();
	child = fork();
	if (child == 0)
		_exit(supermachine_extract_kernel_to("extracted") == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	await(child, "extraction");
	return now() - start;
}

/* Run a program with the file "copy" as its standard output. */
static void run(const char *const argv[])
{
	pid_t child = fork();

	if (child == 0) {
		int fd = open("copy", O_WRONLY | O_CREAT, 0666);

		if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
			_exit(126);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	await(child, argv[0]);
}

/* A copy to the disk: GNU cp would share the data where it can. */
static double time_copy(const char *xz_file)
{
	const char *const cp[] = { "cp", "--reflink=never", "original", "copy", NULL };
	const char *const xz[] = { "xz", "-dc", xz_file, NULL };
	const char *const sync_copy[] = { "sync", "copy", NULL };
	double start;

	unlink("copy");
	start = now();
	run(xz_file == NULL ? cp : xz);
	run(sync_copy);
	return now() - start;
}

int main(int argc, char **argv)
{
	double extractions[ROUNDS], copies[ROUNDS], extraction, copy;
	const char *xz_file = argc == 3 ? argv[2] : NULL;
	int i;

	if (argc != 2 && argc != 3) {
		fputs("Usage: extraction DIRECTORY [FILE.xz]\n", stderr);
		return EXIT_FAILURE;
	}
	if (chdir(argv[1]) < 0)
		fail(argv[1]);
	if (supermachine_extract_kernel_to("original") < 0)
		fail("original");
	for (i = 0; i < ROUNDS; i++) {
		extractions[i] = time_extraction();
		copies[i] = time_copy(xz_file);
	}
	unlink("original");
	unlink("copy");
	unlink("extracted");
	extraction = median(extractions, ROUNDS);
	copy = median(copies, ROUNDS);
	printf("%.2f (%.1f ms, %s and sync: %.1f ms)\n", extraction / copy, extraction * 1e3,
	       xz_file == NULL ? "cp" : "xz", copy * 1e3);
	return EXIT_SUCCESS;
}
