/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_PROCESSES_H
#define INIT_OCI_PROCESSES_H

#include "base/errors.h"

/* A line about each process of the machine that is not the kernel's, nor PID 1. */
int processes_write(int output, struct error *error);

#endif
