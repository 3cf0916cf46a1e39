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

bool config_is_empty(const cJSON *item)
{
	if (cJSON_IsString(item))
		return !item->valuestring[0];
	return (cJSON_IsArray(item) || cJSON_IsObject(item)) && !item->child;
}

/* A limit of 0 and a switch that is off are what there would be without them. */
static bool is_nothing(const cJSON *item)
{
	return config_is_empty(item) || cJSON_IsFalse(item) ||
	       (cJSON_IsNumber(item) && item->valuedouble == 0);
}

static void add_ignored(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->ignored_count; i++) {
		if (config->ignored[i] == name)
			return;
	}
	config->ignored[config->ignored_count++] = name;
}

int config_note_ignored(const struct object *object, const char *const *ignored,
			struct config *config, struct error *error)
{
	const size_t name_length = strlen(object->name);
	const cJSON *item;

	for (; *ignored; ignored++) {
		if (json_get(object, *ignored + name_length, &item, error) < 0)
			return -1;
		if (item && !is_nothing(item))
			add_ignored(config, *ignored);
	}
	return 0;
}
