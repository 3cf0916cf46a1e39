/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PROCESS_H
#define INIT_OCI_PROCESS_H

#include <signal.h>

#include "config/config.h"
#include "life/streams.h"

/*
 * Turns the calling process, a new child or PID 1 itself, into the configured one.
 * signals is its signal mask. Returns only on failure: says why, and returns 125,
 * 126 or 127.
 */
int process_become(const struct config *config, const struct streams *streams,
		   const sigset_t *signals);

#endif
