// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <stdlib.h>

#include "median.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *times, size_t count)
{
	qsort(times, count, sizeof(times[0]), compare);
	return times[count / 2];
}
