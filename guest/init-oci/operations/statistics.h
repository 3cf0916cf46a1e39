/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_STATISTICS_H
#define INIT_OCI_STATISTICS_H

#include "base/errors.h"

/* What the cgroup says of its use of the machine: lines, each after its file's name. */
int statistics_write(int cgroup, int output, struct error *error);

#endif
