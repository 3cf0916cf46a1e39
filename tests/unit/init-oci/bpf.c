// SPDX-License-Identifier: Apache-2.0
/* An interpreter of seccomp filters, for what they are made of. */
#include "bpf.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void refuse(const char *why, unsigned int at)
{
	fprintf(stderr, "instruction %u of the filter: %s\n", at, why);
	abort();
}

static uint32_t load(const struct seccomp_call *call, uint32_t offset, unsigned int at)
{
	uint32_t word;

	if (offset % sizeof(word) || offset > sizeof(*call) - sizeof(word))
		refuse("it loads what is not there", at);
	memcpy(&word, (const char *)call + offset, sizeof(word));
	return word;
}

uint32_t bpf_run(const struct bpf_program *program, const struct seccomp_call *call,
		 unsigned long *steps)
{
	uint32_t value = 0;

	if (program->length == 0 || program->length > BPF_INSTRUCTIONS_MAX)
		refuse("there are too many, or none", program->length);
	for (unsigned int at = 0; at < program->length; at++) {
		const struct bpf_instruction *now = &program->instructions[at];
		bool holds = false;

		++*steps;
		switch (now->code) {
		case BPF_LOAD_WORD:
			value = load(call, now->operand, at);
			continue;
		case BPF_AND:
			value &= now->operand;
			continue;
		case BPF_RETURN:
			return now->operand;
		case BPF_JUMP:
			if (now->operand >= program->length)
				refuse("it jumps too far", at);
			at += now->operand;
			continue;
		case BPF_JUMP_EQUAL:
			holds = value == now->operand;
			break;
		case BPF_JUMP_GREATER:
			holds = value > now->operand;
			break;
		case BPF_JUMP_GREATER_OR_EQUAL:
			holds = value >= now->operand;
			break;
		default:
			refuse("it is not one that a filter is made of", at);
		}
		at += holds ? now->if_true : now->if_false;
	}
	refuse("the end is passed", program->length);
}
