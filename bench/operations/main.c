/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1 of bench/guest-work: how many instructions a kernel executes for what programs
 * ask of it. Prints a line "work: INSTRUCTIONS NAME" for each row.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "operations.h"
#include "counter/counter.h"

#define ROUNDS 5

char block[MIB] __attribute__((aligned(4096)));

/* What reading the counter twice counts by itself. */
static double reading;

/* --- Rows ------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

static void calibrate(void)
{
	double values[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++) {
		values[i] = counted();
		values[i] = counted() - values[i];
	}
	reading = median(values, ROUNDS);
}

/* Instructions of each operation of a round; negative if one failed. */
static double a_round(const struct row *row)
{
	double sum = 0, start = counted();

	if (!row->before) {
		for (unsigned int i = 0; i < row->times; i++)
			if (!row->operation())
				return -1;
		return (counted() - start - reading) / row->times;
	}
	for (unsigned int i = 0; i < row->times; i++) {
		if (!row->before())
			return -1;
		start = counted();
		if (!row->operation())
			return -1;
		sum += counted() - start - reading;
	}
	return sum / row->times;
}

static void measure_row(const struct row *row)
{
	double rounds[ROUNDS];
	bool good = !row->prepare || row->prepare();

	/* The first round warms up. */
	good = good && a_round(row) >= 0;
	for (size_t i = 0; i < ROUNDS && good; i++) {
		rounds[i] = a_round(row);
		good = rounds[i] >= 0;
	}
	if (good)
		printf("work: %.0f %s\n", median(rounds, ROUNDS), row->name);
	else
		printf("failed: %s: %s\n", row->name, strerror(errno));
	if (row->finish)
		row->finish();
}

void measure(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		measure_row(&rows[i]);
}

/* --- Help for rows ---------------------------------------------------------- */

bool run_on(unsigned int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

pid_t start_peer(void (*peer)(int argument), int argument)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? 0 : pid;
	peer(argument);
	_exit(1);
}

void stop_peer(pid_t peer)
{
	if (peer > 0) {
		kill(peer, SIGKILL);
		waitpid(peer, NULL, 0);
	}
}

bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

bool send_whole(int fd, size_t size)
{
	for (ssize_t n; size; size -= (size_t)n) {
		n = write(fd, block, size);
		if (n <= 0)
			return false;
	}
	return true;
}

bool receive_whole(int fd, size_t size)
{
	for (ssize_t n; size; size -= (size_t)n) {
		n = read(fd, block, size);
		if (n <= 0)
			return false;
	}
	return true;
}

/* --- The machine ------------------------------------------------------------ */

/* Modules, in an order in which each finds what it needs. Ours has none. */
static void load_modules(void)
{
	char path[32];
	int fd;

	for (unsigned int i = 1;; i++) {
		snprintf(path, sizeof(path), "/modules/%02u.ko", i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		if (syscall(SYS_finit_module, fd, "", 0))
			printf("failed: %s: %s\n", path, strerror(errno));
		close(fd);
	}
}

static bool mount_at(const char *type, const char *path)
{
	return (!mkdir(path, 0755) || errno == EEXIST) &&
		!mount(type, path, type, 0, NULL);
}

static void set_up(void)
{
	if (!mount_at("proc", "/proc") || !mount_at("sysfs", "/sys") ||
	    !mount_at("tmpfs", "/tmp") || (!mount_at("devtmpfs", "/dev") && errno != EBUSY))
		printf("failed: mounts: %s\n", strerror(errno));
	load_modules();
	signal(SIGPIPE, SIG_IGN);
	if (!run_on(0) || !open_counter())
		printf("failed: counter: %s\n", strerror(errno));
	calibrate();
}

int main(int argc, char **argv)
{
	(void)argv;
	/* What the row of execve() runs. */
	if (argc > 1 && getpid() != 1)
		return 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("");
	set_up();
	measure_files();
	measure_memory();
	measure_processes();
	measure_sockets();
	measure_images();
	puts("work: end");
	reboot(RB_POWER_OFF);
	return 1;
}
