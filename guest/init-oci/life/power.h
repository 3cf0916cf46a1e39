/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_POWER_H
#define INIT_OCI_POWER_H

#include <stdnoreturn.h>

/* Makes a fault of PID 1 itself end the VM, with a last line, instead of a panic. */
void power_off_on_faults(void);

/* A fault of PID 1 is from now on one of the container, which it becomes. */
void power_stay_on_faults(void);

/* Tells the VMM the exit status, writes the last line, and switches the VM off. */
noreturn void power_off(int status);

#endif
