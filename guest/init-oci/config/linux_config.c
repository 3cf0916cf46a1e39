// SPDX-License-Identifier: Apache-2.0
/* Small fields of the `linux` of an OCI runtime configuration. */
#include "config/linux_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/linux_abi.h"

/* The kernel's own limit is less. */
#define SECONDS_MAX 9007199254740992.0

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

static int parse_personality(const struct object *linux_, struct config *config,
			     struct error *error)
{
	struct object object = { .name = "linux.personality." };
	const char *domain = config->personality_is_32_bit ? "LINUX32" : "LINUX";
	char **flags = NULL;
	int result = -1;

	if (json_get_object(linux_, "personality", &object, error) < 0)
		return -1;
	if (!object.json)
		return 0;
	if (json_get_string(&object, "domain", &domain, error) < 0 ||
	    json_get_strings(&object, "flags", &flags, error) < 0)
		goto out;
	config->has_personality = true;
	config->personality_is_32_bit = !strcmp(domain, "LINUX32");
	if (!config->personality_is_32_bit && strcmp(domain, "LINUX") != 0)
		json_error(&object, "domain", "is neither LINUX nor LINUX32", error);
	else if (flags && flags[0])
		json_error(&object, "flags", "is not empty, and the specification has none", error);
	else
		result = 0;
out:
	free(flags);
	return result;
}

static int parse_time_offset(const struct object *offsets, const char *key, const char *name,
			     struct time_offset *offset, struct error *error)
{
	struct object object = { .name = name };
	double number;
	bool present;

	if (json_get_object(offsets, key, &object, error) < 0)
		return -1;
	if (!object.json)
		return 0;
	offset->present = true;
	if (json_get_number(&object, "secs", -SECONDS_MAX, SECONDS_MAX, &number, &present, error) < 0)
		return -1;
	if (present)
		offset->seconds = (int64_t)number;
	if (json_get_number(&object, "nanosecs", 0, 999999999, &number, &present, error) < 0)
		return -1;
	if (present)
		offset->nanoseconds = (uint32_t)number;
	return 0;
}

static int parse_time_offsets(const struct object *linux_, struct config *config,
			      struct error *error)
{
	struct object offsets = { .name = "linux.timeOffsets." };

	if (json_get_object(linux_, "timeOffsets", &offsets, error) < 0 ||
	    parse_time_offset(&offsets, "monotonic", "linux.timeOffsets.monotonic.",
			      &config->monotonic, error) < 0)
		return -1;
	return parse_time_offset(&offsets, "boottime", "linux.timeOffsets.boottime.",
				 &config->boot_time, error);
}

int linux_config_apply(const struct object *linux_, struct config *config, struct error *error)
{
	if (parse_propagation(linux_, config, error) < 0 || check_namespaces(linux_, error) < 0 ||
	    parse_personality(linux_, config, error) < 0 ||
	    parse_time_offsets(linux_, config, error) < 0)
		return -1;
	return 0;
}
