/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel for x86_64 runs programs of: 32-bit ones if its command line says so. */
#ifndef INIT_OCI_ARCHITECTURES_H
#define INIT_OCI_ARCHITECTURES_H

#include "system_calls_i386.h"
#include "system_calls_x86_64.h"

/* <linux/audit.h> has these numbers. */
#define FOR_EACH_ARCHITECTURE(DO) \
	DO(x86_64, 0xc000003e, SYSTEM_CALLS_X86_64) \
	DO(i386, 0x40000003, SYSTEM_CALLS_I386)

#endif
