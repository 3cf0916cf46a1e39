/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_DEVICE_NODES_H
#define INIT_OCI_DEVICE_NODES_H

#include "base/errors.h"
#include "config/config.h"

/*
 * Makes `linux.devices`, when everything is mounted. A device of the kernel's that is
 * there already gets the mode and owner.
 */
int device_nodes_make(const struct config *config, struct error *error);

/* Makes /dev/console the terminal of this name in /dev. */
int device_nodes_make_console(const char *terminal, struct error *error);

#endif
