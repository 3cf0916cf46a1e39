/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_KERNEL_ATTRIBUTES_H
#define INIT_OCI_KERNEL_ATTRIBUTES_H

#include "base/errors.h"
#include "config/config.h"

/*
 * Gives the calling process, which is still root, the scheduling, the personality and
 * the clocks of the configuration. The clocks change when it executes a program.
 */
int kernel_attributes_set(const struct config *config, struct error *error);

#endif
