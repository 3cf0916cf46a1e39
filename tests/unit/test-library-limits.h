/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_LIBRARY_LIMITS_H
#define TEST_LIBRARY_LIMITS_H

#include <check.h>

/* The library under the limits, cancellations and directories of its caller. */
Suite *library_limits_suite(void);

#endif
