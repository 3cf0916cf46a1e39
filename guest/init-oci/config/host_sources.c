// SPDX-License-Identifier: Apache-2.0
/* Which sources of bind mounts are on the host. */
#include "config/host_sources.h"

#include <string.h>

const struct host_source *host_source_find(const struct host_sources *sources,
					   const char *path, const char **below)
{
	const struct host_source *longest = NULL;
	size_t longest_length = 0;

	for (size_t i = 0; i < sources->count; i++) {
		const struct host_source *source = &sources->list[i];
		const size_t length = strlen(source->prefix);

		if (strncmp(path, source->prefix, length) != 0 ||
		    (path[length] && path[length] != '/') ||
		    (longest && length < longest_length))
			continue;
		longest = source;
		longest_length = length;
	}
	if (longest) {
		*below = path + longest_length;
		*below += strspn(*below, "/");
		if (!**below)
			*below = ".";
	}
	return longest;
}
