// SPDX-License-Identifier: Apache-2.0
/* Which devices the container may use, as a program of BPF for its cgroup. */
#include "container/device_filter.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/linux_abi.h"

#define ALL_ACCESS (DEVICE_MAKE | DEVICE_READ | DEVICE_WRITE)

/* What of BPF's instructions is needed. */
enum {
	LOAD_WORD = 0x61,	/* destination = 32 bits at source + offset */
	COPY = 0xbf,
	SET = 0xb7,
	AND = 0x57,
	SHIFT_RIGHT = 0x77,
	JUMP_IF_EQUAL = 0x15,	/* the number, by offset instructions */
	JUMP_IF_DIFFERENT = 0x55,
	EXIT = 0x95,
};

/* The kernel's numbers for types of devices, and where it passes what. */
enum {
	TYPE_BLOCK = 1,
	TYPE_CHARACTER = 2,
	AT_ACCESS_AND_TYPE = 0,
	AT_MAJOR = 4,
	AT_MINOR = 8,
};

enum {
	RESULT = 0,
	CONTEXT = 1,
	SCRATCH = 1,	/* when the context has been read */
	ACCESS = 2,	/* what of it no rule has decided yet */
	TYPE = 3,
	MAJOR = 4,
	MINOR = 5,
};

struct compiler {
	struct filter_instruction *program;
	size_t length;
};

static void emit(struct compiler *compiler, uint8_t code, int destination, int source,
		 int16_t offset, int64_t number)
{
	compiler->program[compiler->length++] = (struct filter_instruction){
		.code = code,
		.registers = (uint8_t)(source << 4 | destination),
		.offset = offset,
		.number = (int32_t)number,
	};
}

static void emit_start(struct compiler *compiler)
{
	emit(compiler, LOAD_WORD, ACCESS, CONTEXT, AT_ACCESS_AND_TYPE, 0);
	emit(compiler, LOAD_WORD, MAJOR, CONTEXT, AT_MAJOR, 0);
	emit(compiler, LOAD_WORD, MINOR, CONTEXT, AT_MINOR, 0);
	emit(compiler, COPY, TYPE, ACCESS, 0, 0);
	emit(compiler, AND, TYPE, 0, 0, 0xffff);
	emit(compiler, SHIFT_RIGHT, ACCESS, 0, 0, 16);
}

static void emit_answer(struct compiler *compiler, bool allow)
{
	emit(compiler, SET, RESULT, 0, 0, allow);
	emit(compiler, EXIT, 0, 0, 0, 0);
}

/* Returns whether it decides about every access. */
static bool emit_rule(struct compiler *compiler, const struct device_rule *rule)
{
	const size_t start = compiler->length;
	size_t end;

	if (rule->type != 'a')
		emit(compiler, JUMP_IF_DIFFERENT, TYPE, 0, 0,
		     rule->type == 'b' ? TYPE_BLOCK : TYPE_CHARACTER);
	if (rule->major >= 0)
		emit(compiler, JUMP_IF_DIFFERENT, MAJOR, 0, 0, rule->major);
	if (rule->minor >= 0)
		emit(compiler, JUMP_IF_DIFFERENT, MINOR, 0, 0, rule->minor);
	/*
	 * Each part of an access is decided on its own: one that is refused is enough, and
	 * what one rule does not allow, another may.
	 */
	if (rule->access != ALL_ACCESS && rule->allow) {
		emit(compiler, AND, ACCESS, 0, 0, ALL_ACCESS & ~rule->access);
		emit(compiler, JUMP_IF_DIFFERENT, ACCESS, 0, 0, 0);
	} else if (rule->access != ALL_ACCESS) {
		emit(compiler, COPY, SCRATCH, ACCESS, 0, 0);
		emit(compiler, AND, SCRATCH, 0, 0, rule->access);
		emit(compiler, JUMP_IF_EQUAL, SCRATCH, 0, 0, 0);
	}
	end = compiler->length;
	emit_answer(compiler, rule->allow);
	/* To the next rule. */
	for (size_t i = start; i < end; i++) {
		struct filter_instruction *instruction = &compiler->program[i];

		if (instruction->code == JUMP_IF_DIFFERENT || instruction->code == JUMP_IF_EQUAL)
			instruction->offset = (int16_t)(compiler->length - i - 1);
	}
	return start == end;
}

size_t device_filter_compile(const struct device_rule *rules, size_t count,
			     struct filter_instruction *program)
{
	struct compiler compiler = { .program = program };

	emit_start(&compiler);
	while (count--) {
		/* The kernel refuses instructions that are never reached. */
		if (emit_rule(&compiler, &rules[count]))
			return compiler.length;
	}
	emit_answer(&compiler, false);
	return compiler.length;
}

/* Returns a descriptor, or -1 with errno set. */
static int load(const struct filter_instruction *program, size_t length)
{
	const struct bpf_load_request request = {
		.type = BPF_CGROUP_DEVICE_PROGRAM,
		.instruction_count = (uint32_t)length,
		.instructions = (uintptr_t)program,
		.license = (uintptr_t)"Apache-2.0",
	};

	return bpf(BPF_PROGRAM_LOAD, &request, sizeof(request));
}

static int attach(int cgroup, int program)
{
	const struct bpf_attach_request request = {
		.target = (uint32_t)cgroup,
		.program = (uint32_t)program,
		.type = BPF_CGROUP_DEVICE,
		/* The container may have further ones for cgroups below. */
		.flags = BPF_ALLOW_MULTIPLE,
	};

	return bpf(BPF_PROGRAM_ATTACH, &request, sizeof(request));
}

static size_t add_usual(struct device_rule *rules)
{
	static const struct device_rule usual[] = {
		{ true, 'a', -1, -1, DEVICE_MAKE },
		{ true, 'c', 1, 3, ALL_ACCESS },	/* null */
		{ true, 'c', 1, 5, ALL_ACCESS },	/* zero */
		{ true, 'c', 1, 7, ALL_ACCESS },	/* full */
		{ true, 'c', 1, 8, ALL_ACCESS },	/* random */
		{ true, 'c', 1, 9, ALL_ACCESS },	/* urandom */
		{ true, 'c', 5, 0, ALL_ACCESS },	/* tty */
		{ true, 'c', 5, 2, ALL_ACCESS },	/* ptmx */
		{ true, 'c', 136, -1, ALL_ACCESS },	/* of pts */
	};

	memcpy(rules, usual, sizeof(usual));
	return sizeof(usual) / sizeof(usual[0]);
}

#define USUAL_MAX 16

int device_filter_attach(const struct config *config, const dev_t *streams, size_t stream_count,
			 int cgroup, struct error *error)
{
	const size_t most = config->device_rule_count + USUAL_MAX + stream_count;
	struct device_rule *rules = NULL;
	struct filter_instruction *instructions = NULL;
	size_t count = config->device_rule_count;
	int program = -1, result = -1;

	if (!count)
		return 0;
	rules = calloc(most, sizeof(*rules));
	instructions = calloc(most * FILTER_RULE_LENGTH + FILTER_FRAME_LENGTH,
			      sizeof(*instructions));
	if (!rules || !instructions)
		goto out;
	memcpy(rules, config->device_rules, count * sizeof(*rules));
	count += add_usual(rules + count);
	for (size_t i = 0; i < stream_count; i++)
		rules[count++] = (struct device_rule){
			true, 'c', major(streams[i]), minor(streams[i]), ALL_ACCESS,
		};
	program = load(instructions, device_filter_compile(rules, count, instructions));
	if (program >= 0)
		result = attach(cgroup, program);
out:
	if (result < 0)
		step_error("set linux.resources.devices", "", error);
	if (program >= 0)
		close(program);
	free(instructions);
	free(rules);
	return result;
}
