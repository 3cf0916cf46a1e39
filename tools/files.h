/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>
#include <sys/types.h>

/* DIRECTORY/NAME in memory that the caller frees; or NULL with errno set. */
char *join_path(const char *directory, const char *name);

/* Writes all bytes, however few fd takes at a time. Returns 0, or -1 with errno set. */
int write_all(int fd, const void *bytes, size_t length);

/*
 * Write a file, all or nothing, as the library's supermachine_extract_*_to() do,
 * with the same values of errno: under a temporary name, synced, then renamed.
 * The mode is less the umask. Returns 0 or -1.
 */
int replace_file(const char *path, const void *bytes, size_t length, mode_t mode);

/*
 * Make a directory and its missing parents. *made is how many were made;
 * remove_directories() removes those of them that are still empty, innermost
 * first. make_directories() returns 0; or -1 with errno set, and then none of
 * them is left.
 */
int make_directories(const char *path, size_t *made);
void remove_directories(const char *path, size_t made);

#endif
