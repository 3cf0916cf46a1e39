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

/*
 * Carries a buffer of it at most, and closes both descriptors at the end of the data.
 * Returns whether there may be more to carry now: who writes all the time must not
 * keep PID 1 from everything else.
 */
bool pump_step(struct pump *pump);

#endif
