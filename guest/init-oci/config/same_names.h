/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SAME_NAMES_H
#define INIT_OCI_SAME_NAMES_H

#include <stddef.h>

/* One of many names: the key of a member, or the beginning of a variable. */
struct name {
	const char *text;
	size_t length;
	size_t first;	/* the place of the first one that is the same */
};

struct name name_of(const char *text);

/*
 * Sets `first` in each name. Takes time proportional to n log n whatever the names are,
 * for it is an image that chooses them. Returns 0, or -1 when there is no memory.
 */
int same_names_find(struct name *names, size_t count);

#endif
