/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIBRARY_TESTS_FILES_H
#define LIBRARY_TESTS_FILES_H

#include <check.h>
#include <sys/types.h>

#include "library-assets.h"

/* Each test has a directory of its own as its current one. */
void enter_scratch(void);
void leave_scratch(void);
int count_entries(const char *path);
void write_file(const char *path, const char *text);
int file_is_asset(const char *path, const struct library_asset *asset);
void assert_text(const char *path, const char *text);
mode_t mode_of(const char *path);
void assert_refused(int (*extract)(const char *), const char *path, int error);

#endif
