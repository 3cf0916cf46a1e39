/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SECCOMP_CONFIG_H
#define INIT_OCI_SECCOMP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/errors.h"

struct object;

/* How an argument of a system call is compared. Each has its opposite. */
enum seccomp_comparison {
	SECCOMP_EQUAL,		/* in the bits of the mask */
	SECCOMP_GREATER,
	SECCOMP_GREATER_OR_EQUAL,
};

struct seccomp_condition {
	enum seccomp_comparison comparison;
	bool opposite;		/* holds when the comparison does not */
	uint8_t argument;	/* 0 to 5 */
	uint64_t mask, value;	/* the mask is for SECCOMP_EQUAL */
};

/* What happens to some system calls. */
struct seccomp_rule {
	char **names;
	uint32_t action;	/* what the filter returns */
	bool any;		/* one condition is enough; else all must hold */
	struct seccomp_condition *conditions;
	size_t condition_count;	/* 0: always */
};

/* `linux.seccomp` */
struct seccomp {
	bool present;
	uint32_t default_action;
	unsigned int flags;	/* of seccomp(2) */
	unsigned int subsets;	/* bits of the architectures that have rules, too */
	struct seccomp_rule *rules;
	size_t rule_count;
};

/*
 * Takes `linux.seccomp` of the last document that has one. It is one unit: what earlier
 * documents have does not matter. null and an empty one mean that there is none.
 */
int seccomp_config_apply(const struct object *documents, size_t count, struct seccomp *seccomp,
			 struct error *error);
void seccomp_config_free(struct seccomp *seccomp);

#endif
