/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_JSON_H
#define INIT_OCI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cJSON.h>

#include "base/errors.h"

/*
 * Strict access to the members of a JSON object. A member that is null counts as
 * absent; one of a wrong type is an error, and so is a key that is given twice:
 * another reader of the same file may have used the other value.
 */

/* An object and what messages call it. */
struct object {
	const cJSON *json;	/* NULL when it is absent: then it has no members */
	const char *document;	/* "config" or "overrides" */
	const char *name;	/* what stands before a member's key: "process.", or "" */
};

int json_error(const struct object *object, const char *key, const char *reason,
	       struct error *error);
int json_no_memory(struct error *error);

/* Parses the whole text; on success *json is to be deleted. */
int json_parse(const char *document, const char *text, size_t length, cJSON **json,
	       struct error *error);

/* These leave NULL when there is no such member. The member comes with its name. */
int json_get(const struct object *object, const char *key, const cJSON **member,
	     struct error *error);
int json_get_object(const struct object *object, const char *key, struct object *member,
		    struct error *error);
int json_get_array(const struct object *object, const char *key, const cJSON **array,
		   struct error *error);

/* These leave *value as it was when there is no such member. */
int json_get_string(const struct object *object, const char *key, const char **value,
		    struct error *error);
int json_get_path(const struct object *object, const char *key, const char **value,
		  struct error *error);
int json_get_bool(const struct object *object, const char *key, bool *value,
		  struct error *error);
int json_get_number(const struct object *object, const char *key, double min, double max,
		    double *value, bool *present, struct error *error);
/* Exact, which a double is only up to 2 to the 53rd. */
int json_get_unsigned(const struct object *object, const char *key, uint64_t *value,
		      bool *present, struct error *error);
/* Replaces, and frees, a NULL-terminated list of strings that belong to the JSON. */
int json_get_strings(const struct object *object, const char *key, char ***list,
		     struct error *error);
int json_get_paths(const struct object *object, const char *key, char ***list,
		   struct error *error);

/* A number that must be given, from 0 to max. */
int json_need_number(const struct object *object, const char *key, double max, double *value,
		     struct error *error);

/* NULL when the value is a whole number from min to max, or what is wrong with it. */
const char *json_number_problem(const cJSON *item, double min, double max);

#endif
