/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_HOST_SOURCES_H
#define INIT_OCI_HOST_SOURCES_H

#include <stddef.h>

#define HOST_SOURCES_MAX 8

/* Sources of bind mounts at or below this path are on the share with this tag. */
struct host_source {
	const char *prefix;	/* without a slash at its end: "" for all paths */
	const char *tag;
};

struct host_sources {
	struct host_source list[HOST_SOURCES_MAX];
	size_t count;
};

/*
 * The share that a source is on, by the longest prefix; NULL when it is in the container.
 * *below becomes the path on the share, which is relative, or "." for all of it.
 */
const struct host_source *host_source_find(const struct host_sources *sources,
					   const char *path, const char **below);

#endif
