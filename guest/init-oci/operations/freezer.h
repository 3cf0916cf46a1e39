/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_FREEZER_H
#define INIT_OCI_FREEZER_H

#include <stdbool.h>

#include "base/errors.h"

/* Stops what is in the cgroup, soon, or lets it go on. Returns 0, or -1 with errno set. */
int freezer_set(int cgroup, bool frozen);

/* Waits until it has stopped. Returns 0, or -1. */
int freezer_wait(int cgroup, struct error *error);

#endif
