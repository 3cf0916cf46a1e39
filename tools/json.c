// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

/*
 * How many bytes the character at text has in UTF-8; 0 if it is not one. The second
 * byte of some has a narrower range: no character is encoded in more bytes than
 * it needs, and surrogates and what lies beyond U+10FFFF are not characters.
 */
static size_t utf8_length(const unsigned char *text)
{
	unsigned char lowest = 0x80, highest = 0xbf;
	size_t length, i;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (text[0] == 0xe0)
		lowest = 0xa0;
	else if (text[0] == 0xed)
		highest = 0x9f;
	else if (text[0] == 0xf0)
		lowest = 0x90;
	else if (text[0] == 0xf4)
		highest = 0x8f;
	if (text[1] < lowest || text[1] > highest)
		return 0;
	for (i = 2; i < length; i++)
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	return length;
}

static void put_string(const char *value)
{
	const unsigned char *next = (const unsigned char *)value;

	putchar('"');
	while (*next != '\0') {
		size_t length = utf8_length(next);

		if (length == 0)
			fputs("\\ufffd", stdout);
		else if (*next == '"' || *next == '\\')
			printf("\\%c", *next);
		else if (*next < 0x20 || *next == 0x7f)
			printf("\\u%04x", *next);
		else
			fwrite(next, 1, length, stdout);
		next += length == 0 ? 1 : length;
	}
	putchar('"');
}

static void put_line(const struct json *json)
{
	printf("\n%*s", 2 * json->depth, "");
}

static void put_name(struct json *json, const char *name)
{
	if (json->depth > 0) {
		if (!json->empty)
			putchar(',');
		put_line(json);
	}
	json->empty = false;
	if (name != NULL) {
		put_string(name);
		fputs(": ", stdout);
	}
}

void json_open(struct json *json, const char *name, char bracket)
{
	put_name(json, name);
	putchar(bracket);
	json->depth++;
	json->empty = true;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (!json->empty)
		put_line(json);
	putchar(bracket);
	json->empty = false;
	if (json->depth == 0)
		putchar('\n');
}

void json_string(struct json *json, const char *name, const char *value)
{
	put_name(json, name);
	if (value == NULL)
		fputs("null", stdout);
	else
		put_string(value);
}

static bool is_utf8(const char *text)
{
	const unsigned char *next = (const unsigned char *)text;
	size_t length;

	for (; *next != '\0'; next += length) {
		length = utf8_length(next);
		if (length == 0)
			return false;
	}
	return true;
}

void json_path(struct json *json, const char *name, const char *path)
{
	const unsigned char *next = (const unsigned char *)path;

	json_string(json, name, path);
	if (path == NULL || is_utf8(path))
		return;
	putchar(',');
	put_line(json);
	printf("\"%s_hex\": \"", name);
	for (; *next != '\0'; next++)
		printf("%02x", *next);
	putchar('"');
}

void json_number(struct json *json, const char *name, unsigned long long value)
{
	put_name(json, name);
	printf("%llu", value);
}

void json_bool(struct json *json, const char *name, bool value)
{
	put_name(json, name);
	fputs(value ? "true" : "false", stdout);
}
