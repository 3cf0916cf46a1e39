/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_POWER_H
#define INIT_OCI_POWER_H

#include <stdnoreturn.h>

/* A fault of PID 1 itself becomes a last line and the end of the VM, not a panic. */
void power_off_on_faults(void);

/* Tells the VMM the exit status, writes the last line, and switches the VM off. */
noreturn void power_off(int status);

#endif
