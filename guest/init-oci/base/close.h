/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CLOSE_H
#define INIT_OCI_CLOSE_H

/*
 * Closes what PID 1 has of a process's streams. The end of a terminal waits for who reads
 * from it just now, and a program may read into a page that never comes: a process of its
 * own waits then.
 */
void close_without_waiting(int fd);

#endif
