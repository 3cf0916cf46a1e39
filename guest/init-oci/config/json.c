// SPDX-License-Identifier: Apache-2.0
/* Strict access to the members of a JSON object. */
#include "config/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Whole numbers of fewer digits are exact as doubles. */
#define EXACT_DIGITS 16

int json_error(const struct object *object, const char *key, const char *reason,
	       struct error *error)
{
	return ERROR(error, object->document, ": ", object->name, key, ": ", reason);
}

int json_no_memory(struct error *error)
{
	return ERROR(error, "config: out of memory");
}

int json_get(const struct object *object, const char *key, const cJSON **member,
	     struct error *error)
{
	const cJSON *item;

	*member = NULL;
	cJSON_ArrayForEach(item, object->json) {
		if (strcmp(item->string, key) != 0)
			continue;
		if (*member)
			return json_error(object, key, "is given twice", error);
		*member = item;
	}
	if (*member && cJSON_IsNull(*member))
		*member = NULL;
	return 0;
}

int json_get_object(const struct object *object, const char *key, struct object *member,
		    struct error *error)
{
	member->document = object->document;
	if (json_get(object, key, &member->json, error) < 0)
		return -1;
	if (member->json && !cJSON_IsObject(member->json))
		return json_error(object, key, "is not an object", error);
	return 0;
}

int json_get_array(const struct object *object, const char *key, const cJSON **array,
		   struct error *error)
{
	if (json_get(object, key, array, error) < 0)
		return -1;
	if (*array && !cJSON_IsArray(*array))
		return json_error(object, key, "is not an array", error);
	return 0;
}

int json_get_string(const struct object *object, const char *key, const char **value,
		    struct error *error)
{
	const cJSON *item;

	if (json_get(object, key, &item, error) < 0)
		return -1;
	if (!item)
		return 0;
	if (!cJSON_IsString(item))
		return json_error(object, key, "is not a string", error);
	*value = item->valuestring;
	return 0;
}

int json_get_path(const struct object *object, const char *key, const char **value,
		  struct error *error)
{
	const char *path = NULL;

	if (json_get_string(object, key, &path, error) < 0)
		return -1;
	if (path && path[0] != '/')
		return json_error(object, key, "is not an absolute path", error);
	if (path)
		*value = path;
	return 0;
}

int json_get_bool(const struct object *object, const char *key, bool *value,
		  struct error *error)
{
	const cJSON *item;

	if (json_get(object, key, &item, error) < 0)
		return -1;
	if (!item)
		return 0;
	if (!cJSON_IsBool(item))
		return json_error(object, key, "is not true or false", error);
	*value = cJSON_IsTrue(item);
	return 0;
}

const char *json_number_problem(const cJSON *item, double min, double max)
{
	double value = item->valuedouble;

	if (!cJSON_IsNumber(item))
		return "is not a number";
	/* Written so that a NaN is out of range. */
	if (!(value >= min && value <= max))
		return "is out of range";
	/* From 2^53 on every double is a whole number. */
	if (value < 9007199254740992.0 && (double)(int64_t)value != value)
		return "is not a whole number";
	return NULL;
}

int json_get_number(const struct object *object, const char *key, double min, double max,
		    double *value, bool *present, struct error *error)
{
	const cJSON *item;
	const char *problem;

	if (json_get(object, key, &item, error) < 0)
		return -1;
	*present = item != NULL;
	if (!item)
		return 0;
	problem = json_number_problem(item, min, max);
	if (problem)
		return json_error(object, key, problem, error);
	*value = item->valuedouble;
	return 0;
}

static bool digits_to_unsigned(const char *digits, uint64_t *value)
{
	*value = 0;
	for (; *digits; digits++) {
		const unsigned int digit = (unsigned int)(*digits - '0');

		if (*value > (UINT64_MAX - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	return true;
}

int json_get_unsigned(const struct object *object, const char *key, uint64_t *value,
		      bool *present, struct error *error)
{
	/* The largest double below 2 to the 64th. */
	const double max = 18446744073709549568.0;
	const cJSON *item;
	const char *problem;

	if (json_get(object, key, &item, error) < 0)
		return -1;
	*present = item != NULL;
	if (!item)
		return 0;
	if (cJSON_IsNumber(item) && item->valuestring) {
		if (digits_to_unsigned(item->valuestring, value))
			return 0;
		return json_error(object, key, "is out of range", error);
	}
	problem = json_number_problem(item, 0, max);
	if (problem)
		return json_error(object, key, problem, error);
	*value = (uint64_t)item->valuedouble;
	return 0;
}

int json_need_number(const struct object *object, const char *key, double max, double *value,
		     struct error *error)
{
	bool present;

	if (json_get_number(object, key, 0, max, value, &present, error) < 0)
		return -1;
	return present ? 0 : json_error(object, key, "is missing", error);
}

int json_get_strings(const struct object *object, const char *key, char ***list,
		     struct error *error)
{
	const cJSON *array, *item;
	size_t count = 0;

	if (json_get_array(object, key, &array, error) < 0)
		return -1;
	if (!array)
		return 0;
	cJSON_ArrayForEach(item, array) {
		if (!cJSON_IsString(item))
			return json_error(object, key, "is not an array of strings", error);
		count++;
	}
	free(*list);
	*list = calloc(count + 1, sizeof(**list));
	if (!*list)
		return json_no_memory(error);
	count = 0;
	cJSON_ArrayForEach(item, array)
		(*list)[count++] = item->valuestring;
	return 0;
}

int json_get_paths(const struct object *object, const char *key, char ***list,
		   struct error *error)
{
	if (json_get_strings(object, key, list, error) < 0)
		return -1;
	for (char **path = *list; path && *path; path++) {
		if ((*path)[0] != '/')
			return ERROR(error, object->document, ": ", object->name, key, ": ", *path,
				     ": is not an absolute path");
	}
	return 0;
}

/* The parser turns \u0000 into the end of the string, and the rest would vanish. */
static bool has_nul(const char *text, size_t length)
{
	if (memchr(text, '\0', length))
		return true;
	for (size_t i = 0; i + 5 < length; i++) {
		if (text[i] != '\\')
			continue;
		i++;
		if (!memcmp(text + i, "u0000", 5))
			return true;
	}
	return false;
}

/*
 * The next number of a valid document, from *text on, which is moved past it.
 * Returns its length.
 */
static size_t next_number(const char **text, const char *end)
{
	const char *at = *text, *number;
	bool in_string = false;

	for (; at < end; at++) {
		if (in_string && *at == '\\')
			at++;
		else if (*at == '"')
			in_string = !in_string;
		else if (!in_string && (*at == '-' || (*at >= '0' && *at <= '9')))
			break;
	}
	number = at;
	while (at < end && strchr("0123456789+-.eE", *at))
		at++;
	*text = at;
	return (size_t)(at - number);
}

static bool is_digits(const char *text, size_t length)
{
	for (; length; length--) {
		if (text[length - 1] < '0' || text[length - 1] > '9')
			return false;
	}
	return true;
}

/*
 * The parser has a double for each number. A whole number that a double may not
 * hold keeps its digits, in valuestring, which cJSON_Delete() frees.
 */
static int keep_digits(cJSON *item, const char **text, const char *end)
{
	for (; item; item = item->next) {
		size_t length;

		if (item->child && keep_digits(item->child, text, end) < 0)
			return -1;
		if (!cJSON_IsNumber(item))
			continue;
		length = next_number(text, end);
		if (length < EXACT_DIGITS || !is_digits(*text - length, length))
			continue;
		item->valuestring = strndup(*text - length, length);
		if (!item->valuestring)
			return -1;
	}
	return 0;
}

static int syntax_error(const char *document, const char *text, const char *where,
			struct error *error)
{
	struct decimal line_text, column_text;
	unsigned int line = 1, column = 1;

	for (; text < where; text++) {
		column++;
		if (*text == '\n') {
			line++;
			column = 1;
		}
	}
	return ERROR(error, document, ": is not JSON, at line ", decimal(&line_text, line),
		     " column ", decimal(&column_text, column));
}

int json_parse(const char *document, const char *text, size_t length, cJSON **json,
	       struct error *error)
{
	const char *end = text;

	if (has_nul(text, length))
		return ERROR(error, document, ": has a NUL character in it");
	*json = cJSON_ParseWithLengthOpts(text, length, &end, false);
	if (!*json)
		return syntax_error(document, text, end, error);
	for (; end < text + length; end++) {
		if (!strchr(" \t\r\n", *end)) {
			cJSON_Delete(*json);
			*json = NULL;
			return syntax_error(document, text, end, error);
		}
	}
	if (keep_digits(*json, &text, text + length) < 0) {
		cJSON_Delete(*json);
		*json = NULL;
		return json_no_memory(error);
	}
	return 0;
}
