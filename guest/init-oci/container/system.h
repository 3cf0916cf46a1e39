/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SYSTEM_H
#define INIT_OCI_SYSTEM_H

#include "base/errors.h"
#include "config/config.h"

/* Names of the machine, linux.sysctl, and the loopback interface. */
int system_set_up(const struct config *config, struct error *error);

#endif
