// SPDX-License-Identifier: Apache-2.0
/* The system calls of each architecture, by their names. */
#include "config/system_calls.h"

#include <string.h>

#include "machine/multiplexed_i386.h"

/* One string for all names, since a pointer to each would take more than the names. */
#define NAME_TYPE(of, name, number) char name##_[sizeof(#name)];
#define NAME(of, name, number) #name,
#define CALL(of, name, number) { offsetof(struct names_##of, name##_), number },
#define LIMIT(of, name, number) char name##_[number + 1];

#define DEFINE(of, name, audit, SYSTEM_CALLS) \
	struct names_##of { \
		SYSTEM_CALLS(NAME_TYPE, of) \
	}; \
	static const struct names_##of names_##of = { SYSTEM_CALLS(NAME, of) }; \
	static const struct system_call calls_##of[] = { SYSTEM_CALLS(CALL, of) }; \
	union limit_##of { \
		SYSTEM_CALLS(LIMIT, of) \
	};
FOR_EACH_ARCHITECTURE(DEFINE)

#define ROW(of, name, audit_architecture, SYSTEM_CALLS) { \
	.audit = audit_architecture, \
	.names = (const char *)&names_##of, \
	.calls = calls_##of, \
	.call_count = sizeof(calls_##of) / sizeof(calls_##of[0]), \
	.call_limit = sizeof(union limit_##of), \
},
const struct architecture architectures[ARCHITECTURES] = { FOR_EACH_ARCHITECTURE(ROW) };

unsigned int architecture_bit(const char *name)
{
#define ARCHITECTURE_NAME(of, name, audit, SYSTEM_CALLS) name,
	static const char *const names[ARCHITECTURES] = {
		FOR_EACH_ARCHITECTURE(ARCHITECTURE_NAME)
	};

	/* The guest's own needs none. */
	for (unsigned int i = 1; i < ARCHITECTURES; i++) {
		if (!strcmp(names[i], name))
			return 1u << i;
	}
	return 0;
}

const struct multiplexed_call *multiplexed_call(const struct architecture *architecture,
						const char *name)
{
#define MULTIPLEXED(name, number, counts, which) { \
	#name, number, { .comparison = SECCOMP_EQUAL, .mask = counts, .value = which } \
},
	static const struct multiplexed_call calls[] = { MULTIPLEXED_I386(MULTIPLEXED) };

	if (!architecture_is_32_bit(architecture))
		return NULL;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (!strcmp(calls[i].name, name))
			return &calls[i];
	}
	return NULL;
}

int system_call_number(const struct architecture *architecture, const char *name)
{
	size_t low = 0, high = architecture->call_count;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		const struct system_call *call = &architecture->calls[middle];
		const int order = strcmp(name, architecture->names + call->name);

		if (!order)
			return call->number;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}
