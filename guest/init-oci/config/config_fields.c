// SPDX-License-Identifier: Apache-2.0
/* Fields that the configurations of images and of runtimes have in common. */
#include "config/config_fields.h"

#include <stdlib.h>
#include <string.h>

#include "config/environment.h"
#include "config/kernel_names.h"

int config_get_environment(const struct object *object, const char *key, struct config *config,
			   struct error *error)
{
	char **list = NULL;
	int result = -1;

	if (json_get_strings(object, key, &list, error) < 0)
		goto out;
	for (char **variable = list; variable && *variable; variable++) {
		const char *equals = strchr(*variable, '=');

		if (!equals || equals == *variable) {
			ERROR(error, object->document, ": ", object->name, key, ": ", *variable,
			      ": is not NAME=VALUE");
			goto out;
		}
	}
	result = environment_merge(&config->env, list);
	if (result < 0)
		json_no_memory(error);
out:
	free(list);
	return result;
}

int config_get_stop_signal(const struct object *object, const char *key, struct config *config,
			   struct error *error)
{
	const char *name = "";

	if (json_get_string(object, key, &name, error) < 0)
		return -1;
	if (!name[0])
		return 0;
	config->stop_signal = signal_number(name);
	if (config->stop_signal < 0)
		return ERROR(error, object->document, ": ", object->name, key,
			     ": there is no signal '", name, "'");
	return 0;
}
