/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs that extract have in common. */
#ifndef ASSET_H
#define ASSET_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library-assets.h"

static inline const struct library_asset *find_asset(const char *name)
{
	int i;

	for (i = 0; i < LIBRARY_ASSETS; i++)
		if (strcmp(library_assets[i].name, name) == 0)
			return &library_assets[i];
	fprintf(stderr, "%s: no such asset\n", name);
	exit(2);
}

/* Names, since numbers differ between systems and texts between languages. */
static inline const char *error_name(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{ EACCES, "EACCES" },
		{ EDQUOT, "EDQUOT" },
		{ EEXIST, "EEXIST" },
		{ EINTR, "EINTR" },
		{ EIO, "EIO" },
		{ EISDIR, "EISDIR" },
		{ EMFILE, "EMFILE" },
		{ ENOMEM, "ENOMEM" },
		{ ENOSPC, "ENOSPC" },
		{ EPERM, "EPERM" },
		{ EROFS, "EROFS" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].error == error)
			return names[i].name;
	return strerror(error);
}

/* What every program says about a failed extraction, and its exit status. */
static inline int report(int result)
{
	if (result == 0)
		return EXIT_SUCCESS;
	puts(error_name(errno));
	return EXIT_FAILURE;
}

#endif
