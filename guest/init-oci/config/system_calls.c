// SPDX-License-Identifier: Apache-2.0
/* The system calls of each architecture, by their names. */
#include "config/system_calls.h"

#include <string.h>

/* <linux/audit.h> */
#define AUDIT_ARCH_AARCH64 0xc00000b7

/* One string for all names, since a pointer to each would take more than the names. */
#define CALL(name, number) char name##_[sizeof(#name)];
struct names_arm64 {
#include "config/system_calls_arm64.h"
};
#undef CALL

#define CALL(name, number) #name,
static const struct names_arm64 names_arm64 = {
#include "config/system_calls_arm64.h"
};
#undef CALL

#define CALL(name, number) { offsetof(struct names_arm64, name##_), number },
static const struct system_call calls_arm64[] = {
#include "config/system_calls_arm64.h"
};
#undef CALL

#define CALL(name, number) char name##_[number + 1];
union limit_arm64 {
#include "config/system_calls_arm64.h"
};
#undef CALL

const struct architecture architectures[ARCHITECTURES] = {
	{
		.audit = AUDIT_ARCH_AARCH64,
		.names = (const char *)&names_arm64,
		.calls = calls_arm64,
		.call_count = sizeof(calls_arm64) / sizeof(calls_arm64[0]),
		.call_limit = sizeof(union limit_arm64),
	},
};

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
