/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel for aarch64 runs programs of: no 32-bit ones. */
#ifndef INIT_OCI_ARCHITECTURES_H
#define INIT_OCI_ARCHITECTURES_H

#include "system_calls_arm64.h"

/* <linux/audit.h> has these numbers. */
#define FOR_EACH_ARCHITECTURE(DO) \
	DO(arm64, 0xc00000b7, SYSTEM_CALLS_ARM64)

#endif
