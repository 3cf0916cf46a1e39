// SPDX-License-Identifier: Apache-2.0
/*
 * extract-to [--named] [--with-parents] [--synced] ASSET PATH [COMMAND]: extract an
 * asset once, and print the name of the error if that fails. COMMAND runs before,
 * when the library is loaded already. In a trace, the extraction's system calls are
 * between two calls that fail, and those that sync the name between the second and a
 * third.
 *
 * With --named, the system knows no files without names; with --synced, the name
 * is to be on the disk.
 */
#include <config.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "asset.h"

static bool named;

#if defined O_TMPFILE
/* Takes the place of that of the C library for the library under test, too. */
__attribute__((visibility("default"))) int openat(int directory, const char *name, int flags, ...)
{
	bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = flags & O_CREAT || unnamed ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	if (named && unnamed) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_openat, directory, name, flags | O_LARGEFILE, mode);
}
#endif

/* Whether the option is the next argument, and then take it. */
static bool take_option(int *argc, char ***argv, const char *option)
{
	if (*argc < 2 || strcmp((*argv)[1], option) != 0)
		return false;
	(*argc)--;
	(*argv)++;
	return true;
}

static int extract(const struct library_asset *asset, const char *path, bool with_parents)
{
	int result, error;

	/* A fault at one of these is none of the extraction. */
	(void)access("extraction begins", F_OK);
	result = (with_parents ? asset->extract_to_with_parents : asset->extract_to)(path);
	error = errno;
	(void)access("extraction ends", F_OK);
	errno = error;
	return result;
}

static int sync_extracted(const char *path)
{
	int result, error;

	result = supermachine_sync_extracted(path);
	error = errno;
	(void)access("sync ends", F_OK);
	errno = error;
	return result;
}

int main(int argc, char **argv)
{
	bool with_parents, synced;
	const struct library_asset *asset;
	int result;

	named = take_option(&argc, &argv, "--named");
	with_parents = take_option(&argc, &argv, "--with-parents");
	synced = take_option(&argc, &argv, "--synced");
	if (argc != 3 && argc != 4) {
		fputs("Usage: extract-to [--named] [--with-parents] [--synced] ASSET PATH [COMMAND]\n", stderr);
		return 2;
	}
	asset = find_asset(argv[1]);
	if (argc == 4 && system(argv[3]) != 0)
		return 2;
	result = extract(asset, argv[2], with_parents);
	if (result == 0 && synced)
		result = sync_extracted(argv[2]);
	return report(result);
}
