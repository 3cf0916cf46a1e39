// SPDX-License-Identifier: Apache-2.0
/* Small fields of the `linux` of an OCI runtime configuration. */
#include "config/linux_config.h"

#include <string.h>

#include "base/linux_abi.h"

static int parse_propagation(const struct object *linux_, struct config *config,
			     struct error *error)
{
	static const struct {
		const char *name;
		unsigned int value;
	} known[] = {
		{ "private", PROPAGATION_PRIVATE }, { "shared", PROPAGATION_SHARED },
		{ "slave", PROPAGATION_SLAVE }, { "unbindable", PROPAGATION_UNBINDABLE },
	};
	const char *name = "";

	if (json_get_string(linux_, "rootfsPropagation", &name, error) < 0)
		return -1;
	if (!name[0])
		return 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		/* As for mounts, an `r` in front stands for all mounts below, too. */
		const bool tree = name[0] == 'r';

		if (strcmp(name + tree, known[i].name) != 0)
			continue;
		config->root_propagation = known[i].value;
		config->root_propagation_of_tree = tree;
		return 0;
	}
	return json_error(linux_, "rootfsPropagation",
			  "is not private, shared, slave or unbindable", error);
}

/* They mean nothing here, but a misspelt one is a mistake in what was to be isolated. */
static int check_namespaces(const struct object *linux_, struct error *error)
{
	static const char *const known[] = {
		"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts",
	};
	struct object namespace = { .document = linux_->document, .name = "linux.namespaces: " };
	const cJSON *array;

	if (json_get_array(linux_, "namespaces", &array, error) < 0)
		return -1;
	cJSON_ArrayForEach(namespace.json, array) {
		const char *type = "";
		size_t i = 0;

		if (!cJSON_IsObject(namespace.json))
			return json_error(linux_, "namespaces", "is not an array of objects", error);
		if (json_get_string(&namespace, "type", &type, error) < 0)
			return -1;
		while (i < sizeof(known) / sizeof(known[0]) && strcmp(type, known[i]) != 0)
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			return ERROR(error, linux_->document,
				     ": linux.namespaces: there is no namespace '", type, "'");
	}
	return 0;
}

int linux_config_apply(const struct object *linux_, struct config *config, struct error *error)
{
	if (parse_propagation(linux_, config, error) < 0 || check_namespaces(linux_, error) < 0)
		return -1;
	return 0;
}
