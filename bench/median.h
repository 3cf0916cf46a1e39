/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEDIAN_H
#define MEDIAN_H

#include <stddef.h>

/* The median of count times, which it sorts. */
double median(double *times, size_t count);

#endif
