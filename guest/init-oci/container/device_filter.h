/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_DEVICE_FILTER_H
#define INIT_OCI_DEVICE_FILTER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/errors.h"
#include "config/config.h"

/* One of BPF, as the kernel has it. */
struct filter_instruction {
	uint8_t code;
	uint8_t registers;	/* the destination in the low half, the source in the high */
	int16_t offset;
	int32_t number;
};

/* The most that one rule, and what comes before and after all rules, are compiled to. */
#define FILTER_RULE_LENGTH 8
#define FILTER_FRAME_LENGTH 8

/*
 * Compiles rules. For each part of an access, to make, to read and to write, the last
 * rule that has it and applies to the device decides; without one it is refused. Returns
 * the number of instructions.
 */
size_t device_filter_compile(const struct device_rule *rules, size_t count,
			     struct filter_instruction *program);

/*
 * Carries out `linux.resources.devices` for the cgroup, if there are any. As in other
 * runtimes, devices such as /dev/null may always be used, and so may those of the
 * standard streams.
 */
int device_filter_attach(const struct config *config, const dev_t *streams, size_t stream_count,
			 int cgroup, struct error *error);

#endif
