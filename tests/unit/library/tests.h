/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIBRARY_TESTS_H
#define LIBRARY_TESTS_H

#include <check.h>

Suite *bytes_suite(void);
Suite *extraction_suite(void);
Suite *limits_suite(void);

#endif
