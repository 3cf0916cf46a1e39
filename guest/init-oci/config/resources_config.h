/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_RESOURCES_CONFIG_H
#define INIT_OCI_RESOURCES_CONFIG_H

#include "config/config.h"
#include "config/json.h"

enum resource_number {
	MEMORY_LIMIT,
	MEMORY_RESERVATION,
	MEMORY_SWAP,
	CPU_SHARES,
	CPU_QUOTA,
	CPU_PERIOD,
	CPU_BURST,
	CPU_IDLE,
	PIDS_LIMIT,
	IO_WEIGHT,
	RESOURCE_NUMBERS
};

enum resource_list {
	IO_WEIGHTS,
	IO_READ_BYTES,
	IO_WRITE_BYTES,
	IO_READ_OPERATIONS,
	IO_WRITE_OPERATIONS,
	HUGE_PAGE_LIMITS,
	RESOURCE_LISTS
};

/* `linux.resources` of all documents, before it becomes settings of a cgroup. */
struct resources {
	int64_t numbers[RESOURCE_NUMBERS];	/* 0 when not given */
	struct object lists[RESOURCE_LISTS];	/* the JSON of each is an array, or NULL */
	const char *cpus, *memory_nodes;
	struct object rdma;
	struct object unified[2];		/* the weakest first */
	size_t unified_count;
};

/*
 * Takes `resources` of an object `linux`. Its members replace those of an earlier
 * document. What cgroup v2 does not have is noted as ignored.
 */
int resources_config_apply(const struct object *linux_, struct resources *resources,
			   struct config *config, struct error *error);

/* Makes config->cgroup_settings of them. */
int resources_config_convert(const struct resources *resources, struct config *config,
			     struct error *error);

#endif
