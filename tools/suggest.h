/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody who mistyped a name may have meant. */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <stddef.h>

struct suggestion {
	const char *typed;
	/* The nearest of those offered so far, or NULL if none is near. */
	const char *nearest;
	size_t distance;
};

/* Begin with { .typed = ... }, and offer each name that there is. */
void suggest_offer(struct suggestion *suggestion, const char *name);

/* How many letters to add, drop, change, or swap with the next, make one of the other. */
size_t suggest_distance(const char *one, const char *other);

#endif
