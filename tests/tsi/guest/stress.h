/* SPDX-License-Identifier: Apache-2.0 */
/* Between stress.c, which starts and ends processes, and what these processes do. */
#ifndef STRESS_H
#define STRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

enum {
	/* Descriptors that the threads of a process share */
	STRESS_SLOTS = 40,
	/* Of these, sockets that all processes share from the beginning */
	STRESS_SHARED = 16,
	STRESS_CALLS = 40,
};

/* What all processes count together. */
struct stress_tally {
	struct {
		atomic_ulong tried, succeeded;
	} calls[STRESS_CALLS];
	atomic_int kills;
	/* The slowest end after SIGKILL, in turns of stress_kill() */
	atomic_int slowest;
	/* Decides what all processes do most, for some time. */
	atomic_uint focus;
};

/* One turn of stress_kill(), in microseconds */
#define STRESS_TURN 10000

extern struct stress_tally *stress_tally;

/* What a process is given by the one that starts it. */
struct stress_start {
	unsigned int seed;
	int shared[STRESS_SHARED];
	/* Two ends of a way to pass descriptors to other processes */
	int exchange[2];
	/* A file with something in it */
	int file;
};

/* The name of a call, or NULL if there are fewer. */
const char *stress_call_name(unsigned int call);
/* A socket of any kind that TSI knows, or of vsock. */
int stress_any_socket(unsigned int *seed);
/* Make random calls, in several threads, until killed. */
_Noreturn void stress_work(const struct stress_start *start);
/* Kill a child, or for -1 all processes there are, and wait until it has ended. */
void stress_kill(pid_t pid);

#endif
