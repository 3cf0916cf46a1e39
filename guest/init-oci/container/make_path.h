/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_MAKE_PATH_H
#define INIT_OCI_MAKE_PATH_H

/*
 * Make the missing parts of an absolute path, with mode 0755, and 0644 for the file
 * at its end. A link that leads nowhere is followed to where it would lead. Parts
 * that exist are left as they are. Return 0, or -1 with errno set.
 */
int make_directory_path(const char *path);
int make_file_path(const char *path);

#endif
