// SPDX-License-Identifier: Apache-2.0
/* How a process is scheduled, and its reads and writes of disks. */
#include "config/scheduling_config.h"

#include "config/kernel_names.h"

/* What a double holds exactly; in nanoseconds, a hundred days. */
#define NUMBER_MAX 9007199254740992.0

static int no_such_name(const struct object *object, const char *key, const char *name,
			struct error *error)
{
	return ERROR(error, object->document, ": ", object->name, key, ": there is no '", name,
		     "'");
}

/* A name of the kernel's, which an earlier document may have given. */
static int parse_name(const struct object *object, const char *key,
		      int (*number_of)(const char *name), int *number, struct error *error)
{
	const char *name = NULL;

	if (json_get_string(object, key, &name, error) < 0)
		return -1;
	if (name)
		*number = number_of(name);
	if (name && *number < 0)
		return no_such_name(object, key, name, error);
	return *number < 0 ? json_error(object, key, "is missing", error) : 0;
}

static int parse_io_priority(const struct object *process, struct config *config,
			     struct error *error)
{
	struct object object = { .name = "process.ioPriority." };
	double level;
	bool present;

	if (json_get_object(process, "ioPriority", &object, error) < 0)
		return -1;
	if (!object.json)
		return 0;
	if (parse_name(&object, "class", io_class_number, &config->io_class, error) < 0 ||
	    json_get_number(&object, "priority", 0, 7, &level, &present, error) < 0)
		return -1;
	if (present)
		config->io_level = (int)level;
	return 0;
}

static int parse_flags(const struct object *object, struct scheduler *scheduler,
		       struct error *error)
{
	const cJSON *array, *item;

	if (json_get_array(object, "flags", &array, error) < 0)
		return -1;
	if (array)
		scheduler->flags = 0;
	cJSON_ArrayForEach(item, array) {
		int number;

		if (!cJSON_IsString(item))
			return json_error(object, "flags", "is not an array of strings", error);
		number = scheduling_flag_number(item->valuestring);
		if (number < 0)
			return no_such_name(object, "flags", item->valuestring, error);
		scheduler->flags |= UINT64_C(1) << number;
	}
	return 0;
}

static int parse_times(const struct object *object, struct scheduler *scheduler,
		       struct error *error)
{
	const struct {
		const char *key;
		uint64_t *value;
	} times[] = {
		{ "runtime", &scheduler->runtime },
		{ "deadline", &scheduler->deadline },
		{ "period", &scheduler->period },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		double value;
		bool present;

		if (json_get_number(object, times[i].key, 0, NUMBER_MAX, &value, &present, error) < 0)
			return -1;
		if (present)
			*times[i].value = (uint64_t)value;
	}
	return 0;
}

static int parse_scheduler(const struct object *process, struct config *config,
			   struct error *error)
{
	struct object object = { .name = "process.scheduler." };
	struct scheduler *scheduler = &config->scheduler;
	double number;
	bool present;

	if (json_get_object(process, "scheduler", &object, error) < 0)
		return -1;
	if (!object.json)
		return 0;
	if (parse_name(&object, "policy", scheduling_policy_number, &scheduler->policy, error) < 0 ||
	    json_get_number(&object, "nice", -20, 19, &number, &present, error) < 0)
		return -1;
	if (present)
		scheduler->nice = (int)number;
	if (json_get_number(&object, "priority", 0, 99, &number, &present, error) < 0)
		return -1;
	if (present)
		scheduler->priority = (unsigned int)number;
	if (parse_flags(&object, scheduler, error) < 0)
		return -1;
	return parse_times(&object, scheduler, error);
}

int scheduling_config_apply(const struct object *process, struct config *config,
			    struct error *error)
{
	if (parse_io_priority(process, config, error) < 0 ||
	    parse_scheduler(process, config, error) < 0)
		return -1;
	return 0;
}
