/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_TESTS_H
#define CLIENT_TESTS_H

#include <check.h>

Suite *session_suite(void);
Suite *requests_suite(void);
Suite *streams_suite(void);

#endif
