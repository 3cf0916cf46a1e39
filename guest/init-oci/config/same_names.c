// SPDX-License-Identifier: Apache-2.0
/* Which of many names are the same. */
#include "config/same_names.h"

#include <stdlib.h>
#include <string.h>

struct name name_of(const char *text)
{
	return (struct name){ .text = text, .length = strlen(text) };
}

/* Negative, 0 or positive, as for qsort(). */
static int compare_names(const struct name *left, const struct name *right)
{
	const size_t common = left->length < right->length ? left->length : right->length;
	const int difference = memcmp(left->text, right->text, common);

	if (difference)
		return difference;
	return (left->length > right->length) - (left->length < right->length);
}

static int compare(const void *left, const void *right)
{
	const struct name *const one = *(const struct name *const *)left;
	const struct name *const other = *(const struct name *const *)right;
	const int difference = compare_names(one, other);

	return difference ? difference : (one > other) - (one < other);
}

int same_names_find(struct name *names, size_t count)
{
	struct name **sorted;

	if (!count)
		return 0;
	sorted = malloc(count * sizeof(*sorted));
	if (!sorted)
		return -1;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &names[i];
	qsort(sorted, count, sizeof(*sorted), compare);
	sorted[0]->first = (size_t)(sorted[0] - names);
	for (size_t i = 1; i < count; i++)
		sorted[i]->first = compare_names(sorted[i - 1], sorted[i]) ?
				   (size_t)(sorted[i] - names) : sorted[i - 1]->first;
	free(sorted);
	return 0;
}
