/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SYSTEM_CALLS_H
#define INIT_OCI_SYSTEM_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/seccomp_config.h"
#include "machine/architectures.h"

/* A system call of one architecture. */
struct system_call {
	uint16_t name;		/* where it begins in the architecture's names */
	uint16_t number;
};

/* What the kernel runs programs of, as a seccomp filter tells them apart. */
struct architecture {
	uint32_t audit;		/* AUDIT_ARCH_... */
	const char *names;
	const struct system_call *calls;	/* sorted by name */
	size_t call_count;
	uint32_t call_limit;	/* above every number */
};

#define COUNT_ARCHITECTURE(of, name, audit, system_calls) + 1
enum { ARCHITECTURES = 0 FOR_EACH_ARCHITECTURE(COUNT_ARCHITECTURE) };
/* What only subsets need, the programs of guests without any go without. */
#define HAS_SUBSETS (ARCHITECTURES > 1)
extern const struct architecture architectures[ARCHITECTURES];

/* A name in a profile's list of architectures adds its bit; any other means nothing here. */
unsigned int architecture_bit(const char *name);

/* The guest's own never is. */
static inline bool architecture_is_32_bit(const struct architecture *architecture)
{
	return HAS_SUBSETS && !(architecture->audit & UINT32_C(0x80000000));
}

/* A call that is made through another one, for which the condition tells. */
struct multiplexed_call {
	char name[12];
	uint16_t number;
	struct seccomp_condition condition;
};

/* NULL when the architecture has no such call. */
const struct multiplexed_call *multiplexed_call(const struct architecture *architecture,
						const char *name);

/* The call's number, or -1 when the architecture has no such call. */
int system_call_number(const struct architecture *architecture, const char *name);

#endif
