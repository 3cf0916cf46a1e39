/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXTRACT_H
#define EXTRACT_H

#include <stdbool.h>
#include <sys/types.h>

#include "payload.h"

/*
 * Write the asset to path, all or nothing; with_parents makes the directories
 * on the way. The contract is that of the public functions, see
 * supermachine-kernel.h.
 */
int extract(const struct payload *payload, mode_t mode, const char *path, bool with_parents);

/* The name of the file that a path leads to; or NULL with errno set if it has none. */
const char *last_part(const char *path);

#endif
