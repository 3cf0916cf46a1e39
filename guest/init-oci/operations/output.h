/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_OUTPUT_H
#define INIT_OCI_OUTPUT_H

#include <stddef.h>

#include "base/errors.h"

/* Writes all of it, waiting for the reader. Returns 0 or -1. */
int output_write(int output, const char *bytes, size_t count, struct error *error);

/* A line of parts, cut to fit. */
int output_line(int output, const char *const parts[], struct error *error);

#endif
