// SPDX-License-Identifier: Apache-2.0
/* Strings. */
#define _GNU_SOURCE
#include "text.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *text(const char *format, ...)
{
	va_list values;
	char *string;

	va_start(values, format);
	if (vasprintf(&string, format, values) < 0)
		err(1, NULL);
	va_end(values);
	return string;
}

char *text_as_json(const char *string)
{
	/* Each byte becomes six at most. */
	char *json = malloc(strlen(string) * 6 + 3), *to = json;

	if (!json)
		err(1, NULL);
	*to++ = '"';
	for (; *string; string++) {
		if ((unsigned char)*string < ' ')
			to += sprintf(to, "\\u%04x", (unsigned int)*string);
		else if (*string == '"' || *string == '\\')
			to += sprintf(to, "\\%c", *string);
		else
			*to++ = *string;
	}
	*to++ = '"';
	*to = '\0';
	return json;
}
