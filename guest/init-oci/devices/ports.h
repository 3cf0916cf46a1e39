/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PORTS_H
#define INIT_OCI_PORTS_H

#include "base/errors.h"

/*
 * Opens the virtio-console port of this name, without blocking, waiting until
 * the kernel has it. Needs /dev and /sys. Returns the descriptor, or -1.
 */
int port_open(const char *name, struct error *error);

#endif
