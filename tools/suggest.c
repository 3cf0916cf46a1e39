// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <string.h>

#include "suggest.h"

/* No name is longer, and what is longer was meant to be none. */
#define LONGEST 31

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

size_t suggest_distance(const char *one, const char *other)
{
	/* Of the first i letters of one and the first j of the other. */
	size_t of[LONGEST + 1][LONGEST + 1];
	size_t rows = strlen(one), columns = strlen(other), i, j;

	if (rows > LONGEST || columns > LONGEST)
		return (size_t)-1;
	for (i = 0; i <= rows; i++)
		of[i][0] = i;
	for (j = 0; j <= columns; j++)
		of[0][j] = j;
	for (i = 1; i <= rows; i++) {
		for (j = 1; j <= columns; j++) {
			of[i][j] = least(least(of[i - 1][j], of[i][j - 1]) + 1,
					 of[i - 1][j - 1] + (one[i - 1] != other[j - 1]));
			if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
				of[i][j] = least(of[i][j], of[i - 2][j - 2] + 1);
		}
	}
	return of[rows][columns];
}

void suggest_offer(struct suggestion *suggestion, const char *name)
{
	size_t typed_length = strlen(suggestion->typed);
	size_t distance = suggest_distance(suggestion->typed, name);

	/* Unfinished is as near as mistyped. */
	if (distance > 1 && typed_length > 1 && strncmp(name, suggestion->typed, typed_length) == 0)
		distance = 1;
	/* If more than that must be changed, any name would do. */
	if (distance > (typed_length + 1) / 3)
		return;
	if (suggestion->nearest != NULL && distance >= suggestion->distance)
		return;
	suggestion->nearest = name;
	suggestion->distance = distance;
}
