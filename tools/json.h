/* SPDX-License-Identifier: Apache-2.0 */
/* JSON on standard output, indented, for programs that read a command's output. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>

struct json {
	int depth;
	/* Whether nothing has been put into what was opened last. */
	bool empty;
};

/* name is NULL for what is in an array, and for the outermost object. */
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket);
/* A value of NULL is null. Bytes in it that are not UTF-8 become U+FFFD. */
void json_string(struct json *json, const char *name, const char *value);
/*
 * A path, which may be any bytes. If it is not UTF-8, a second value NAME_hex has all
 * of them, two digits for each.
 */
void json_path(struct json *json, const char *name, const char *path);
void json_number(struct json *json, const char *name, unsigned long long value);
void json_bool(struct json *json, const char *name, bool value);

#endif
