/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_STRING_LIST_H
#define INIT_OCI_STRING_LIST_H

#include <stddef.h>

/* How many strings are in a list that ends with NULL, or is NULL and so empty. */
size_t string_list_length(char *const list[]);

#endif
