/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_FILE_H
#define INIT_OCI_FILE_H

#include <stddef.h>

#include "base/errors.h"

/* A whole file of at most size bytes and a '\0', to be freed; NULL on failure. */
char *file_read(const char *path, size_t size, size_t *length, struct error *error);

/* The same from a descriptor, with errno instead of a message. */
char *file_read_open(int fd, size_t size, size_t *length);

/* The same, but of a longer file only what it begins with. */
char *file_read_start(int fd, size_t size, size_t *length);

/* Writes a line to a file of /proc or /sys. Returns 0, or -1 with errno set. */
int file_write(const char *path, const char *text);

#endif
