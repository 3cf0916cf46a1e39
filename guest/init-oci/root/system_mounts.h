/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SYSTEM_MOUNTS_H
#define INIT_OCI_SYSTEM_MOUNTS_H

#include "base/errors.h"

/* /proc, /sys, /dev and what belongs below them. */
int system_mounts_make(struct error *error);

#endif
