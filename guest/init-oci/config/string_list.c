// SPDX-License-Identifier: Apache-2.0
/* Lists of strings that end with NULL. */
#include "config/string_list.h"

size_t string_list_length(char *const list[])
{
	size_t length = 0;

	while (list && list[length])
		length++;
	return length;
}
