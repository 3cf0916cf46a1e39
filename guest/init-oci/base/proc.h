/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PROC_H
#define INIT_OCI_PROC_H

/*
 * /proc as PID 1 has mounted it. Once the container runs, its root may have anything at
 * that path, such as a FIFO, which nobody writes to.
 */
#define PROC_FILENO 5

/* Returns 0, or -1 with errno set. */
int proc_open(void);

/* A file below it, for reading; or -1 with errno set. */
int proc_open_file(const char *path);

#endif
