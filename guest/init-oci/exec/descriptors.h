/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_DESCRIPTORS_H
#define INIT_OCI_DESCRIPTORS_H

#include <stddef.h>

/*
 * Descriptors that a process has opened for PID 1, which never waits for anything itself.
 */

/* In a list of descriptors, after those of the three streams. */
#define DESCRIPTOR_SIZES 3	/* where the sizes of the terminal go */
#define DESCRIPTOR_INPUT 4	/* of a terminal, if there was no pipe for it */
#define DESCRIPTORS 5

/* A pair of sockets. PID 1's own end does not block. Returns 0, or -1 with errno set. */
int descriptors_pair(int ends[2]);

/* Sends those that are not -1; with errno set on failure. */
int descriptors_send(int socket, const int descriptors[DESCRIPTORS]);

/*
 * Receives a list of them: 1; 0 when the other side has closed its end; -1 when nothing
 * has come yet.
 */
int descriptors_receive(int socket, int descriptors[DESCRIPTORS]);

/*
 * Closes all from a number on, but for those: one of another task's would keep a stream
 * from its end, for as long as this process waits or is stopped. -1 is none.
 */
void descriptors_keep(unsigned int from, const int kept[], size_t count);

#endif
