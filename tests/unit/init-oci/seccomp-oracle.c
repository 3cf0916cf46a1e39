// SPDX-License-Identifier: Apache-2.0
/*
 * Holds init-oci's seccomp filters against what libseccomp makes of the same profile,
 * called as runc calls it, and against the rules themselves, read one after the other:
 *
 *     seccomp-oracle GUEST FILE...            profiles, each an OCI linux.seccomp
 *     seccomp-oracle GUEST --generated COUNT  as many that are made up
 *
 * GUEST is aarch64 or x86_64.
 *
 * Where rules for one call have different actions and hold together, libseccomp follows
 * its own order, and only the rules count.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cJSON.h>
#include <seccomp.h>

#include "bpf.h"
#include "config/oci_config.h"
#include "life/seccomp_filter.h"

#define RULES_MAX 600
#define NAMES_MAX 450
#define CONDITIONS_MAX 6
/* More than any architecture has. */
#define NUMBERS 520
#define TRIALS 150
#define ROWS_MAX 2
#define PARTS_WEIGHT_MAX 22

struct condition {
	unsigned int argument;
	enum scmp_compare comparison;
	uint64_t value, second;
};

struct rule {
	const char *names[NAMES_MAX];
	size_t name_count;
	bool numbers[ROWS_MAX][NUMBERS];	/* of the names that exist */
	uint32_t action;
	struct condition conditions[CONDITIONS_MAX];
	size_t condition_count;
};

struct profile {
	uint32_t default_action;
	struct rule rules[RULES_MAX];
	size_t rule_count;
	bool has_subset, is_made_up;
};

/* The guest's own architecture, its subset if there is one, and what libseccomp calls them. */
static const struct guest {
	const char *name;
	const struct architecture *rows;
	size_t count;
	uint32_t theirs[ROWS_MAX];
	const char *own, *all;
} guests[] = {
	{ "aarch64", &architectures[0], 1, { SCMP_ARCH_AARCH64 },
	  "\"SCMP_ARCH_AARCH64\"", "\"SCMP_ARCH_AARCH64\"" },
	{ "x86_64", &architectures[1], 2, { SCMP_ARCH_X86_64, SCMP_ARCH_X86 },
	  "\"SCMP_ARCH_X86_64\"", "\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"" },
};

static const struct guest *guest;
static struct profile profile;
static unsigned long comparisons, conflicts, refused, our_steps, their_steps, our_length,
	their_length, differing, too_long;

static _Noreturn void fail(const char *what, const char *more)
{
	printf("%s%s\n", what, more);
	exit(1);
}

/* --- Names */

static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL }, { "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS }, { "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG }, { "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) }, { "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
};
static const char *const comparisons_by_number[] = {
	[SCMP_CMP_NE] = "SCMP_CMP_NE", [SCMP_CMP_LT] = "SCMP_CMP_LT",
	[SCMP_CMP_LE] = "SCMP_CMP_LE", [SCMP_CMP_EQ] = "SCMP_CMP_EQ",
	[SCMP_CMP_GE] = "SCMP_CMP_GE", [SCMP_CMP_GT] = "SCMP_CMP_GT",
	[SCMP_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t action_of(const char *name, const cJSON *number)
{
	for (size_t i = 0; i < COUNT(actions); i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		if (actions[i].action == SCMP_ACT_ERRNO(0) || actions[i].action == SCMP_ACT_TRACE(0))
			return actions[i].action | (number ? (uint32_t)number->valuedouble : EPERM);
		return actions[i].action;
	}
	fail("an action that the test does not know: ", name);
}

static enum scmp_compare comparison_of(const char *name)
{
	for (size_t i = SCMP_CMP_NE; i < COUNT(comparisons_by_number); i++) {
		if (!strcmp(comparisons_by_number[i], name))
			return (enum scmp_compare)i;
	}
	fail("an operator that the test does not know: ", name);
}

/* What both know, and what neither does: libseccomp is older than the kernel. */
static bool is_common(const char *name)
{
	for (size_t i = 0; i < guest->count; i++) {
		const int ours = system_call_number(&guest->rows[i], name);
		const int theirs = seccomp_syscall_resolve_name_arch((int)guest->theirs[i], name);

		if (theirs >= 0 && ours != theirs)
			fail("another number than libseccomp's: ", name);
		if (theirs < 0 && ours >= 0 && !multiplexed_call(&guest->rows[i], name))
			return false;
	}
	return true;
}

static void add_name(struct rule *rule, const char *name)
{
	rule->names[rule->name_count++] = name;
	for (size_t i = 0; i < guest->count; i++) {
		const int number = system_call_number(&guest->rows[i], name);

		if (number >= 0)
			rule->numbers[i][number] = true;
	}
}

/* --- Profiles from a file and to a document */

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static uint64_t number_of(const cJSON *object, const char *key)
{
	const cJSON *item = member(object, key);

	return item ? (uint64_t)item->valuedouble : 0;
}

static void read_rule(const cJSON *json, struct rule *rule)
{
	const cJSON *item;

	*rule = (struct rule){
		.action = action_of(member(json, "action")->valuestring, member(json, "errnoRet")),
	};
	cJSON_ArrayForEach(item, member(json, "names")) {
		if (is_common(item->valuestring))
			add_name(rule, item->valuestring);
	}
	cJSON_ArrayForEach(item, member(json, "args")) {
		rule->conditions[rule->condition_count++] = (struct condition){
			.argument = (unsigned int)number_of(item, "index"),
			.comparison = comparison_of(member(item, "op")->valuestring),
			.value = number_of(item, "value"),
			.second = number_of(item, "valueTwo"),
		};
	}
}

static cJSON *read_profile(const char *name)
{
	static char text[1024 * 1024];
	FILE *file = fopen(name, "r");
	const cJSON *item;
	cJSON *json;

	if (!file)
		fail("cannot be read: ", name);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	json = cJSON_Parse(text);
	if (!json)
		fail("is no JSON: ", name);
	profile.default_action = action_of(member(json, "defaultAction")->valuestring,
					   member(json, "defaultErrnoRet"));
	profile.rule_count = 0;
	profile.has_subset = false;
	cJSON_ArrayForEach(item, member(json, "architectures")) {
		profile.has_subset |= guest->count > 1 && !strcmp(item->valuestring, "SCMP_ARCH_X86");
	}
	cJSON_ArrayForEach(item, member(json, "syscalls")) {
		read_rule(item, &profile.rules[profile.rule_count]);
		profile.rule_count += profile.rules[profile.rule_count].name_count != 0;
	}
	return json;
}

static void write_action(FILE *file, const char *key, const char *errno_key, uint32_t action)
{
	const uint32_t kind = action & 0xffff0000;

	for (size_t i = 0; i < COUNT(actions); i++) {
		if (actions[i].action != kind)
			continue;
		fprintf(file, "\"%s\":\"%s\"", key, actions[i].name);
		if (kind == SCMP_ACT_ERRNO(0) || kind == SCMP_ACT_TRACE(0))
			fprintf(file, ",\"%s\":%u", errno_key, action & 0xffff);
		return;
	}
}

static void write_rule(FILE *file, const struct rule *rule)
{
	fputs("{\"names\":[", file);
	for (size_t i = 0; i < rule->name_count; i++)
		fprintf(file, "%s\"%s\"", i ? "," : "", rule->names[i]);
	fputs("],", file);
	write_action(file, "action", "errnoRet", rule->action);
	fputs(",\"args\":[", file);
	for (size_t i = 0; i < rule->condition_count; i++) {
		const struct condition *condition = &rule->conditions[i];

		fprintf(file, "%s{\"index\":%u,\"op\":\"%s\",\"value\":%llu,\"valueTwo\":%llu}",
			i ? "," : "", condition->argument,
			comparisons_by_number[condition->comparison],
			(unsigned long long)condition->value, (unsigned long long)condition->second);
	}
	fputs("]}", file);
}

/* The document with the profile, which is to be freed. */
static char *write_document(size_t *length)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, length);

	if (!file)
		fail("out of memory", "");
	fprintf(file, "{\"process\":{\"args\":[\"a\"]},\"linux\":{\"seccomp\":{\"architectures\":[%s],",
		profile.has_subset ? guest->all : guest->own);
	write_action(file, "defaultAction", "defaultErrnoRet", profile.default_action);
	fputs(",\"syscalls\":[", file);
	for (size_t i = 0; i < profile.rule_count; i++) {
		fputs(i ? "," : "", file);
		write_rule(file, &profile.rules[i]);
	}
	fputs("]}}}", file);
	fclose(file);
	return text;
}

/* --- Three answers */

static bool is_any(const struct rule *rule)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < rule->condition_count; i++) {
		if (seen >> rule->conditions[i].argument & 1)
			return true;
		seen |= 1u << rule->conditions[i].argument;
	}
	return false;
}

/* Which of the guest's architectures the call is of, or -1. */
static int row_of(const struct seccomp_call *call)
{
	for (size_t i = 0; i < (profile.has_subset ? guest->count : 1); i++) {
		if (call->architecture == guest->rows[i].audit)
			return (int)i;
	}
	return -1;
}

/* The second row has 32 bits. */
static bool holds(const struct condition *original, const struct seccomp_call *call)
{
	const uint64_t bits = row_of(call) == 1 ? UINT32_MAX : UINT64_MAX;
	const uint64_t argument = call->arguments[original->argument] & bits;
	struct condition narrow = *original, *condition = &narrow;

	condition->value &= bits;
	condition->second &= bits;
	switch (condition->comparison) {
	case SCMP_CMP_NE:
		return argument != condition->value;
	case SCMP_CMP_LT:
		return argument < condition->value;
	case SCMP_CMP_LE:
		return argument <= condition->value;
	case SCMP_CMP_EQ:
		return argument == condition->value;
	case SCMP_CMP_GE:
		return argument >= condition->value;
	case SCMP_CMP_GT:
		return argument > condition->value;
	default:
		return (argument & condition->value) == (condition->second & condition->value);
	}
}

static bool names(const struct rule *rule, const struct seccomp_call *call)
{
	const int row = row_of(call);

	return row >= 0 && call->number >= 0 && call->number < NUMBERS &&
	       rule->numbers[row][call->number];
}

/* A mask without bits is no condition. */
static bool is_empty(const struct condition *condition)
{
	return condition->comparison == SCMP_CMP_MASKED_EQ && !condition->value;
}

static bool is_unconditional(const struct rule *rule)
{
	size_t empty = 0;

	for (size_t i = 0; i < rule->condition_count; i++)
		empty += is_empty(&rule->conditions[i]);
	return empty == rule->condition_count || (empty && is_any(rule));
}

/* libseccomp keeps such a condition, although the call through another has no such argument. */
static bool has_later_condition(const struct rule *rule)
{
	for (size_t i = 0; i < rule->condition_count; i++) {
		if (rule->conditions[i].argument && !is_empty(&rule->conditions[i]))
			return !is_unconditional(rule);
	}
	return false;
}

static bool is_multiplexer(const struct seccomp_call *call)
{
	return row_of(call) > 0 && (call->number == 102 || call->number == 117);
}

/* What ipc is to do is in the lower half of its argument, and a version above it. */
static bool has_version(const struct seccomp_call *call)
{
	return is_multiplexer(call) && call->number == 117 && (uint32_t)call->arguments[0] >> 16;
}

static uint32_t part_of(const struct seccomp_call *call)
{
	return (uint32_t)call->arguments[0] & (has_version(call) ? 0xffff : UINT32_MAX);
}

/* Whether the rule names what is done through another call, as socketcall does bind. */
static bool names_part(const struct rule *rule, const struct seccomp_call *call)
{
	const int row = row_of(call);

	if (!is_multiplexer(call))
		return false;
	if (has_later_condition(rule) && (int32_t)(rule->action & 0xffff0000) >
					 (int32_t)(profile.default_action & 0xffff0000))
		return false;
	for (size_t i = 0; row > 0 && i < rule->name_count; i++) {
		const struct multiplexed_call *part =
			multiplexed_call(&guest->rows[row], rule->names[i]);

		if (part && part->number == call->number &&
		    part->condition.value == part_of(call))
			return true;
	}
	return false;
}

static bool rule_holds(const struct rule *rule, const struct seccomp_call *call)
{
	size_t held = 0;

	for (size_t i = 0; i < rule->condition_count; i++)
		held += holds(&rule->conditions[i], call);
	return is_any(rule) ? held > 0 : held == rule->condition_count;
}

/* Whether runc answers before libseccomp's filter does: it is newer than all in the profile. */
static bool is_hidden(const struct seccomp_call *call)
{
	const int row = row_of(call);
	uint32_t last = 0;

	if (row < 0 || profile.default_action == SCMP_ACT_ALLOW || profile.default_action == SCMP_ACT_LOG ||
	    (profile.default_action & 0xffff0000) == SCMP_ACT_TRACE(0))
		return false;
	for (size_t i = 0; i < profile.rule_count; i++) {
		for (uint32_t number = last; number < NUMBERS; number++) {
			if (profile.rules[i].numbers[row][number])
				last = number;
		}
	}
	return last && (uint32_t)call->number > last;
}

/* How many lists of conditions there are for the call, one of which must hold. */
static size_t chains_of(const struct seccomp_call *call)
{
	size_t chains = 0;

	for (size_t i = 0; i < profile.rule_count; i++) {
		const struct rule *rule = &profile.rules[i];

		if (rule->action == profile.default_action)
			continue;
		if (names(rule, call))
			chains += is_any(rule) ? rule->condition_count : 1;
		chains += names_part(rule, call) + 2 * has_later_condition(rule);
	}
	return chains;
}

/* What the rules say, and whether they contradict each other. */
static uint32_t answer(const struct seccomp_call *call, bool *conflict)
{
	const struct rule *found = NULL;

	*conflict = false;
	if (row_of(call) < 0)
		return SCMP_ACT_KILL;
	if (is_hidden(call))
		return SCMP_ACT_ERRNO(ENOSYS);
	for (size_t i = 0; i < profile.rule_count; i++) {
		const struct rule *rule = &profile.rules[i];

		if (rule->action != profile.default_action && is_unconditional(rule) &&
		    names(rule, call))
			return rule->action;
	}
	for (size_t i = 0; i < profile.rule_count; i++) {
		const struct rule *rule = &profile.rules[i];

		if (rule->action != profile.default_action && is_unconditional(rule) &&
		    names_part(rule, call)) {
			/* Nor is it known which of several libseccomp follows. */
			*conflict = chains_of(call) > 1;
			return rule->action;
		}
	}
	for (size_t i = 0; i < profile.rule_count; i++) {
		const struct rule *rule = &profile.rules[i];

		if (rule->action == profile.default_action ||
		    (!(names(rule, call) && rule_holds(rule, call)) && !names_part(rule, call)))
			continue;
		if (!found)
			found = rule;
		*conflict |= found->action != rule->action;
	}
	return found ? found->action : profile.default_action;
}

/* For the time that libseccomp takes, which grows exponentially. */
static unsigned int weight(const struct rule *rule)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < rule->condition_count; i++) {
		switch (rule->conditions[i].comparison) {
		case SCMP_CMP_NE:
		case SCMP_CMP_EQ:
		case SCMP_CMP_MASKED_EQ:
			sum += 1;
			break;
		default:
			sum += 3;
		}
	}
	return sum;
}

/* How many conditions there are for calls that tell by an argument what they do. */
static unsigned int weight_of_parts(void)
{
	unsigned int sum = 0;

	for (size_t i = 0; profile.has_subset && i < profile.rule_count; i++) {
		const struct rule *rule = &profile.rules[i];

		for (size_t j = 0; j < rule->name_count; j++) {
			if (multiplexed_call(&guest->rows[1], rule->names[j]))
				sum += 1 + weight(rule);
		}
	}
	return sum;
}

static bool is_too_much(void)
{
	struct seccomp_call call;

	if (profile.is_made_up && weight_of_parts() > PARTS_WEIGHT_MAX)
		return true;
	for (size_t row = 0; row < guest->count; row++) {
		call.architecture = guest->rows[row].audit;
		for (call.number = 0; call.number < NUMBERS; call.number++) {
			unsigned int sum = 0;

			for (size_t i = 0; i < profile.rule_count; i++) {
				if (names(&profile.rules[i], &call))
					sum += weight(&profile.rules[i]);
			}
			if (sum > 10)
				return true;
		}
	}
	return false;
}

static int add_rule(scmp_filter_ctx context, const struct rule *rule)
{
	int numbers[NAMES_MAX];
	size_t seen = 0, before;

	for (size_t i = 0; i < rule->name_count; i++) {
		const int number = seccomp_syscall_resolve_name(rule->names[i]);
		const bool any = is_any(rule);
		struct scmp_arg_cmp list[CONDITIONS_MAX];
		int result = 0;

		for (before = 0; before < seen && numbers[before] != number; before++)
			;
		if (number == __NR_SCMP_ERROR || before < seen)
			continue;
		numbers[seen++] = number;
		for (size_t j = 0; j < rule->condition_count; j++) {
			const struct condition *condition = &rule->conditions[j];

			list[j] = (struct scmp_arg_cmp){ condition->argument, condition->comparison,
							 condition->value, condition->second };
		}
		for (size_t j = 0; any && j < rule->condition_count && !result; j++)
			result = seccomp_rule_add_array(context, rule->action, number, 1, &list[j]);
		if (!any)
			result = seccomp_rule_add_array(context, rule->action, number,
							(unsigned int)rule->condition_count, list);
		if (result)
			return result;
	}
	return 0;
}

/* Returns whether libseccomp takes the profile. */
static bool ask_libseccomp(struct bpf_program *program)
{
	static struct bpf_instruction instructions[65536];
	scmp_filter_ctx context = seccomp_init(profile.default_action);
	FILE *file = tmpfile();
	int result = 0;

	if (!context || !file)
		fail("libseccomp does not start", "");
	if (seccomp_arch_exist(context, guest->theirs[0]))
		result = seccomp_arch_add(context, guest->theirs[0]) ||
			 seccomp_arch_remove(context, SCMP_ARCH_NATIVE);
	if (profile.has_subset)
		result = result || seccomp_arch_add(context, guest->theirs[1]);
	if (result)
		fail("libseccomp does not know the architecture", "");
	for (size_t i = 0; i < profile.rule_count && !result; i++) {
		if (profile.rules[i].action != profile.default_action)
			result = add_rule(context, &profile.rules[i]);
	}
	if (!result) {
		if (seccomp_export_bpf(context, fileno(file)))
			fail("libseccomp exports no filter", "");
		rewind(file);
		program->instructions = instructions;
		program->length = (unsigned short)fread(instructions, sizeof(*instructions),
							COUNT(instructions) - 1, file);
	}
	fclose(file);
	seccomp_release(context);
	return !result;
}

/* --- Questions */

static uint64_t random_state = 1;

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * UINT64_C(2685821657736338717);
}

static unsigned int below(unsigned int limit)
{
	return (unsigned int)(random_number() >> 33) % limit;
}

static void tell(const char *what, const struct seccomp_call *call, uint32_t wanted, uint32_t got)
{
	size_t length;

	printf("%s: architecture %x call %d (%llx, %llx, %llx, %llx, %llx, %llx): wanted %x, got %x\n",
	       what, call->architecture, call->number, (unsigned long long)call->arguments[0],
	       (unsigned long long)call->arguments[1], (unsigned long long)call->arguments[2],
	       (unsigned long long)call->arguments[3], (unsigned long long)call->arguments[4],
	       (unsigned long long)call->arguments[5], wanted, got);
	puts(write_document(&length));
	exit(1);
}

/* libseccomp knows these as another architecture's; for the kernel they are no calls. */
static bool is_of_x32(const struct seccomp_call *call)
{
	return call->architecture == architectures[1].audit && (uint32_t)call->number >= 0x40000000;
}

/*
 * libseccomp 2.5.4 compares the architecture with 102 or 117, instead of the number of
 * the call, if no call in the profile has a number of its own there.
 */
static bool is_compared_with_architecture(const struct seccomp_call *call)
{
	if (!is_multiplexer(call))
		return false;
	for (size_t i = 0; i < profile.rule_count; i++) {
		const struct rule *rule = &profile.rules[i];

		if (rule->action == profile.default_action)
			continue;
		for (size_t number = 0; number < NUMBERS; number++) {
			if (rule->numbers[row_of(call)][number])
				return false;
		}
	}
	return true;
}

static void compare(const struct bpf_program *ours, const struct bpf_program *theirs,
		    const struct seccomp_call *call)
{
	bool conflict;
	const uint32_t wanted = answer(call, &conflict);
	uint32_t got = bpf_run(ours, call, &our_steps);

	if (got != wanted)
		tell("init-oci", call, wanted, got);
	comparisons++;
	conflicts += conflict;
	/* Nor does it know of versions. */
	if (!theirs || is_of_x32(call) || has_version(call) || is_compared_with_architecture(call))
		return;
	got = bpf_run(theirs, call, &their_steps);
	if (is_hidden(call))
		got = SCMP_ACT_ERRNO(ENOSYS);
	/*
	 * With several chains of conditions for one call, libseccomp sometimes gives up
	 * on all when one does not hold, and lets the default decide.
	 */
	if (got != wanted && !conflict && chains_of(call) <= 1)
		tell("libseccomp", call, wanted, got);
	differing += got != wanted;
}

/* A value beside one that a condition has, in one of its halves. */
static uint64_t interesting(const struct condition *condition)
{
	static const uint64_t differences[] = {
		0, 1, UINT64_MAX, UINT64_C(1) << 32, UINT64_MAX << 32, 0x80000000,
	};
	uint64_t value = condition->value;

	if (condition->comparison == SCMP_CMP_MASKED_EQ) {
		value = condition->second & condition->value;
		if (below(2))
			value |= random_number() & ~condition->value;
	}
	switch (below(4)) {
	case 0:
		return value ^ UINT64_C(1) << below(64);
	case 1:
		return random_number() >> below(64);
	default:
		return value + differences[below(COUNT(differences))];
	}
}

static void choose_arguments(struct seccomp_call *call)
{
	for (size_t i = 0; i < COUNT(call->arguments); i++)
		call->arguments[i] = random_number() >> below(64);
	if (is_multiplexer(call))
		call->arguments[0] = below(26) | (below(4) ? 0 : below(65536) << 16);
	for (size_t i = 0; i < profile.rule_count; i++) {
		const struct rule *rule = &profile.rules[i];

		if (!rule->condition_count || !names(rule, call))
			continue;
		for (size_t j = 0; j < rule->condition_count; j++) {
			if (below(2))
				call->arguments[rule->conditions[j].argument] =
					interesting(&rule->conditions[j]);
		}
	}
}

static bool has_conditions(const struct seccomp_call *call)
{
	for (size_t i = 0; i < profile.rule_count; i++) {
		if (profile.rules[i].condition_count && names(&profile.rules[i], call))
			return true;
	}
	return is_multiplexer(call);
}

static void ask_about(const struct architecture *architecture, const struct bpf_program *ours,
		      const struct bpf_program *theirs)
{
	static const int other_numbers[] = { -1, -2, INT32_MIN, INT32_MAX, 0x40000000, 100000 };
	struct seccomp_call call = { .architecture = architecture->audit };

	for (call.number = 0; call.number < NUMBERS; call.number++) {
		const unsigned int trials = has_conditions(&call) ? TRIALS : 1;

		for (unsigned int i = 0; i < trials; i++) {
			choose_arguments(&call);
			if (architecture_is_32_bit(architecture)) {
				for (size_t j = 0; j < COUNT(call.arguments); j++)
					call.arguments[j] = (uint32_t)call.arguments[j];
			}
			compare(ours, theirs, &call);
		}
	}
	for (size_t i = 0; i < COUNT(other_numbers); i++) {
		call.number = other_numbers[i];
		compare(ours, theirs, &call);
	}
}

static void ask_all(const struct bpf_program *ours, const struct bpf_program *theirs)
{
	static const uint32_t other_architectures[] = {
		0, 0xc000003e, 0x40000003, 0x40000028, 0x800000b7, 0xc00000f3, UINT32_MAX,
	};
	struct seccomp_call call = { .number = 0 };

	for (size_t i = 0; i < guest->count; i++)
		ask_about(&guest->rows[i], ours, theirs);
	for (size_t i = 0; i < COUNT(other_architectures); i++) {
		call.architecture = other_architectures[i];
		for (call.number = 0; call.number < NUMBERS; call.number += 37)
			compare(ours, theirs, &call);
	}
}

static void try_profile(void)
{
	struct bpf_program theirs;
	struct seccomp_filter ours;
	struct config config;
	struct error error;
	size_t length;
	char *text = write_document(&length);
	bool taken = !is_too_much() && ask_libseccomp(&theirs);

	if (config_parse(text, length, NULL, 0, &config, &error) < 0)
		fail(error.text, text);
	refused += !taken;
	if (seccomp_filter_compile(&config.seccomp, guest->rows, guest->count, &ours, &error) < 0) {
		if (!strstr(error.text, "too many rules") ||
		    (taken && theirs.length <= 100))
			fail(error.text, text);
		too_long++;
	} else {
		our_length += taken ? ours.program.length : 0;
		their_length += taken ? theirs.length : 0;
		ask_all(&ours.program, taken ? &theirs : NULL);
		seccomp_filter_free(&ours);
	}
	free(text);
	config_free(&config);
}

/* --- Profiles that are made up */

static uint32_t made_up_action(void)
{
	const uint32_t action = actions[below(COUNT(actions))].action;

	if (action == SCMP_ACT_ERRNO(0) || action == SCMP_ACT_TRACE(0))
		return action | below(4);
	return action;
}

static uint64_t made_up_value(void)
{
	switch (below(4)) {
	case 0:
		return below(8);
	case 1:
		return UINT64_MAX - below(3);
	case 2:
		return (uint64_t)below(3) << 32 | below(3);
	default:
		return random_number() >> below(64);
	}
}

static void make_up_conditions(struct rule *rule)
{
	rule->condition_count = below(3) ? 0 : 1 + below(below(4) ? 3 : CONDITIONS_MAX);
	for (size_t i = 0; i < rule->condition_count; i++)
		rule->conditions[i] = (struct condition){
			.argument = below(8) ? (unsigned int)i : below(6),
			.comparison = SCMP_CMP_NE + below(7),
			.value = made_up_value(),
			.second = made_up_value(),
		};
}

/* Few names: rules for the same call are what is to be tried. */
static const char *made_up_name(bool few)
{
	const struct architecture *row;
	const struct system_call *call;
	const char *name;

	do {
		row = &guest->rows[below((unsigned int)guest->count)];
		call = &row->calls[below(few ? 12 : (unsigned int)row->call_count)];
		name = row->names + call->name;
	} while (!is_common(name));
	return name;
}

static void make_up_rule(struct rule *rule, uint32_t action)
{
	const bool few = below(2);
	const unsigned int count = 1 + below(below(4) ? 4 : 200);

	*rule = (struct rule){ .action = action };
	while (rule->name_count < count)
		add_name(rule, made_up_name(few));
	make_up_conditions(rule);
}

static void make_up_profile(void)
{
	/* With one action beside the default, rules cannot contradict each other. */
	const bool one_action = below(2);
	const uint32_t action = made_up_action();
	const unsigned int count = below(below(8) ? 8 : 60);

	profile.is_made_up = true;
	profile.default_action = made_up_action();
	profile.has_subset = guest->count > 1 && below(2);
	for (profile.rule_count = 0; profile.rule_count < count; profile.rule_count++)
		make_up_rule(&profile.rules[profile.rule_count],
			     one_action ? action : made_up_action());
}

int main(int argc, char **argv)
{
	unsigned long count = 0;

	for (size_t i = 0; argc > 1 && i < COUNT(guests); i++) {
		if (!strcmp(guests[i].name, argv[1]))
			guest = &guests[i];
	}
	if (!guest)
		fail("the first argument is no guest", "");
	if (argc == 4 && !strcmp(argv[2], "--generated")) {
		for (count = strtoul(argv[3], NULL, 10); count > 0; count--) {
			make_up_profile();
			try_profile();
		}
	} else {
		for (int i = 2; i < argc; i++) {
			cJSON *json = read_profile(argv[i]);

			try_profile();
			cJSON_Delete(json);
		}
	}
	printf("%lu profiles too long; %lu system calls; %lu with contradicting rules, libseccomp differs in %lu; "
	       "%lu profiles it refuses; instructions: %lu, libseccomp's %lu; steps: %lu, %lu\n",
	       too_long, comparisons, conflicts, differing, refused, our_length, their_length, our_steps,
	       their_steps);
	return comparisons ? 0 : 2;
}
