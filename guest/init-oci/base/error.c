// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

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
