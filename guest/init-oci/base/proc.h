/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PROC_H
#define INIT_OCI_PROC_H

#include <stddef.h>

/*
 * A proc of this program's own, which is mounted nowhere. The one at /proc is the
 * container's: a configuration may mask it, make it read-only or change its options, and
 * once the container runs, there may be anything at that path, such as a FIFO that nobody
 * writes to.
 */
#define PROC_FILENO 5

/* Returns 0, or -1 with errno set. */
int proc_open(void);

/* A whole file below it, as file_read_open() of file.h returns it. */
char *proc_read(const char *path, size_t size, size_t *length);

/* Writes a line to a file below it. Returns 0, or -1 with errno set. */
int proc_write(const char *path, const char *text);

/* Opens the very file that fd is, which may be open with O_PATH. Or -1 with errno set. */
int proc_reopen(int fd, int flags);

#endif
