/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_FILE_H
#define INIT_OCI_FILE_H

#include <stddef.h>

/* A whole file of at most size bytes and a '\0', to be freed; NULL, with errno set, on failure. */
char *file_read_open(int fd, size_t size, size_t *length);

/* The same, but of a longer file only what it begins with. */
char *file_read_start(int fd, size_t size, size_t *length);

/* Writes all of it. Returns 0, or -1 with errno set. */
int file_write_all(int fd, const void *bytes, size_t size);

#endif
