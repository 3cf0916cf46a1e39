/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SYSCTL_H
#define INIT_OCI_SYSCTL_H

#include <stddef.h>

#include "base/errors.h"
#include "config/config.h"

/*
 * The name's path below /proc/sys. Whichever of dot and slash comes first in the
 * name separates its parts, and stands for the other one within a part:
 * net.ipv4.conf.eth0/1.mtu and net/ipv4/conf/eth0.1/mtu are the same. Returns 0,
 * or -1 when it does not fit.
 */
int sysctl_path(const char *name, char *path, size_t size);

/* Applies linux.sysctl, in its order. */
int sysctl_apply(const struct config *config, struct error *error);

#endif
