// SPDX-License-Identifier: Apache-2.0
/*
 * extract-to [--with-parents] ASSET PATH [COMMAND]: extract an asset once, and
 * print the name of the error if that fails. COMMAND runs before, when the
 * library is loaded already. In a trace, the extraction's system calls are between
 * two calls that fail.
 */
#include <config.h>
#include <unistd.h>

#include "asset.h"

int main(int argc, char **argv)
{
	bool with_parents = argc > 1 && strcmp(argv[1], "--with-parents") == 0;
	const struct library_asset *asset;
	int result, error;

	argv += with_parents;
	argc -= with_parents;
	if (argc != 3 && argc != 4) {
		fputs("Usage: extract-to [--with-parents] ASSET PATH [COMMAND]\n", stderr);
		return 2;
	}
	asset = find_asset(argv[1]);
	if (argc == 4 && system(argv[3]) != 0)
		return 2;
	/* A fault at one of these is not a fault in the extraction. */
	(void)access("extraction begins", F_OK);
	result = (with_parents ? asset->extract_to_with_parents : asset->extract_to)(argv[2]);
	error = errno;
	(void)access("extraction ends", F_OK);
	errno = error;
	return report(result);
}
