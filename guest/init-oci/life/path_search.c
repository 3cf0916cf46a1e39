// SPDX-License-Identifier: Apache-2.0
/* The search along PATH. */
#include "life/path_search.h"

#include <string.h>

const char *path_search_list(char *const environment[])
{
	for (; *environment; environment++) {
		if (!strncmp(*environment, "PATH=", 5))
			return *environment + 5;
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

int path_search_next(const char **list, const char *name, char *candidate, size_t size)
{
	size_t directory_length, name_length = strlen(name);
	const char *directory = *list;

	if (!directory)
		return 0;
	if (strchr(name, '/')) {
		*list = NULL;
		directory_length = 0;
	} else {
		directory_length = strcspn(directory, ":");
		*list = directory[directory_length] ? directory + directory_length + 1 : NULL;
	}
	if (directory_length >= size || name_length >= size ||
	    directory_length + name_length + 2 > size)
		return -1;
	memcpy(candidate, directory, directory_length);
	/* An empty element is the working directory. */
	if (directory_length)
		candidate[directory_length++] = '/';
	memcpy(candidate + directory_length, name, name_length + 1);
	return 1;
}
