/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_LOG_H
#define TSI_PEER_LOG_H

#include <stdint.h>
#include <stdio.h>

#include "packet.h"

/*
 * A line for each packet, and for each thing about one that a reader should
 * know. A log without a file keeps quiet.
 */
struct log {
	FILE *file;
	/* CLOCK_MONOTONIC, in nanoseconds, of the first line. */
	uint64_t start;
};

/* Returns 0, or -1 with errno set. "-" is the standard output. */
int log_open(struct log *log, const char *path);
void log_close(struct log *log);
/* Called before the program sleeps, so that a reader of the file sees all. */
void log_flush(struct log *log);

void log_from_guest(struct log *log, const struct packet_header *header, const uint8_t *payload);
void log_to_guest(struct log *log, const struct packet_header *header, const uint8_t *payload);
void log_note(struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t monotonic_time(void);

#endif
