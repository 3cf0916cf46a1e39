/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXTRACT_H
#define EXTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Write bytes to path, all or nothing; with_parents makes the directories on
 * the way. The contract is that of the public functions, see
 * supermachine-kernel.h.
 */
int extract(const unsigned char *bytes, size_t length, mode_t mode, const char *path,
	    bool with_parents);

#endif
