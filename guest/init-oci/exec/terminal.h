/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_TERMINAL_H
#define INIT_OCI_TERMINAL_H

#include "base/errors.h"

/* A new terminal of the container's /dev/pts: the side of a user, and that of a process. */
int terminal_open(int *user_side, int *process_side, struct error *error);

#endif
