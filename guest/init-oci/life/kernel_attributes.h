/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_KERNEL_ATTRIBUTES_H
#define INIT_OCI_KERNEL_ATTRIBUTES_H

#include "base/errors.h"
#include "config/config.h"

/*
 * Gives the calling process, which is still root, the priority of input and output, the
 * personality and the clocks of the configuration. The clocks change when it executes a
 * program.
 */
int kernel_attributes_set(const struct config *config, struct error *error);

/* The scheduler, with some of which a process cannot make another one. */
int scheduler_set(const struct config *config, struct error *error);

#endif
