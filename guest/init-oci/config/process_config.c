// SPDX-License-Identifier: Apache-2.0
/* The `process` of an OCI runtime configuration. */
#include "config/process_config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "config/config_fields.h"
#include "config/scheduling_config.h"

/* 2 to the 64th: what RLIM_INFINITY, the largest 64-bit number, is as a double. */
#define INFINITE 18446744073709551616.0
/* Minus one means "leave as it is" to the kernel, so it is not a user or group. */
#define ID_MAX 4294967294.0

static int parse_groups(const struct object *user, struct config *config, struct error *error)
{
	const cJSON *array, *item;

	free(config->groups);
	config->groups = NULL;
	config->group_count = 0;
	if (json_get_array(user, "additionalGids", &array, error) < 0)
		return -1;
	if (!array || !array->child)
		return 0;
	config->groups = calloc((size_t)cJSON_GetArraySize(array), sizeof(*config->groups));
	if (!config->groups)
		return json_no_memory(error);
	cJSON_ArrayForEach(item, array) {
		const char *problem = json_number_problem(item, 0, ID_MAX);

		if (problem)
			return json_error(user, "additionalGids", problem, error);
		config->groups[config->group_count++] = (uint32_t)item->valuedouble;
	}
	return 0;
}

/*
 * A process's user and groups are one unit: one user's additional groups are not
 * another's. A name stands for all of them, and is used if no numbers are given.
 */
static int parse_identity(const struct object *user, struct config *config,
			  struct error *error)
{
	const char *name = NULL;
	const cJSON *uid_item, *gid_item, *groups;
	double uid, gid;

	if (json_get(user, "uid", &uid_item, error) < 0 ||
	    json_get(user, "gid", &gid_item, error) < 0 ||
	    json_get(user, "additionalGids", &groups, error) < 0 ||
	    json_get_string(user, "username", &name, error) < 0)
		return -1;
	if (!uid_item && !gid_item && !groups) {
		if (name && name[0])
			config->user = name;
		return 0;
	}
	if (json_need_number(user, "uid", ID_MAX, &uid, error) < 0 ||
	    json_need_number(user, "gid", ID_MAX, &gid, error) < 0)
		return -1;
	config->user = NULL;
	config->uid = (uint32_t)uid;
	config->gid = (uint32_t)gid;
	return parse_groups(user, config, error);
}

static int parse_user(const struct object *process, struct config *config, struct error *error)
{
	struct object user = { .name = "process.user." };
	double mask;
	bool present;

	if (json_get_object(process, "user", &user, error) < 0 ||
	    json_get_number(&user, "umask", 0, 0777, &mask, &present, error) < 0)
		return -1;
	if (present)
		config->umask = (int)mask;
	return parse_identity(&user, config, error);
}

static uint64_t limit_value(double value)
{
	return value >= INFINITE ? UINT64_MAX : (uint64_t)value;
}

/* The place of that limit, or the one after the last. */
static struct limit *limit_place(struct config *config, int resource)
{
	struct limit *limit = config->limits;

	while (limit < config->limits + config->limit_count && limit->resource != resource)
		limit++;
	return limit;
}

/* seen has a bit for each limit of this document. */
static int parse_limit(const struct object *limit, struct config *config, unsigned int *seen,
		       struct error *error)
{
	const char *type = "";
	struct limit *place;
	double soft, hard;
	int resource;

	if (!cJSON_IsObject(limit->json))
		return ERROR(error, limit->document,
			     ": process.rlimits: is not an array of objects");
	if (json_get_string(limit, "type", &type, error) < 0)
		return -1;
	resource = resource_limit_number(type);
	if (resource < 0)
		return ERROR(error, limit->document, ": process.rlimits: there is no limit '",
			     type, "'");
	if (*seen & 1u << resource)
		return json_error(limit, type, "is given twice", error);
	*seen |= 1u << resource;
	if (json_need_number(limit, "soft", INFINITE, &soft, error) < 0 ||
	    json_need_number(limit, "hard", INFINITE, &hard, error) < 0)
		return -1;
	if (soft > hard)
		return json_error(limit, type, "its soft limit is above the hard one", error);
	place = limit_place(config, resource);
	if (place == config->limits + config->limit_count)
		config->limit_count++;
	*place = (struct limit){
		.resource = resource,
		.soft = limit_value(soft),
		.hard = limit_value(hard),
	};
	return 0;
}

static int parse_limits(const struct object *process, struct config *config,
			struct error *error)
{
	struct object limit = { .document = process->document, .name = "process.rlimits: " };
	const cJSON *array;
	unsigned int seen = 0;

	if (json_get_array(process, "rlimits", &array, error) < 0)
		return -1;
	cJSON_ArrayForEach(limit.json, array) {
		if (parse_limit(&limit, config, &seen, error) < 0)
			return -1;
	}
	return 0;
}

/* Once each; what does not fit is left out. */
static void note_unknown_capability(struct config *config, const char *name)
{
	char *list = config->unknown_capabilities;
	const size_t length = strlen(name), used = strlen(list);

	for (const char *at = list; *at; at += strcspn(at, ","), at += strspn(at, ", ")) {
		if (!strncmp(at, name, length) && (!at[length] || at[length] == ','))
			return;
	}
	if (used + length + 2 < sizeof(config->unknown_capabilities))
		text_join(list + used, sizeof(config->unknown_capabilities) - used,
			  (const char *const[]){ used ? ", " : "", name, NULL });
}

static int parse_capability_set(const struct object *object, const char *key,
				struct config *config, uint64_t *set, struct error *error)
{
	const cJSON *array, *item;

	if (json_get_array(object, key, &array, error) < 0)
		return -1;
	if (array)
		*set = 0;
	cJSON_ArrayForEach(item, array) {
		int number;

		if (!cJSON_IsString(item))
			return json_error(object, key, "is not an array of strings", error);
		number = capability_number(item->valuestring);
		if (number < 0)
			note_unknown_capability(config, item->valuestring);
		else
			*set |= UINT64_C(1) << number;
	}
	return 0;
}

static int parse_capabilities(const struct object *process, struct config *config,
			      struct error *error)
{
	struct object object = { .name = "process.capabilities." };
	struct capabilities *sets = &config->capabilities;

	if (json_get_object(process, "capabilities", &object, error) < 0)
		return -1;
	config->has_capabilities |= object.json != NULL;
	if (parse_capability_set(&object, "bounding", config, &sets->bounding, error) < 0 ||
	    parse_capability_set(&object, "effective", config, &sets->effective, error) < 0 ||
	    parse_capability_set(&object, "permitted", config, &sets->permitted, error) < 0 ||
	    parse_capability_set(&object, "inheritable", config, &sets->inheritable, error) < 0 ||
	    parse_capability_set(&object, "ambient", config, &sets->ambient, error) < 0)
		return -1;
	return 0;
}

static int parse_terminal(const struct object *process, struct config *config,
			  struct error *error)
{
	struct object size = { .name = "process.consoleSize." };
	double rows, columns;

	if (json_get_bool(process, "terminal", &config->terminal, error) < 0 ||
	    json_get_object(process, "consoleSize", &size, error) < 0)
		return -1;
	if (!size.json)
		return 0;
	if (json_need_number(&size, "height", UINT16_MAX, &rows, error) < 0 ||
	    json_need_number(&size, "width", UINT16_MAX, &columns, error) < 0)
		return -1;
	config->rows = (unsigned short)rows;
	config->columns = (unsigned short)columns;
	return 0;
}

static int parse_oom_score(const struct object *process, struct config *config,
			   struct error *error)
{
	double score;
	bool present;

	if (json_get_number(process, "oomScoreAdj", -1000, 1000, &score, &present, error) < 0)
		return -1;
	if (present) {
		config->has_oom_score_adj = true;
		config->oom_score_adj = (int)score;
	}
	return 0;
}

int process_config_take(const struct object *process, struct config *config,
			struct error *error)
{
	if (json_get_strings(process, "args", &config->args, error) < 0 ||
	    config_get_environment(process, "env", config, error) < 0 ||
	    json_get_path(process, "cwd", &config->cwd, error) < 0 ||
	    json_get_bool(process, "noNewPrivileges", &config->no_new_privileges, error) < 0 ||
	    parse_oom_score(process, config, error) < 0 ||
	    parse_user(process, config, error) < 0 ||
	    parse_limits(process, config, error) < 0 ||
	    parse_capabilities(process, config, error) < 0 ||
	    parse_terminal(process, config, error) < 0 ||
	    scheduling_config_apply(process, config, error) < 0)
		return -1;
	return 0;
}

int process_config_apply(const struct object *document, struct config *config,
			 struct error *error)
{
	struct object process = { .name = "process." };

	if (json_get_object(document, "process", &process, error) < 0)
		return -1;
	return process_config_take(&process, config, error);
}

/* Takes those out that the set cannot have. Returns them. */
static uint64_t restrict_set(uint64_t *set, uint64_t possible)
{
	const uint64_t lost = *set & ~possible;

	*set &= possible;
	return lost;
}

/*
 * By the kernel's rules, under which container engines write sets that no process can
 * have: ambient ones that are not inheritable.
 */
static void restrict_capabilities(struct config *config)
{
	struct capabilities *sets = &config->capabilities;

	config->lost_capabilities = restrict_set(&sets->effective, sets->permitted);
	config->lost_capabilities |= restrict_set(&sets->inheritable, sets->bounding);
	config->lost_capabilities |= restrict_set(&sets->ambient,
						  sets->permitted & sets->inheritable);
}

/*
 * What container engines have themselves, and so what their processes inherit. The
 * kernel's own are too low: 4096 files for servers that raise theirs, and in a small VM
 * a few hundred processes.
 */
static void add_limits(struct config *config)
{
	static const struct limit usual[] = {
		{ RLIMIT_NOFILE, 1024, 524288 },
		{ RLIMIT_NPROC, UINT64_MAX, UINT64_MAX },
	};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		struct limit *place = limit_place(config, usual[i].resource);

		if (place == config->limits + config->limit_count)
			config->limits[config->limit_count++] = usual[i];
	}
}

void process_config_complete(struct config *config)
{
	restrict_capabilities(config);
	add_limits(config);
}
