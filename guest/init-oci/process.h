/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PROCESS_H
#define INIT_OCI_PROCESS_H

#include <signal.h>

#include "oci_config.h"
#include "streams.h"

/*
 * Turns the calling process, a new child or PID 1 itself, into the one of the
 * configuration. signals is the mask it gets. Returns only when that fails: says
 * why, and returns 125, 126 or 127.
 */
int process_become(const struct config *config, const struct streams *streams,
		   const sigset_t *signals);

#endif
