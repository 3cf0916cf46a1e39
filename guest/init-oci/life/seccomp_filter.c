// SPDX-License-Identifier: Apache-2.0
/*
 * The compiler of seccomp filters: from rules to a program for BPF.
 *
 * The kernel interprets the program once for each number of a system call when it is
 * installed, and from then on for each system call whose outcome may depend on
 * arguments. So the numbers are found by a binary search over ranges with the same
 * outcome, instead of one after the other.
 *
 * Jumps lead only forward, so the program is written from its end to its beginning:
 * then the target of a jump is known when the jump is written. A place in the program
 * is a number of instructions from its end.
 */
#include "life/seccomp_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A jump skips at most 255 instructions, and some are written before the jump itself. */
#define REACH 250

/* A system call has the outcome 0, which is the default action, unless a rule changes it. */
struct outcome {
	const struct seccomp_condition *conditions;
	size_t condition_count;	/* 0: this is the action, always */
	uint32_t action;
	uint32_t otherwise;	/* the outcome if the conditions do not hold; a smaller one */
	bool used;
	size_t place;		/* when it is used and has conditions */
};

/* The instruction that returns that action, the last one written. */
struct verdict {
	uint32_t action;
	size_t place;
};

/* System calls from this number on, up to the next range. */
struct range {
	uint32_t first, outcome;
};

struct compiler {
	const struct seccomp *seccomp;
	struct outcome *outcomes;
	size_t outcome_count, outcome_room;
	uint32_t *calls;	/* the outcome of each number */
	struct range *ranges;
	struct bpf_instruction *program;
	size_t length;
	struct verdict *verdicts;
	size_t verdict_count;
	bool too_long;
	bool narrow;		/* arguments have 32 bits */
};

/* --- Rules to outcomes */

/* Returns the new outcome, or 0 when there is no memory. */
static uint32_t add_outcome(struct compiler *compiler, const struct outcome *outcome)
{
	if (compiler->outcome_count == compiler->outcome_room) {
		const size_t room = compiler->outcome_room * 2 + 64;
		struct outcome *more = realloc(compiler->outcomes, room * sizeof(*more));

		if (!more)
			return 0;
		compiler->outcomes = more;
		compiler->outcome_room = room;
	}
	compiler->outcomes[compiler->outcome_count] = *outcome;
	return (uint32_t)compiler->outcome_count++;
}

/*
 * System calls with the same rules share their outcomes, and so the instructions.
 * Returns 0 when there is no such outcome of the rule that is being applied.
 */
static uint32_t find_outcome(const struct compiler *compiler, const struct outcome *wanted)
{
	for (size_t i = compiler->outcome_count - 1; i > 0; i--) {
		const struct outcome *outcome = &compiler->outcomes[i];

		if (outcome->conditions != wanted->conditions || outcome->action != wanted->action)
			break;
		if (outcome->otherwise == wanted->otherwise)
			return (uint32_t)i;
	}
	return 0;
}

/* Puts the outcome before what the call has already. */
static int change(struct compiler *compiler, uint32_t *call, struct outcome outcome)
{
	if (outcome.condition_count) {
		const struct outcome *now = &compiler->outcomes[*call];

		/* An action without conditions is stronger, and a name may be given twice. */
		if ((*call && !now->condition_count) || now->conditions == outcome.conditions)
			return 0;
		outcome.otherwise = *call;
	}
	*call = find_outcome(compiler, &outcome);
	if (!*call)
		*call = add_outcome(compiler, &outcome);
	return *call ? 0 : -1;
}

/*
 * As with libseccomp, a rule for socket on i386 is also one for socketcall when that does
 * the same, whatever its conditions, for the arguments are in memory then.
 */
static int change_multiplexed(struct compiler *compiler, const struct architecture *architecture,
			      const struct seccomp_rule *rule)
{
	if (!architecture_is_32_bit(architecture))
		return 0;
	for (char **name = rule->names; *name; name++) {
		const struct multiplexed_call *call = multiplexed_call(architecture, *name);
		struct outcome outcome = { .condition_count = 1, .action = rule->action };

		if (!call)
			continue;
		outcome.conditions = &call->condition;
		if (change(compiler, &compiler->calls[call->number], outcome) < 0)
			return -1;
	}
	return 0;
}

static int change_all(struct compiler *compiler, const struct architecture *architecture,
		      const struct seccomp_rule *rule, const struct seccomp_condition *conditions,
		      size_t count)
{
	const struct outcome outcome = {
		.conditions = conditions,
		.condition_count = count,
		.action = rule->action,
	};

	for (char **name = rule->names; *name; name++) {
		int number = system_call_number(architecture, *name);

		if (number >= 0 && change(compiler, &compiler->calls[number], outcome) < 0)
			return -1;
	}
	return change_multiplexed(compiler, architecture, rule);
}

static int apply_rule(struct compiler *compiler, const struct architecture *architecture,
		      const struct seccomp_rule *rule)
{
	const struct seccomp_condition *conditions = rule->conditions;

	if (!rule->any)
		return change_all(compiler, architecture, rule, conditions, rule->condition_count);
	for (size_t i = rule->condition_count; i > 0; i--) {
		if (change_all(compiler, architecture, rule, &conditions[i - 1], 1) < 0)
			return -1;
	}
	return 0;
}

/*
 * From the last rule to the first, since each comes before what is there. As with
 * libseccomp, a rule without conditions is stronger than all that have some, and one
 * whose action is the default does nothing.
 */
static int apply_rules(struct compiler *compiler, const struct architecture *architecture,
		       bool conditional)
{
	const struct seccomp *seccomp = compiler->seccomp;

	for (size_t i = seccomp->rule_count; i > 0; i--) {
		const struct seccomp_rule *rule = &seccomp->rules[i - 1];

		if ((rule->condition_count != 0) != conditional ||
		    rule->action == seccomp->default_action)
			continue;
		if (apply_rule(compiler, architecture, rule) < 0)
			return -1;
	}
	return 0;
}

/* The kernel's order of actions, from the strictest, is that of signed numbers. */
static int32_t leniency(uint32_t action)
{
	return (int32_t)(action & SECCOMP_RETURN_ACTION);
}

/* The highest number that a rule names; 0 when there is none. */
static uint32_t last_named(const struct seccomp *seccomp, const struct architecture *architecture)
{
	int last = 0;

	for (size_t i = 0; i < seccomp->rule_count; i++) {
		for (char **name = seccomp->rules[i].names; *name; name++) {
			const int number = system_call_number(architecture, *name);

			if (number > last)
				last = number;
		}
	}
	return (uint32_t)last;
}

/*
 * What is newer than all system calls of a profile, its author did not know. As with runc,
 * it is absent rather than refused: programs do without what is absent, but take another
 * error for the answer. A tracer is asked, since it may know the call.
 */
static int hide_newer(struct compiler *compiler, const struct architecture *architecture)
{
	static const struct outcome absent = { .action = SECCOMP_RETURN_ERRNO | ENOSYS };
	const struct seccomp *seccomp = compiler->seccomp;
	const uint32_t last = last_named(seccomp, architecture);
	uint32_t outcome;

	if (!last || leniency(seccomp->default_action) >= leniency(SECCOMP_RETURN_TRACE))
		return 0;
	outcome = add_outcome(compiler, &absent);
	if (!outcome)
		return -1;
	for (uint32_t number = last + 1; number <= architecture->call_limit; number++)
		compiler->calls[number] = outcome;
	return 0;
}

/* --- Instructions */

/* Returns the instruction's place. */
static size_t write_instruction(struct compiler *compiler, uint16_t code, uint32_t operand)
{
	if (compiler->length == BPF_INSTRUCTIONS_MAX) {
		compiler->too_long = true;
		return 0;
	}
	compiler->program[BPF_INSTRUCTIONS_MAX - ++compiler->length] =
		(struct bpf_instruction){ .code = code, .operand = operand };
	return compiler->length;
}

static bool is_near(const struct compiler *compiler, size_t place)
{
	return compiler->length - place <= REACH;
}

/* A place within the reach of the next instructions, from which that place is reached. */
static size_t near(struct compiler *compiler, size_t place)
{
	if (is_near(compiler, place))
		return place;
	return write_instruction(compiler, BPF_JUMP, (uint32_t)(compiler->length - place));
}

static size_t place_of_action(struct compiler *compiler, uint32_t action)
{
	struct verdict *verdict = compiler->verdicts;

	while (verdict < compiler->verdicts + compiler->verdict_count && verdict->action != action)
		verdict++;
	if (verdict == compiler->verdicts + compiler->verdict_count) {
		compiler->verdict_count++;
		*verdict = (struct verdict){ .action = action };
	} else if (is_near(compiler, verdict->place)) {
		return verdict->place;
	}
	verdict->place = write_instruction(compiler, BPF_RETURN, action);
	return verdict->place;
}

static size_t place_of_outcome(struct compiler *compiler, uint32_t number)
{
	struct outcome *outcome = &compiler->outcomes[number];

	if (!outcome->condition_count)
		return place_of_action(compiler, outcome->action);
	outcome->place = near(compiler, outcome->place);
	return outcome->place;
}

static size_t write_jump(struct compiler *compiler, uint16_t code, uint32_t operand, size_t if_true,
			 size_t if_false)
{
	size_t place;

	if_true = near(compiler, if_true);
	if_false = near(compiler, if_false);
	place = write_instruction(compiler, code, operand);
	if (!compiler->too_long) {
		struct bpf_instruction *jump = &compiler->program[BPF_INSTRUCTIONS_MAX - place];

		jump->if_true = (uint8_t)(place - 1 - if_true);
		jump->if_false = (uint8_t)(place - 1 - if_false);
	}
	return place;
}

/* Arguments have 64 bits, and BPF has 32: the upper half decides, unless it is equal. */
enum half { LOWER, UPPER };

/* The guest is little-endian, like all for which there is a row of architectures. */
static size_t write_load(struct compiler *compiler, const struct seccomp_condition *condition,
			 enum half half)
{
	return write_instruction(compiler, BPF_LOAD_WORD,
				 (uint32_t)(offsetof(struct seccomp_call, arguments) +
					    condition->argument * sizeof(uint64_t) +
					    (half == UPPER ? sizeof(uint32_t) : 0)));
}

static bool has_no_upper_half(const struct compiler *compiler)
{
	return HAS_SUBSETS && compiler->narrow;
}

static size_t write_equal(struct compiler *compiler, const struct seccomp_condition *condition,
			  enum half half, size_t if_true, size_t if_false)
{
	const bool none = has_no_upper_half(compiler) && half == UPPER;
	const uint32_t mask = none ? 0 : (uint32_t)(condition->mask >> 32 * half);
	const uint32_t value = (uint32_t)(condition->value >> 32 * half);

	if (!mask)
		return if_true;
	write_jump(compiler, BPF_JUMP_EQUAL, value, if_true, if_false);
	if (mask != UINT32_MAX)
		write_instruction(compiler, BPF_AND, mask);
	return write_load(compiler, condition, half);
}

static size_t write_greater(struct compiler *compiler, const struct seccomp_condition *condition,
			    size_t if_true, size_t if_false)
{
	const uint16_t code = condition->comparison == SECCOMP_GREATER ? BPF_JUMP_GREATER :
									 BPF_JUMP_GREATER_OR_EQUAL;
	const uint32_t upper = (uint32_t)(condition->value >> 32);
	size_t place;

	write_jump(compiler, code, (uint32_t)condition->value, if_true, if_false);
	place = write_load(compiler, condition, LOWER);
	if (has_no_upper_half(compiler))
		return place;
	place = write_jump(compiler, BPF_JUMP_EQUAL, upper, place, if_false);
	write_jump(compiler, BPF_JUMP_GREATER, upper, if_true, place);
	return write_load(compiler, condition, UPPER);
}

static size_t write_condition(struct compiler *compiler, const struct seccomp_condition *condition,
			      size_t holds, size_t fails)
{
	const size_t if_true = condition->opposite ? fails : holds;
	const size_t if_false = condition->opposite ? holds : fails;

	if (condition->comparison != SECCOMP_EQUAL)
		return write_greater(compiler, condition, if_true, if_false);
	return write_equal(compiler, condition, UPPER,
			   write_equal(compiler, condition, LOWER, if_true, if_false), if_false);
}

static void write_outcome(struct compiler *compiler, struct outcome *outcome)
{
	size_t place = place_of_action(compiler, outcome->action);

	for (size_t i = outcome->condition_count; i > 0 && !compiler->too_long; i--)
		place = write_condition(compiler, &outcome->conditions[i - 1], place,
					place_of_outcome(compiler, outcome->otherwise));
	outcome->place = place;
}

/* An outcome comes after those that it leads to, so they are written already. */
static void write_outcomes(struct compiler *compiler, const struct architecture *architecture)
{
	for (uint32_t number = 0; number < architecture->call_limit; number++) {
		struct outcome *outcome = &compiler->outcomes[compiler->calls[number]];

		while (outcome->condition_count && !outcome->used) {
			outcome->used = true;
			outcome = &compiler->outcomes[outcome->otherwise];
		}
	}
	for (size_t i = 0; i < compiler->outcome_count && !compiler->too_long; i++) {
		if (compiler->outcomes[i].used)
			write_outcome(compiler, &compiler->outcomes[i]);
	}
}

/* --- The search */

static bool same_outcome(const struct compiler *compiler, uint32_t one, uint32_t other)
{
	const struct outcome *outcomes = compiler->outcomes;

	return one == other ||
	       (!outcomes[one].condition_count && !outcomes[other].condition_count &&
		outcomes[one].action == outcomes[other].action);
}

/* Returns how many ranges there are; the last has the numbers that are no system calls. */
static size_t find_ranges(struct compiler *compiler, const struct architecture *architecture)
{
	struct range *range = compiler->ranges;

	*range = (struct range){ .first = 0, .outcome = compiler->calls[0] };
	for (uint32_t number = 1; number <= architecture->call_limit; number++) {
		if (!same_outcome(compiler, range->outcome, compiler->calls[number]))
			*++range = (struct range){ .first = number, .outcome = compiler->calls[number] };
	}
	return (size_t)(range - compiler->ranges) + 1;
}

/* As deep as the binary logarithm of how many system calls there are. */
static size_t write_search(struct compiler *compiler, const struct range *ranges, size_t count)
{
	const size_t half = count / 2;
	size_t above;

	if (count == 1)
		return place_of_outcome(compiler, ranges->outcome);
	above = write_search(compiler, ranges + half, count - half);
	return write_jump(compiler, BPF_JUMP_GREATER_OR_EQUAL, ranges[half].first, above,
			  write_search(compiler, ranges, half));
}

/* Returns the place where it begins, with the number of the architecture loaded. */
static int write_architecture(struct compiler *compiler, const struct architecture *architecture,
			      size_t *place)
{
	size_t begin;

	memset(compiler->calls, 0, (architecture->call_limit + 1) * sizeof(*compiler->calls));
	compiler->outcome_count = 1;
	if (HAS_SUBSETS)
		compiler->narrow = architecture_is_32_bit(architecture);
	if (apply_rules(compiler, architecture, false) < 0 ||
	    apply_rules(compiler, architecture, true) < 0 ||
	    hide_newer(compiler, architecture) < 0)
		return -1;
	write_outcomes(compiler, architecture);
	begin = write_search(compiler, compiler->ranges, find_ranges(compiler, architecture));
	if (begin != compiler->length)
		write_instruction(compiler, BPF_JUMP, (uint32_t)(compiler->length - begin));
	begin = write_instruction(compiler, BPF_LOAD_WORD, offsetof(struct seccomp_call, number));
	*place = write_jump(compiler, BPF_JUMP_EQUAL, architecture->audit, begin, *place);
	return 0;
}

/* Whether it is in the profile's list; the guest's own need not be. */
static bool has_rules(const struct seccomp *seccomp, const struct architecture *architecture)
{
	return seccomp->subsets >> (architecture - architectures) & 1;
}

static int write_program(struct compiler *compiler, const struct architecture *architecture,
			 size_t count)
{
	/* As with libseccomp: what is of no known architecture has no rules to go by. */
	size_t place = place_of_action(compiler, SECCOMP_RETURN_KILL_THREAD);

	for (size_t i = count; i > 0; i--) {
		if (HAS_SUBSETS && i > 1 && !has_rules(compiler->seccomp, &architecture[i - 1]))
			continue;
		if (write_architecture(compiler, &architecture[i - 1], &place) < 0)
			return -1;
	}
	write_instruction(compiler, BPF_LOAD_WORD, offsetof(struct seccomp_call, architecture));
	return 0;
}

/* --- All together */

static bool is_known(const struct architecture *architecture, size_t count, const char *name)
{
	while (count-- > 0) {
		if (system_call_number(&architecture[count], name) >= 0 ||
		    multiplexed_call(&architecture[count], name))
			return true;
	}
	return false;
}

/*
 * Engines allow system calls of every architecture in one list: a name that is not known
 * there means nothing. In a list of what is not allowed, it means that something is.
 */
static void note_unknown(const struct seccomp *seccomp, const struct architecture *architecture,
			 size_t count, struct seccomp_filter *filter)
{
	filter->unknown_count = 0;
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		const struct seccomp_rule *rule = &seccomp->rules[i];

		if (leniency(rule->action) >= leniency(seccomp->default_action))
			continue;
		for (char **name = rule->names; *name; name++) {
			if (is_known(architecture, count, *name))
				continue;
			if (!filter->unknown_count++)
				filter->unknown = *name;
		}
	}
}

static int allocate(struct compiler *compiler, const struct architecture *architecture, size_t count)
{
	static const struct outcome none = { .condition_count = 0 };
	uint32_t limit = 0;

	for (size_t i = 0; i < count; i++) {
		if (architecture[i].call_limit > limit)
			limit = architecture[i].call_limit;
	}
	compiler->calls = calloc(limit + 1, sizeof(*compiler->calls));
	compiler->ranges = calloc(limit + 1, sizeof(*compiler->ranges));
	compiler->program = calloc(BPF_INSTRUCTIONS_MAX, sizeof(*compiler->program));
	/* One for each rule, the default, newer system calls, and unknown architectures. */
	compiler->verdicts = calloc(compiler->seccomp->rule_count + 3, sizeof(*compiler->verdicts));
	add_outcome(compiler, &none);
	if (!compiler->calls || !compiler->ranges || !compiler->program || !compiler->verdicts ||
	    !compiler->outcomes)
		return -1;
	compiler->outcomes[0].action = compiler->seccomp->default_action;
	return 0;
}

int seccomp_filter_compile(const struct seccomp *seccomp, const struct architecture *architecture,
			   size_t count, struct seccomp_filter *filter, struct error *error)
{
	struct compiler compiler = { .seccomp = seccomp };
	int result = -1;

	if (allocate(&compiler, architecture, count) < 0 ||
	    write_program(&compiler, architecture, count) < 0) {
		ERROR(error, "make the seccomp filter: out of memory");
		goto out;
	}
	if (compiler.too_long) {
		ERROR(error, "make the seccomp filter: there are too many rules");
		goto out;
	}
	filter->memory = compiler.program;
	filter->program = (struct bpf_program){
		.length = (unsigned short)compiler.length,
		.instructions = compiler.program + BPF_INSTRUCTIONS_MAX - compiler.length,
	};
	note_unknown(seccomp, architecture, count, filter);
	compiler.program = NULL;
	result = 0;
out:
	free(compiler.verdicts);
	free(compiler.program);
	free(compiler.ranges);
	free(compiler.calls);
	free(compiler.outcomes);
	return result;
}

void seccomp_filter_free(struct seccomp_filter *filter)
{
	free(filter->memory);
}
