// SPDX-License-Identifier: Apache-2.0
/*
 * dependent bytes ASSET | sha256 ASSET | extract ASSET FILE | version | guest: what
 * a program that depends on the installed package sees.
 */
#include <stdio.h>
#include <string.h>

#include "library-assets.h"

static const struct library_asset *find(const char *name)
{
	int i;

	for (i = 0; i < LIBRARY_ASSETS; i++)
		if (strcmp(library_assets[i].name, name) == 0)
			return &library_assets[i];
	return NULL;
}

static int write_bytes(const struct library_asset *asset)
{
	size_t length;
	const unsigned char *bytes = asset->get(&length);

	if (bytes == NULL) {
		perror(asset->name);
		return 1;
	}
	return fwrite(bytes, 1, length, stdout) == length && fflush(stdout) == 0 ? 0 : 1;
}

static int extract(const struct library_asset *asset, const char *path)
{
	if (asset->extract_to(path) == 0)
		return 0;
	perror(path);
	return 1;
}

int main(int argc, char **argv)
{
	const struct library_asset *asset = argc > 2 ? find(argv[2]) : NULL;

	if (argc == 3 && asset != NULL && strcmp(argv[1], "bytes") == 0)
		return write_bytes(asset);
	if (argc == 3 && asset != NULL && strcmp(argv[1], "sha256") == 0)
		return puts(asset->sha256()) < 0;
	if (argc == 4 && asset != NULL && strcmp(argv[1], "extract") == 0)
		return extract(asset, argv[3]);
	if (argc == 2 && strcmp(argv[1], "version") == 0)
		return printf("%s %s\n", SUPERMACHINE_KERNEL_VERSION, supermachine_kernel_version()) < 0;
	if (argc == 2 && strcmp(argv[1], "guest") == 0)
		return printf("%s %s\n", SUPERMACHINE_KERNEL_GUEST, supermachine_kernel_guest()) < 0;
	fputs("Usage: dependent bytes ASSET | sha256 ASSET | extract ASSET FILE | version | guest\n", stderr);
	return 2;
}
