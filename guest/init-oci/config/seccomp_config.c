// SPDX-License-Identifier: Apache-2.0
/* `linux.seccomp` of an OCI runtime configuration. */
#include "config/seccomp_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/linux_abi.h"
#include "config/json.h"
#include "config/system_calls.h"

#define ARGUMENT_MAX 5

struct word {
	const char *name;
	uint32_t value;
};

static const struct word actions[] = {
	{ "SCMP_ACT_KILL", SECCOMP_RETURN_KILL_THREAD },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RETURN_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RETURN_KILL_PROCESS },
	{ "SCMP_ACT_TRAP", SECCOMP_RETURN_TRAP },
	{ "SCMP_ACT_ERRNO", SECCOMP_RETURN_ERRNO },
	{ "SCMP_ACT_TRACE", SECCOMP_RETURN_TRACE },
	{ "SCMP_ACT_LOG", SECCOMP_RETURN_LOG },
	{ "SCMP_ACT_ALLOW", SECCOMP_RETURN_ALLOW },
	{ NULL, 0 },
};

static const struct word flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FLAG_SPEC_ALLOW },
	/* For SCMP_ACT_NOTIFY only: the kernel refuses it without that. */
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0 },
	{ NULL, 0 },
};

/* An operator is a comparison, or the opposite of one. */
static const struct word operators[] = {
	{ "SCMP_CMP_EQ", SECCOMP_EQUAL },
	{ "SCMP_CMP_MASKED_EQ", SECCOMP_EQUAL },
	{ "SCMP_CMP_GT", SECCOMP_GREATER },
	{ "SCMP_CMP_GE", SECCOMP_GREATER_OR_EQUAL },
	{ NULL, 0 },
};

static const struct word opposites[] = {
	{ "SCMP_CMP_NE", SECCOMP_EQUAL },
	{ "SCMP_CMP_LE", SECCOMP_GREATER },
	{ "SCMP_CMP_LT", SECCOMP_GREATER_OR_EQUAL },
	{ NULL, 0 },
};

static const struct word *find(const struct word *words, const char *name)
{
	for (; words->name; words++) {
		if (!strcmp(words->name, name))
			return words;
	}
	return NULL;
}

static int unknown(const struct object *object, const char *key, const char *name,
		   struct error *error)
{
	return ERROR(error, object->document, ": ", object->name, key, ": there is no '", name, "'");
}

/* *action is left as it was when there is none. */
static int parse_action(const struct object *object, const char *key, const char *errno_key,
			uint32_t *action, bool *present, struct error *error)
{
	const char *name = NULL;
	const struct word *word;
	double number = EPERM;
	bool has_errno;

	if (json_get_string(object, key, &name, error) < 0 ||
	    json_get_number(object, errno_key, 0, UINT16_MAX, &number, &has_errno, error) < 0)
		return -1;
	*present = name != NULL;
	if (!name)
		return has_errno ? json_error(object, key, "is missing", error) : 0;
	if (!strcmp(name, "SCMP_ACT_NOTIFY"))
		return json_error(object, key, "SCMP_ACT_NOTIFY needs a program outside the "
				  "machine", error);
	word = find(actions, name);
	if (!word)
		return unknown(object, key, name, error);
	*action = word->value;
	if (*action == SECCOMP_RETURN_ERRNO || *action == SECCOMP_RETURN_TRACE)
		*action |= (uint32_t)number;
	else if (has_errno)
		return json_error(object, errno_key, "this action has no errno", error);
	return 0;
}

static int need(const struct object *object, const char *key, bool present, struct error *error)
{
	return present ? 0 : json_error(object, key, "is missing", error);
}

static int parse_operator(const struct object *object, uint64_t second,
			  struct seccomp_condition *condition, struct error *error)
{
	const char *name = NULL;
	const struct word *word;

	if (json_get_string(object, "op", &name, error) < 0 ||
	    need(object, "op", name != NULL, error) < 0)
		return -1;
	word = find(operators, name);
	if (!word) {
		condition->opposite = true;
		word = find(opposites, name);
	}
	if (!word)
		return unknown(object, "op", name, error);
	condition->comparison = word->value;
	condition->mask = UINT64_MAX;
	if (!strcmp(name, "SCMP_CMP_MASKED_EQ")) {
		/* As libseccomp does: the value's other bits do not count. */
		condition->mask = condition->value;
		condition->value &= second;
	}
	return 0;
}

static int parse_condition(const struct object *object, struct seccomp_condition *condition,
			   struct error *error)
{
	uint64_t second = 0;
	double argument;
	bool has_value, has_second;

	if (!cJSON_IsObject(object->json))
		return ERROR(error, object->document,
			     ": linux.seccomp.syscalls: args: is not an array of objects");
	if (json_need_number(object, "index", ARGUMENT_MAX, &argument, error) < 0 ||
	    json_get_unsigned(object, "value", &condition->value, &has_value, error) < 0 ||
	    need(object, "value", has_value, error) < 0 ||
	    json_get_unsigned(object, "valueTwo", &second, &has_second, error) < 0)
		return -1;
	condition->argument = (uint8_t)argument;
	return parse_operator(object, second, condition, error);
}

/*
 * As runc does: all conditions must hold, but if there are several on one argument,
 * one of them is enough.
 */
static int parse_conditions(const struct object *call, struct seccomp_rule *rule,
			    struct error *error)
{
	struct object object = {
		.document = call->document,
		.name = "linux.seccomp.syscalls: args: ",
	};
	unsigned int seen = 0;
	bool always = false;
	const cJSON *array;

	if (json_get_array(call, "args", &array, error) < 0)
		return -1;
	if (!array || !array->child)
		return 0;
	rule->conditions = calloc((size_t)cJSON_GetArraySize(array), sizeof(*rule->conditions));
	if (!rule->conditions)
		return json_no_memory(error);
	cJSON_ArrayForEach(object.json, array) {
		struct seccomp_condition *condition = &rule->conditions[rule->condition_count];

		if (parse_condition(&object, condition, error) < 0)
			return -1;
		rule->any |= seen >> condition->argument & 1;
		seen |= 1u << condition->argument;
		if (condition->mask)
			rule->condition_count++;
		else
			always = true;
	}
	if (rule->any && always) {
		rule->any = false;
		rule->condition_count = 0;
	}
	return 0;
}

static int parse_rule(const struct object *object, struct seccomp_rule *rule, struct error *error)
{
	bool present;

	if (!cJSON_IsObject(object->json))
		return ERROR(error, object->document,
			     ": linux.seccomp.syscalls: is not an array of objects");
	if (json_get_strings(object, "names", &rule->names, error) < 0 ||
	    need(object, "names", rule->names && rule->names[0], error) < 0 ||
	    parse_action(object, "action", "errnoRet", &rule->action, &present, error) < 0 ||
	    need(object, "action", present, error) < 0)
		return -1;
	return parse_conditions(object, rule, error);
}

static int parse_rules(const struct object *object, struct seccomp *seccomp, struct error *error)
{
	struct object call = { .document = object->document, .name = "linux.seccomp.syscalls: " };
	const cJSON *array;

	if (json_get_array(object, "syscalls", &array, error) < 0)
		return -1;
	if (!array || !array->child)
		return 0;
	seccomp->rules = calloc((size_t)cJSON_GetArraySize(array), sizeof(*seccomp->rules));
	if (!seccomp->rules)
		return json_no_memory(error);
	cJSON_ArrayForEach(call.json, array) {
		/* Counted first, since it is to be freed whatever becomes of it. */
		if (parse_rule(&call, &seccomp->rules[seccomp->rule_count++], error) < 0)
			return -1;
	}
	return 0;
}

static int parse_flags(const struct object *object, struct seccomp *seccomp, struct error *error)
{
	const cJSON *array, *item;

	if (json_get_array(object, "flags", &array, error) < 0)
		return -1;
	cJSON_ArrayForEach(item, array) {
		const struct word *word;

		if (!cJSON_IsString(item))
			return json_error(object, "flags", "is not an array of strings", error);
		word = find(flags, item->valuestring);
		if (!word)
			return unknown(object, "flags", item->valuestring, error);
		seccomp->flags |= word->value;
	}
	return 0;
}

/*
 * They say for which architectures there are rules besides the guest's own. One for
 * which the kernel runs no programs needs none.
 */
static int parse_architectures(const struct object *object, struct seccomp *seccomp,
			       struct error *error)
{
	static const char prefix[] = "SCMP_ARCH_";
	const cJSON *array, *item;

	if (json_get_array(object, "architectures", &array, error) < 0)
		return -1;
	cJSON_ArrayForEach(item, array) {
		if (!cJSON_IsString(item))
			return json_error(object, "architectures", "is not an array of strings",
					  error);
		if (strncmp(item->valuestring, prefix, strlen(prefix)) != 0)
			return unknown(object, "architectures", item->valuestring, error);
		seccomp->subsets |= architecture_bit(item->valuestring);
	}
	return 0;
}

static int check_listener(const struct object *object, struct error *error)
{
	const char *path = "";

	if (json_get_string(object, "listenerPath", &path, error) < 0)
		return -1;
	if (!path[0])
		return 0;
	return json_error(object, "listenerPath", "cannot be reached from the machine", error);
}

static int parse(const struct object *object, struct seccomp *seccomp, struct error *error)
{
	if (parse_architectures(object, seccomp, error) < 0 || check_listener(object, error) < 0 ||
	    parse_flags(object, seccomp, error) < 0 || parse_rules(object, seccomp, error) < 0 ||
	    parse_action(object, "defaultAction", "defaultErrnoRet", &seccomp->default_action,
			 &seccomp->present, error) < 0)
		return -1;
	/* As runc does: without both, there is no filter. */
	return seccomp->rule_count ? need(object, "defaultAction", seccomp->present, error) : 0;
}

int seccomp_config_apply(const struct object *documents, size_t count, struct seccomp *seccomp,
			 struct error *error)
{
	while (count-- > 0) {
		struct object linux_ = { .name = "linux." };
		struct object object = { .name = "linux.seccomp." };

		if (json_get_object(&documents[count], "linux", &linux_, error) < 0 ||
		    json_get_object(&linux_, "seccomp", &object, error) < 0)
			return -1;
		if (object.json)
			return parse(&object, seccomp, error);
		/* null, too, is an answer. */
		if (cJSON_GetObjectItemCaseSensitive(linux_.json, "seccomp"))
			return 0;
	}
	return 0;
}

void seccomp_config_free(struct seccomp *seccomp)
{
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		free(seccomp->rules[i].names);
		free(seccomp->rules[i].conditions);
	}
	free(seccomp->rules);
}
