// SPDX-License-Identifier: Apache-2.0
#include "oci_config.h"

#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

/* 2 to the 64th: what RLIM_INFINITY, the largest 64-bit number, is as a double. */
#define INFINITE 18446744073709551616.0
/* Minus one means "leave as it is" to the kernel, so it is no user or group. */
#define ID_MAX 4294967294.0

/* An object and how messages call its members: "process." and so on. */
struct object {
	const cJSON *json;
	const char *name;
};

static int member_error(const struct object *object, const char *key, const char *reason,
			struct error *error)
{
	return ERROR(error, "config: ", object->name, key, ": ", reason);
}

static int no_memory(struct error *error)
{
	return ERROR(error, "config: out of memory");
}

/*
 * *member is NULL when the key is not there, or null. A key given twice is
 * refused: another reader of the same file may have gone by the other one.
 */
static int get(const struct object *object, const char *key, const cJSON **member,
	       struct error *error)
{
	const cJSON *item;

	*member = NULL;
	cJSON_ArrayForEach(item, object->json) {
		if (strcmp(item->string, key) != 0)
			continue;
		if (*member)
			return member_error(object, key, "is given twice", error);
		*member = item;
	}
	if (*member && cJSON_IsNull(*member))
		*member = NULL;
	return 0;
}

static int get_object(const struct object *object, const char *key, struct object *value,
		      struct error *error)
{
	if (get(object, key, &value->json, error) < 0)
		return -1;
	if (value->json && !cJSON_IsObject(value->json))
		return member_error(object, key, "is not an object", error);
	return 0;
}

static int get_array(const struct object *object, const char *key, const cJSON **value,
		     struct error *error)
{
	if (get(object, key, value, error) < 0)
		return -1;
	if (*value && !cJSON_IsArray(*value))
		return member_error(object, key, "is not an array", error);
	return 0;
}

static int get_string(const struct object *object, const char *key, const char **value,
		      struct error *error)
{
	const cJSON *item;

	if (get(object, key, &item, error) < 0)
		return -1;
	if (!item)
		return 0;
	if (!cJSON_IsString(item))
		return member_error(object, key, "is not a string", error);
	*value = item->valuestring;
	return 0;
}

static int get_bool(const struct object *object, const char *key, bool *value,
		    struct error *error)
{
	const cJSON *item;

	if (get(object, key, &item, error) < 0)
		return -1;
	if (!item)
		return 0;
	if (!cJSON_IsBool(item))
		return member_error(object, key, "is not true or false", error);
	*value = cJSON_IsTrue(item);
	return 0;
}

/* NULL when the value is a whole number from min to max, or what is wrong with it. */
static const char *number_problem(const cJSON *item, double min, double max)
{
	double value = item->valuedouble;

	if (!cJSON_IsNumber(item))
		return "is not a number";
	/* Written so that a NaN does not pass. */
	if (!(value >= min && value <= max))
		return "is out of range";
	/* From 2^53 on every double is a whole number. */
	if (value < 9007199254740992.0 && (double)(int64_t)value != value)
		return "is not a whole number";
	return NULL;
}

static int get_number(const struct object *object, const char *key, double min, double max,
		      double *value, bool *present, struct error *error)
{
	const cJSON *item;
	const char *problem;

	if (get(object, key, &item, error) < 0)
		return -1;
	*present = item != NULL;
	if (!item)
		return 0;
	problem = number_problem(item, min, max);
	if (problem)
		return member_error(object, key, problem, error);
	*value = item->valuedouble;
	return 0;
}

/* A number that must be there. */
static int need_number(const struct object *object, const char *key, double max, double *value,
		       struct error *error)
{
	bool present;

	if (get_number(object, key, 0, max, value, &present, error) < 0)
		return -1;
	return present ? 0 : member_error(object, key, "is missing", error);
}

/* A NULL-terminated list; NULL when the key is not there. */
static int get_strings(const struct object *object, const char *key, char ***list,
		       struct error *error)
{
	const cJSON *array, *item;
	size_t count = 0;

	if (get_array(object, key, &array, error) < 0)
		return -1;
	if (!array)
		return 0;
	cJSON_ArrayForEach(item, array) {
		if (!cJSON_IsString(item))
			return member_error(object, key, "is not an array of strings", error);
		count++;
	}
	*list = calloc(count + 1, sizeof(**list));
	if (!*list)
		return no_memory(error);
	count = 0;
	cJSON_ArrayForEach(item, array)
		(*list)[count++] = item->valuestring;
	return 0;
}

static int check_environment(const struct object *process, char *const env[],
			     struct error *error)
{
	for (; *env; env++) {
		const char *equals = strchr(*env, '=');

		if (!equals || equals == *env)
			return ERROR(error, "config: ", process->name, "env: ", *env,
				     ": is not NAME=VALUE");
	}
	return 0;
}

static int parse_groups(const struct object *user, struct config *config, struct error *error)
{
	const cJSON *array, *item;

	if (get_array(user, "additionalGids", &array, error) < 0)
		return -1;
	if (!array || !array->child)
		return 0;
	config->groups = calloc((size_t)cJSON_GetArraySize(array), sizeof(*config->groups));
	if (!config->groups)
		return no_memory(error);
	cJSON_ArrayForEach(item, array) {
		const char *problem = number_problem(item, 0, ID_MAX);

		if (problem)
			return member_error(user, "additionalGids", problem, error);
		config->groups[config->group_count++] = (uint32_t)item->valuedouble;
	}
	return 0;
}

static int parse_user(const struct object *process, struct config *config, struct error *error)
{
	struct object user = { .name = "process.user." };
	double uid, gid, mask;
	bool present;

	config->umask = -1;
	if (get_object(process, "user", &user, error) < 0)
		return -1;
	if (!user.json)
		return 0;
	if (need_number(&user, "uid", ID_MAX, &uid, error) < 0 ||
	    need_number(&user, "gid", ID_MAX, &gid, error) < 0 ||
	    get_number(&user, "umask", 0, 0777, &mask, &present, error) < 0)
		return -1;
	config->uid = (uint32_t)uid;
	config->gid = (uint32_t)gid;
	if (present)
		config->umask = (int)mask;
	return parse_groups(&user, config, error);
}

static uint64_t limit_value(double value)
{
	return value >= INFINITE ? UINT64_MAX : (uint64_t)value;
}

static int parse_limit(const cJSON *item, struct config *config, struct error *error)
{
	const struct object limit = { .json = item, .name = "process.rlimits: " };
	const char *type = "";
	double soft, hard;
	int resource;

	if (!cJSON_IsObject(item))
		return ERROR(error, "config: process.rlimits: is not an array of objects");
	if (get_string(&limit, "type", &type, error) < 0)
		return -1;
	resource = resource_limit_number(type);
	if (resource < 0)
		return ERROR(error, "config: process.rlimits: there is no limit '", type, "'");
	for (size_t i = 0; i < config->limit_count; i++) {
		if (config->limits[i].resource == resource)
			return member_error(&limit, type, "is given twice", error);
	}
	if (need_number(&limit, "soft", INFINITE, &soft, error) < 0 ||
	    need_number(&limit, "hard", INFINITE, &hard, error) < 0)
		return -1;
	if (soft > hard)
		return member_error(&limit, type, "its soft limit is above the hard one", error);
	config->limits[config->limit_count++] = (struct limit){
		.resource = resource,
		.soft = limit_value(soft),
		.hard = limit_value(hard),
	};
	return 0;
}

static int parse_limits(const struct object *process, struct config *config,
			struct error *error)
{
	const cJSON *array, *item;

	if (get_array(process, "rlimits", &array, error) < 0)
		return -1;
	cJSON_ArrayForEach(item, array) {
		if (parse_limit(item, config, error) < 0)
			return -1;
	}
	return 0;
}

static int parse_capability_set(const struct object *object, const char *key, uint64_t *set,
				struct error *error)
{
	const cJSON *array, *item;

	if (get_array(object, key, &array, error) < 0)
		return -1;
	cJSON_ArrayForEach(item, array) {
		int number = cJSON_IsString(item) ? capability_number(item->valuestring) : -1;

		if (number < 0)
			return member_error(object, key, cJSON_IsString(item) ?
					    "names a capability that does not exist" :
					    "is not an array of strings", error);
		*set |= UINT64_C(1) << number;
	}
	return 0;
}

static int parse_capabilities(const struct object *process, struct config *config,
			      struct error *error)
{
	struct object object = { .name = "process.capabilities." };
	struct capabilities *sets = &config->capabilities;

	if (get_object(process, "capabilities", &object, error) < 0)
		return -1;
	config->has_capabilities = object.json != NULL;
	if (parse_capability_set(&object, "bounding", &sets->bounding, error) < 0 ||
	    parse_capability_set(&object, "effective", &sets->effective, error) < 0 ||
	    parse_capability_set(&object, "permitted", &sets->permitted, error) < 0 ||
	    parse_capability_set(&object, "inheritable", &sets->inheritable, error) < 0 ||
	    parse_capability_set(&object, "ambient", &sets->ambient, error) < 0)
		return -1;
	return 0;
}

static int parse_terminal(const struct object *process, struct config *config,
			  struct error *error)
{
	struct object size = { .name = "process.consoleSize." };
	double rows, columns;

	if (get_bool(process, "terminal", &config->terminal, error) < 0 ||
	    get_object(process, "consoleSize", &size, error) < 0)
		return -1;
	if (!size.json)
		return 0;
	if (need_number(&size, "height", UINT16_MAX, &rows, error) < 0 ||
	    need_number(&size, "width", UINT16_MAX, &columns, error) < 0)
		return -1;
	config->rows = (unsigned short)rows;
	config->columns = (unsigned short)columns;
	return 0;
}

static int parse_process(const struct object *root, struct config *config, struct error *error)
{
	struct object process = { .name = "process." };
	double oom_score_adj = 0;

	if (get_object(root, "process", &process, error) < 0)
		return -1;
	if (!process.json)
		return member_error(root, "process", "is missing", error);

	if (get_strings(&process, "args", &config->args, error) < 0)
		return -1;
	if (!config->args)
		return member_error(&process, "args", "is missing", error);
	if (!config->args[0] || !config->args[0][0])
		return member_error(&process, "args", "names no program", error);

	if (get_strings(&process, "env", &config->env, error) < 0)
		return -1;
	if (!config->env) {
		config->env = calloc(1, sizeof(*config->env));
		if (!config->env)
			return no_memory(error);
	}
	if (check_environment(&process, config->env, error) < 0)
		return -1;

	config->cwd = "/";
	if (get_string(&process, "cwd", &config->cwd, error) < 0)
		return -1;
	if (config->cwd[0] != '/')
		return member_error(&process, "cwd", "is not an absolute path", error);

	if (get_bool(&process, "noNewPrivileges", &config->no_new_privileges, error) < 0 ||
	    get_number(&process, "oomScoreAdj", -1000, 1000, &oom_score_adj,
		       &config->has_oom_score_adj, error) < 0)
		return -1;
	config->oom_score_adj = (int)oom_score_adj;

	if (parse_user(&process, config, error) < 0 ||
	    parse_limits(&process, config, error) < 0 ||
	    parse_capabilities(&process, config, error) < 0 ||
	    parse_terminal(&process, config, error) < 0)
		return -1;
	return 0;
}

static int check_path_list(char *const *list, const char *name, struct error *error)
{
	for (; list && *list; list++) {
		if ((*list)[0] != '/')
			return ERROR(error, "config: linux.", name, ": ", *list,
				     ": is not an absolute path");
	}
	return 0;
}

static int parse_system(const struct object *root, const struct object *linux_,
			struct config *config, struct error *error)
{
	struct object root_object = { .name = "root." };

	if (get_string(root, "hostname", &config->hostname, error) < 0 ||
	    get_string(root, "domainname", &config->domainname, error) < 0 ||
	    get_object(root, "root", &root_object, error) < 0 ||
	    get_bool(&root_object, "readonly", &config->read_only_root, error) < 0 ||
	    get_strings(linux_, "maskedPaths", &config->masked_paths, error) < 0 ||
	    get_strings(linux_, "readonlyPaths", &config->read_only_paths, error) < 0)
		return -1;
	if (check_path_list(config->masked_paths, "maskedPaths", error) < 0 ||
	    check_path_list(config->read_only_paths, "readonlyPaths", error) < 0)
		return -1;
	return 0;
}

/*
 * The mounts that every container has are made without being asked for; a
 * configuration may list them. Any other would hold data that is not there.
 */
static int check_mounts(const struct object *root, struct error *error)
{
	static const char *const made[][2] = {
		{ "/proc", "proc" }, { "/sys", "sysfs" }, { "/dev", "tmpfs" },
		{ "/dev", "devtmpfs" }, { "/dev/pts", "devpts" }, { "/dev/shm", "tmpfs" },
		{ "/dev/mqueue", "mqueue" }, { "/sys/fs/cgroup", "cgroup" },
		{ "/sys/fs/cgroup", "cgroup2" },
	};
	struct object mount = { .name = "mounts: " };
	const cJSON *array;

	if (get_array(root, "mounts", &array, error) < 0)
		return -1;
	cJSON_ArrayForEach(mount.json, array) {
		const char *destination = "", *type = "";
		bool known = false;

		if (!cJSON_IsObject(mount.json))
			return ERROR(error, "config: mounts: is not an array of objects");
		if (get_string(&mount, "destination", &destination, error) < 0 ||
		    get_string(&mount, "type", &type, error) < 0)
			return -1;
		for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
			known = known || (!strcmp(destination, made[i][0]) &&
					  !strcmp(type, made[i][1]));
		if (!known)
			return ERROR(error, "config: mounts: ", destination,
				     ": is not supported by this version");
	}
	return 0;
}

static bool is_empty(const cJSON *item)
{
	if (cJSON_IsString(item))
		return !item->valuestring[0];
	return (cJSON_IsArray(item) || cJSON_IsObject(item)) && !item->child;
}

/*
 * What this version does not do. A field that takes rights away is refused:
 * the process would run with more than was meant for it. One that arranges
 * something is named on the console.
 */
static int check_unsupported(const struct object *object, const char *const *refused,
			     const char *const *ignored, struct config *config,
			     struct error *error)
{
	const size_t name_length = strlen(object->name);
	const cJSON *item;

	for (; *refused; refused++) {
		if (get(object, *refused, &item, error) < 0)
			return -1;
		if (item && !is_empty(item))
			return member_error(object, *refused, "is not supported by this version",
					    error);
	}
	/* Whole names, for the one who prints them. */
	for (; *ignored; ignored++) {
		if (get(object, *ignored + name_length, &item, error) < 0)
			return -1;
		if (item && !is_empty(item))
			config->ignored[config->ignored_count++] = *ignored;
	}
	return 0;
}

static int check_all_unsupported(const struct object *root, const struct object *linux_,
				 struct config *config, struct error *error)
{
	static const char *const none[] = { NULL };
	static const char *const root_ignored[] = { "hooks", NULL };
	static const char *const process_refused[] = {
		"apparmorProfile", "selinuxLabel", NULL
	};
	static const char *const process_ignored[] = {
		"process.ioPriority", "process.scheduler", "process.execCPUAffinity", NULL
	};
	static const char *const linux_refused[] = {
		"seccomp", "uidMappings", "gidMappings", "mountLabel", NULL
	};
	static const char *const linux_ignored[] = {
		"linux.devices", "linux.intelRdt", "linux.personality", "linux.resources",
		"linux.sysctl", "linux.timeOffsets", NULL
	};
	struct object process = { .name = "process." };

	if (get_object(root, "process", &process, error) < 0 ||
	    check_unsupported(root, none, root_ignored, config, error) < 0 ||
	    check_unsupported(&process, process_refused, process_ignored, config, error) < 0 ||
	    check_unsupported(linux_, linux_refused, linux_ignored, config, error) < 0)
		return -1;
	return check_mounts(root, error);
}

/* The parser turns \u0000 into the end of the string, and the rest would vanish. */
static bool has_nul(const char *text, size_t length)
{
	if (memchr(text, '\0', length))
		return true;
	for (size_t i = 0; i + 5 < length; i++) {
		if (text[i] != '\\')
			continue;
		i++;
		if (!memcmp(text + i, "u0000", 5))
			return true;
	}
	return false;
}

static int syntax_error(const char *text, const char *where, struct error *error)
{
	struct decimal line_text, column_text;
	unsigned int line = 1, column = 1;

	for (; text < where; text++) {
		column++;
		if (*text == '\n') {
			line++;
			column = 1;
		}
	}
	return ERROR(error, "config: is not JSON, at line ", decimal(&line_text, line),
		     " column ", decimal(&column_text, column));
}

static int parse_json(const char *text, size_t length, cJSON **json, struct error *error)
{
	const char *end = text;

	if (has_nul(text, length))
		return ERROR(error, "config: has a NUL character in it");
	*json = cJSON_ParseWithLengthOpts(text, length, &end, false);
	if (!*json)
		return syntax_error(text, end, error);
	for (; end < text + length; end++) {
		if (!strchr(" \t\r\n", *end)) {
			cJSON_Delete(*json);
			return syntax_error(text, end, error);
		}
	}
	return 0;
}

int config_parse(const char *text, size_t length, struct config *config, struct error *error)
{
	struct object root = { .name = "" };
	struct object linux_ = { .name = "linux." };
	cJSON *json = NULL;

	memset(config, 0, sizeof(*config));
	if (parse_json(text, length, &json, error) < 0)
		return -1;
	config->json = json;
	root.json = json;
	if (!cJSON_IsObject(json)) {
		ERROR(error, "config: is not an object");
		goto fail;
	}
	if (get_object(&root, "linux", &linux_, error) < 0 ||
	    parse_process(&root, config, error) < 0 ||
	    parse_system(&root, &linux_, config, error) < 0 ||
	    check_all_unsupported(&root, &linux_, config, error) < 0)
		goto fail;
	return 0;

fail:
	config_free(config);
	return -1;
}

void config_free(struct config *config)
{
	free(config->args);
	free(config->env);
	free(config->groups);
	free(config->masked_paths);
	free(config->read_only_paths);
	cJSON_Delete(config->json);
}
