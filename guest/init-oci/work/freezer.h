/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_FREEZER_H
#define INIT_OCI_FREEZER_H

#include <stdbool.h>

#include "base/errors.h"

/* Stops what is in the cgroup, soon, or lets it go on. Returns 0, or -1 with errno set. */
int freezer_set(int cgroup, bool frozen);

/* Stops it, and waits until it has stopped. On failure it goes on. */
int freezer_freeze(int cgroup, struct error *error);

#endif
