/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PATH_SEARCH_H
#define INIT_OCI_PATH_SEARCH_H

#include <stddef.h>

/* The value of PATH in a NULL-terminated environment, or what shells assume. */
const char *path_search_list(char *const environment[]);

/*
 * Writes the next file that a search for name along *list would try, and moves
 * *list on. A name with a slash is not searched for: it is the only candidate.
 * Returns 1, 0 when there are no more, or -1 when the candidate is too long.
 */
int path_search_next(const char **list, const char *name, char *candidate, size_t size);

#endif
