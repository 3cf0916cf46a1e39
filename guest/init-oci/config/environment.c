// SPDX-License-Identifier: Apache-2.0
/* Lists of environment variables, in which each name appears once. */
#include "config/environment.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/same_names.h"
#include "config/string_list.h"

/* The place of the variable with that name, or of the NULL at the end. */
static char **place(char **environment, const char *variable)
{
	/* With the '=', so that a name does not match a longer one. */
	const size_t length = strcspn(variable, "=") + 1;

	while (*environment && strncmp(*environment, variable, length) != 0)
		environment++;
	return environment;
}

/* Moves each variable to the first place of its name, and closes the gaps. */
static int keep_last(char **environment, size_t count)
{
	struct name *names = calloc(count, sizeof(*names));
	size_t kept = 0;

	if (!names)
		return -1;
	for (size_t i = 0; i < count; i++)
		names[i] = (struct name){ environment[i], strcspn(environment[i], "="), 0 };
	if (same_names_find(names, count) < 0) {
		free(names);
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		environment[names[i].first] = environment[i];
	for (size_t i = 0; i < count; i++) {
		if (names[i].first == i)
			environment[kept++] = environment[i];
	}
	environment[kept] = NULL;
	free(names);
	return 0;
}

int environment_merge(char ***environment, char *const more[])
{
	const size_t old = string_list_length(*environment), added = string_list_length(more);
	char **merged = realloc(*environment, (old + added + 1) * sizeof(*merged));

	if (!merged)
		return -1;
	*environment = merged;
	merged[old] = NULL;
	if (!added)
		return 0;
	memcpy(merged + old, more, added * sizeof(*merged));
	merged[old + added] = NULL;
	return keep_last(merged, old + added);
}

int environment_add_missing(char ***environment, char *variable)
{
	if (*environment && *place(*environment, variable))
		return 0;
	return environment_merge(environment, (char *const[]){ variable, NULL });
}

char *environment_variable(const char *name_and_equals, const char *value)
{
	const size_t name_length = strlen(name_and_equals), size = strlen(value) + 1;
	char *variable = malloc(name_length + size);

	if (variable) {
		memcpy(variable, name_and_equals, name_length);
		memcpy(variable + name_length, value, size);
	}
	return variable;
}
