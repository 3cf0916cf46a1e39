/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

/* What every target is, to libFuzzer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run, as a sanitizer does; the trace shows the line. */
#define CHECK(condition) ((condition) ? (void)0 : abort())

/* A part of the input. */
struct part {
	const char *at;
	size_t length;
};

/* Cuts off the part before the first separator, or everything if there is none. */
static inline struct part cut(struct part *rest, const char *separator)
{
	const size_t length = strlen(separator);
	const char *found = rest->length ? memmem(rest->at, rest->length, separator, length) : NULL;
	struct part part = { rest->at, found ? (size_t)(found - rest->at) : rest->length };

	*rest = (struct part){ found ? found + length : rest->at + rest->length,
			       found ? rest->length - part.length - length : 0 };
	return part;
}

/* A string of its own size, so that a sanitizer sees every read beyond it. */
static inline char *copy(struct part part)
{
	char *string = malloc(part.length + 1);

	CHECK(string);
	if (part.length)
		memcpy(string, part.at, part.length);
	string[part.length] = '\0';
	return string;
}

/* A refusal says in one line what is wrong, and where. */
static inline void check_error(const struct error *error, const char *prefix)
{
	CHECK(!strncmp(error->text, prefix, strlen(prefix)));
	CHECK(strlen(error->text) > strlen(prefix));
	for (const char *c = error->text; *c; c++)
		CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
}

/*
 * The seeds are named after the expected result; this shows that they still give
 * it. EXPECT is unset while inputs are made up.
 */
static inline void check_expected(bool accepted)
{
	const char *expected = getenv("EXPECT");

	CHECK(!expected || !strcmp(expected, accepted ? "good" : "bad"));
}

#endif
