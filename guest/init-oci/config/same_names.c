// SPDX-License-Identifier: Apache-2.0
/* Which of many names are the same. */
#include "config/same_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct name name_of(const char *text)
{
	return (struct name){ .text = text, .length = strlen(text) };
}

/* Negative, 0 or positive, as memcmp(). */
static int compare_names(const struct name *left, const struct name *right)
{
	const size_t common = left->length < right->length ? left->length : right->length;
	const int difference = memcmp(left->text, right->text, common);

	if (difference)
		return difference;
	return (left->length > right->length) - (left->length < right->length);
}

/* Of two names that are the same, the first one is less. */
static bool is_less(const struct name *left, const struct name *right)
{
	const int difference = compare_names(left, right);

	return difference ? difference < 0 : left < right;
}

/* Puts what is at root where it belongs among those below it, the greatest on top. */
static void sift(struct name **heap, size_t root, size_t count)
{
	struct name *const name = heap[root];

	for (;;) {
		size_t child = 2 * root + 1;

		if (child + 1 < count && is_less(heap[child], heap[child + 1]))
			child++;
		if (child >= count || !is_less(name, heap[child]))
			break;
		heap[root] = heap[child];
		root = child;
	}
	heap[root] = name;
}

/* A heap sort: the C library's qsort() is six times the code. */
static void sort(struct name **names, size_t count)
{
	for (size_t root = count / 2; root > 0; root--)
		sift(names, root - 1, count);
	for (size_t rest = count; rest > 1; rest--) {
		struct name *const greatest = names[0];

		names[0] = names[rest - 1];
		names[rest - 1] = greatest;
		sift(names, 0, rest - 1);
	}
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
	sort(sorted, count);
	sorted[0]->first = (size_t)(sorted[0] - names);
	for (size_t i = 1; i < count; i++)
		sorted[i]->first = compare_names(sorted[i - 1], sorted[i]) ?
				   (size_t)(sorted[i] - names) : sorted[i - 1]->first;
	free(sorted);
	return 0;
}
