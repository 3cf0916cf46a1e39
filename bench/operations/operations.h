/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_OPERATIONS_H
#define BENCH_OPERATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * One operation that is measured. "times" is how often it runs in one round. "before"
 * runs ahead of each operation, and its instructions are not counted: with it, each
 * operation is counted by itself, else a whole round is.
 */
struct row {
	const char *name;
	unsigned int times;
	bool (*prepare)(void);
	bool (*before)(void);
	bool (*operation)(void);
	void (*finish)(void);
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KIB 1024u
#define MIB (1024u * KIB)
#define PAGE 4096u

/* As large as the largest transfer. */
extern char block[MIB];

void measure(const struct row *rows, size_t count);

void measure_files(void);
void measure_images(void);
void measure_memory(void);
void measure_processes(void);
void measure_sockets(void);

/* A child of this process that runs peer(argument) until it is killed; 0 if none. */
pid_t start_peer(void (*peer)(int argument), int argument);
void stop_peer(pid_t peer);

/* From now on, run on this processor only. */
bool run_on(unsigned int processor);

bool write_text(const char *path, const char *text);
/* All bytes, in as many calls as it takes. */
bool send_whole(int fd, size_t size);
bool receive_whole(int fd, size_t size);

#endif
