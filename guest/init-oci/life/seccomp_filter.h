/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SECCOMP_FILTER_H
#define INIT_OCI_SECCOMP_FILTER_H

#include <stddef.h>

#include "base/errors.h"
#include "base/linux_abi.h"
#include "config/seccomp_config.h"
#include "config/system_calls.h"

struct seccomp_filter {
	struct bpf_program program;
	void *memory;		/* the program is in it */
	/*
	 * Names that no architecture has, in rules that would take something away:
	 * the first, and how many.
	 */
	const char *unknown;
	unsigned int unknown_count;
};

/*
 * Makes the program for the first architecture, and for those of the others that are in
 * the profile's list: a call of any other ends the thread. Of the rules for a system call,
 * the first without conditions decides, else the first whose conditions hold. A system
 * call above all that the rules name is absent, unless the default is to allow it. On
 * success the filter is to be freed.
 */
int seccomp_filter_compile(const struct seccomp *seccomp,
			   const struct architecture *architecture, size_t count,
			   struct seccomp_filter *filter, struct error *error);
void seccomp_filter_free(struct seccomp_filter *filter);

#endif
