// SPDX-License-Identifier: Apache-2.0
/* Lists of environment variables, in which each name appears once. */
#include "config/environment.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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

int environment_merge(char ***environment, char *const more[])
{
	const size_t old = string_list_length(*environment);
	const size_t room = old + string_list_length(more) + 1;
	char **merged = realloc(*environment, room * sizeof(*merged));

	if (!merged)
		return -1;
	*environment = merged;
	memset(merged + old, 0, (room - old) * sizeof(*merged));
	for (; more && *more; more++)
		*place(merged, *more) = *more;
	return 0;
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
