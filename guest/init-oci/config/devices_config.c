// SPDX-License-Identifier: Apache-2.0
/* The devices that the container is given, and those that it may use. */
#include "config/devices_config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Minus one means "leave as it is" to the kernel, so it is not a user or group. */
#define ID_MAX 4294967294.0
/* The kernel's numbers of devices have 12 and 20 bits. */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

static int get_id(const struct object *object, const char *key, uint32_t *id,
		  struct error *error)
{
	double value = 0;
	bool present;

	if (json_get_number(object, key, 0, ID_MAX, &value, &present, error) < 0)
		return -1;
	*id = (uint32_t)value;
	return 0;
}

/* Engines write the type into the mode, too. */
static int get_mode(const struct object *object, uint32_t type, uint32_t *mode,
		    struct error *error)
{
	double value = 0666;
	bool present;

	if (json_get_number(object, "fileMode", 0, UINT32_MAX, &value, &present, error) < 0)
		return -1;
	*mode = type | ((uint32_t)value & 07777);
	return 0;
}

static int get_type(const struct object *object, uint32_t *type, struct error *error)
{
	const char *name = "";

	if (json_get_string(object, "type", &name, error) < 0)
		return -1;
	if (!strcmp(name, "c") || !strcmp(name, "u"))
		*type = S_IFCHR;
	else if (!strcmp(name, "b"))
		*type = S_IFBLK;
	else if (!strcmp(name, "p"))
		*type = S_IFIFO;
	else
		return json_error(object, "type", "is not c, b, u or p", error);
	return 0;
}

static int parse_device(const struct object *object, struct device *device, struct error *error)
{
	double major = 0, minor = 0;
	uint32_t type = 0;

	if (!cJSON_IsObject(object->json))
		return ERROR(error, object->document,
			     ": linux.devices: is not an array of objects");
	if (json_get_path(object, "path", &device->path, error) < 0 ||
	    get_type(object, &type, error) < 0 ||
	    get_mode(object, type, &device->mode, error) < 0 ||
	    get_id(object, "uid", &device->uid, error) < 0 ||
	    get_id(object, "gid", &device->gid, error) < 0)
		return -1;
	if (!device->path)
		return json_error(object, "path", "is missing", error);
	if (type != S_IFIFO &&
	    (json_need_number(object, "major", MAJOR_MAX, &major, error) < 0 ||
	     json_need_number(object, "minor", MINOR_MAX, &minor, error) < 0))
		return -1;
	device->major = (uint32_t)major;
	device->minor = (uint32_t)minor;
	return 0;
}

int devices_config_apply(const struct object *linux_, struct config *config, struct error *error)
{
	struct object object = { .document = linux_->document, .name = "linux.devices: " };
	const cJSON *array;

	if (json_get_array(linux_, "devices", &array, error) < 0)
		return -1;
	if (!array)
		return 0;
	free(config->devices);
	config->device_count = 0;
	config->devices = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof(*config->devices));
	if (!config->devices)
		return json_no_memory(error);
	cJSON_ArrayForEach(object.json, array) {
		if (parse_device(&object, &config->devices[config->device_count], error) < 0)
			return -1;
		config->device_count++;
	}
	return 0;
}

/* One that is not given, or is negative, stands for all. */
static int get_number(const struct object *object, const char *key, double max, int64_t *number,
		      struct error *error)
{
	double value = -1;
	bool present;

	if (json_get_number(object, key, -1, max, &value, &present, error) < 0)
		return -1;
	*number = (int64_t)value;
	return 0;
}

static int get_access(const struct object *object, unsigned int *access, struct error *error)
{
	const char *letters = "";

	if (json_get_string(object, "access", &letters, error) < 0)
		return -1;
	*access = 0;
	for (; *letters; letters++) {
		if (*letters == 'r')
			*access |= DEVICE_READ;
		else if (*letters == 'w')
			*access |= DEVICE_WRITE;
		else if (*letters == 'm')
			*access |= DEVICE_MAKE;
		else
			return json_error(object, "access", "is not made of r, w and m", error);
	}
	if (!*access)
		*access = DEVICE_READ | DEVICE_WRITE | DEVICE_MAKE;
	return 0;
}

static int parse_rule(const struct object *object, struct device_rule *rule,
		      struct error *error)
{
	const char *type = "";
	const cJSON *allow;

	if (!cJSON_IsObject(object->json))
		return ERROR(error, object->document,
			     ": linux.resources.devices: is not an array of objects");
	if (json_get(object, "allow", &allow, error) < 0 ||
	    json_get_bool(object, "allow", &rule->allow, error) < 0 ||
	    json_get_string(object, "type", &type, error) < 0 ||
	    get_number(object, "major", MAJOR_MAX, &rule->major, error) < 0 ||
	    get_number(object, "minor", MINOR_MAX, &rule->minor, error) < 0 ||
	    get_access(object, &rule->access, error) < 0)
		return -1;
	if (!allow)
		return json_error(object, "allow", "is missing", error);
	if (!type[0] || !strcmp(type, "a"))
		rule->type = 'a';
	else if (!strcmp(type, "b"))
		rule->type = 'b';
	else if (!strcmp(type, "c") || !strcmp(type, "u"))
		rule->type = 'c';
	else
		return json_error(object, "type", "is not a, b, c or u", error);
	return 0;
}

int device_rules_apply(const struct object *resources, struct config *config,
		       struct error *error)
{
	struct object object = {
		.document = resources->document, .name = "linux.resources.devices: ",
	};
	const cJSON *array;

	if (json_get_array(resources, "devices", &array, error) < 0)
		return -1;
	if (!array)
		return 0;
	free(config->device_rules);
	config->device_rule_count = 0;
	config->device_rules = calloc((size_t)cJSON_GetArraySize(array) + 1,
				      sizeof(*config->device_rules));
	if (!config->device_rules)
		return json_no_memory(error);
	cJSON_ArrayForEach(object.json, array) {
		if (parse_rule(&object, &config->device_rules[config->device_rule_count],
			       error) < 0)
			return -1;
		config->device_rule_count++;
	}
	return 0;
}
