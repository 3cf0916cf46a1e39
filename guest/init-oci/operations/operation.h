/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_OPERATION_H
#define INIT_OCI_OPERATION_H

#include <stddef.h>

#include "base/errors.h"
#include "channel/request.h"
#include "config/host_sources.h"

/*
 * What the VMM has asked for that may take its time. A process of its own does it, which
 * may wait for the container, a file system or a device for as long as it takes.
 */
struct operation {
	const struct request *request;
	const char *body;	/* ends with '\0', too */
	size_t length;
	int input, output;	/* its streams, or -1 */
	int cgroup;		/* the container's */
	const struct host_sources *sources;
	unsigned int without;	/* see confinement_check() */
};

/* Returns 0, or -1. */
int operation_carry_out(const struct operation *operation, struct error *error);

#endif
