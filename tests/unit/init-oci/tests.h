/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_TESTS_H
#define INIT_OCI_TESTS_H

#include <check.h>

Suite *command_line_suite(void);
Suite *config_suite(void);
Suite *device_wait_suite(void);
Suite *image_suite(void);
Suite *in_root_suite(void);
Suite *kernel_names_suite(void);
Suite *large_suite(void);
Suite *life_suite(void);
Suite *mount_options_suite(void);
Suite *parts_suite(void);
Suite *resources_suite(void);
Suite *seccomp_suite(void);
Suite *tar_suite(void);
Suite *tasks_suite(void);
Suite *users_suite(void);

#endif
