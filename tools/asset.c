// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asset.h"

const struct asset *asset_find(const char *name)
{
	size_t i;

	for (i = 0; i < assets_count; i++)
		if (strcmp(assets[i].name, name) == 0)
			return &assets[i];
	return NULL;
}

const struct asset *asset_kernel(void)
{
	size_t i;

	for (i = 0; i < assets_count; i++)
		if (assets[i].image_header != NULL)
			return &assets[i];
	return NULL;
}

bool asset_is_as_recorded(const struct asset *asset)
{
	return strcmp(asset->recorded_sha256, asset->sha256()) == 0;
}

const char *asset_error(int error)
{
	return error == EBADMSG ? "the library is damaged: install it again" : strerror(error);
}

const unsigned char *find_text(const unsigned char *bytes, size_t length, const char *text)
{
	size_t text_length = strlen(text);

	while (length >= text_length) {
		const unsigned char *start = memchr(bytes, text[0], length - text_length + 1);

		if (start == NULL)
			return NULL;
		if (memcmp(start, text, text_length) == 0)
			return start;
		length -= (size_t)(start + 1 - bytes);
		bytes = start + 1;
	}
	return NULL;
}

char *kernel_banner(const unsigned char *image, size_t length)
{
	static const char beginning[] = "Linux version ";
	const size_t beginning_length = sizeof(beginning) - 1;
	const unsigned char *end = image + length, *start = image, *stop;

	/* A kernel has other strings that begin like this; only the banner has a number. */
	do {
		start = find_text(start, (size_t)(end - start), beginning);
		if (start == NULL)
			return NULL;
		start += beginning_length;
	} while (start == end || !isdigit(*start));
	for (stop = start; stop < end && isprint(*stop); stop++)
		;
	start -= beginning_length;
	return strndup((const char *)start, (size_t)(stop - start));
}
