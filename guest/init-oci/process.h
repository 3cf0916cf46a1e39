/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PROCESS_H
#define INIT_OCI_PROCESS_H

#include <signal.h>
#include <stdnoreturn.h>

#include "oci_config.h"

/*
 * Turns the calling process, a new child, into the one of the configuration.
 * signals is the mask it gets. When that fails it says why and exits with 125,
 * 126 or 127.
 */
noreturn void process_become(const struct config *config, const sigset_t *signals);

#endif
