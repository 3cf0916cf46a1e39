/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PUMP_H
#define INIT_OCI_PUMP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Carries what comes from one descriptor to another. Neither blocks, and both are -1
 * after the end.
 */
struct pump {
	int from, to;
	/* A port also reads as ended before the VMM has opened it. */
	bool from_port, connected;
	size_t start, end;	/* of what is in buffer */
	char buffer[8192];
};

/* Carries what can be carried now, and closes both descriptors at the end of the data. */
void pump_run(struct pump *pump);

#endif
