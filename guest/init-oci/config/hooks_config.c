// SPDX-License-Identifier: Apache-2.0
/* The `hooks` of an OCI runtime configuration. */
#include "config/hooks_config.h"

#include <stdlib.h>

/* In seconds: what poll() can wait for. */
#define TIMEOUT_MAX 2147483

static int parse_hook(const struct object *object, struct hook *hook, struct error *error)
{
	double timeout;
	bool present;

	if (!cJSON_IsObject(object->json))
		return ERROR(error, object->document,
			     ": hooks.startContainer: is not an array of objects");
	if (json_get_path(object, "path", &hook->path, error) < 0 ||
	    json_get_strings(object, "args", &hook->args, error) < 0 ||
	    json_get_strings(object, "env", &hook->env, error) < 0 ||
	    json_get_number(object, "timeout", 1, TIMEOUT_MAX, &timeout, &present, error) < 0)
		return -1;
	if (!hook->path)
		return json_error(object, "path", "is missing", error);
	if (present)
		hook->timeout = (int)timeout;
	return 0;
}

int hooks_config_apply(const struct object *document, struct config *config,
		       struct error *error)
{
	struct object hooks = { .name = "hooks." };
	struct object object = { .document = document->document, .name = "hooks.startContainer: " };
	const cJSON *array;

	if (json_get_object(document, "hooks", &hooks, error) < 0 ||
	    json_get_array(&hooks, "startContainer", &array, error) < 0)
		return -1;
	if (!array)
		return 0;
	config_free_hooks(config);
	config->hooks = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof(*config->hooks));
	if (!config->hooks)
		return json_no_memory(error);
	cJSON_ArrayForEach(object.json, array) {
		/* Counted first, so that what it has is freed when it is wrong. */
		if (parse_hook(&object, &config->hooks[config->hook_count++], error) < 0)
			return -1;
	}
	return 0;
}
