// SPDX-License-Identifier: Apache-2.0
/* Messages of steps that failed, and text without stdio. */
#include "base/errors.h"

#include <errno.h>
#include <string.h>

size_t text_join(char *text, size_t size, const char *const parts[])
{
	size_t length = 0;

	for (; *parts; parts++) {
		for (const char *c = *parts; *c && length < size - 1; c++) {
			unsigned char byte = (unsigned char)*c;

			text[length++] = byte < 0x20 || byte == 0x7f ? '?' : *c;
		}
	}
	text[length] = '\0';
	return length;
}

int error_set(struct error *error, const char *const parts[])
{
	text_join(error->text, sizeof(error->text), parts);
	return -1;
}

int step_error(const char *step, const char *argument, struct error *error)
{
	return ERROR(error, step, argument, ": ", strerror(errno));
}

const char *decimal(struct decimal *decimal, uint64_t value)
{
	char *digit = decimal->text + sizeof(decimal->text) - 1;

	*digit = '\0';
	do {
		*--digit = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return digit;
}
