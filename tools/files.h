/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>
#include <sys/types.h>

/* DIRECTORY/NAME in memory that the caller frees; or NULL with errno set. */
char *join_path(const char *directory, const char *name);

/* All of them, however few at a time fd takes. Returns 0, or -1 with errno set. */
int write_all(int fd, const void *bytes, size_t length);

/*
 * Write a file, all or nothing, as the library's supermachine_extract_*_to() do,
 * with the same values of errno: under a temporary name, synced, then renamed.
 * The mode is less the umask. Returns 0 or -1.
 */
int replace_file(const char *path, const void *bytes, size_t length, mode_t mode);

/*
 * Make a directory and those on the way to it that are missing. *made is how
 * many that were, for remove_directories() to take back, innermost first, the
 * ones that are still empty. Returns 0; or -1 with errno set, and then none is
 * left.
 */
int make_directories(const char *path, size_t *made);
void remove_directories(const char *path, size_t made);

#endif
