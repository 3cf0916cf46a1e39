/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SYSTEM_CALLS_H
#define INIT_OCI_SYSTEM_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* The guest's, of the directories in machine/. */
#include "architectures.h"

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

/* The guest's own first, and then those of its subsets for which its kernel is built. */
#define COUNT_ARCHITECTURE(of, audit, system_calls) + 1
enum { ARCHITECTURES = 0 FOR_EACH_ARCHITECTURE(COUNT_ARCHITECTURE) };
extern const struct architecture architectures[ARCHITECTURES];

/* The call's number, or -1 when the architecture has no such call. */
int system_call_number(const struct architecture *architecture, const char *name);

#endif
