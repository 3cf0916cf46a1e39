// SPDX-License-Identifier: Apache-2.0
/*
 * extract-against [--named] ADVERSITY ASSET PATH: extract an asset while the system, or
 * an attacker with access to the directory, makes it hard. The functions of the C
 * library that are defined here take the place of its own for the library under
 * test, too.
 *
 *   short-writes           a signal interrupts each second write, and the others
 *                          do less than they were asked to
 *   guessed-name           an attacker has guessed the first temporary name, and put
 *                          a link to the file "victim" there
 *   guessed-names          and every other one
 *   directory-in-between   the destination becomes a directory after it was looked at
 *   no-links               a file without a name cannot get one
 *
 * With --named, the system knows no files without names.
 */
#include <config.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "asset.h"

static const char *adversity = "";
static const char *destination;
static bool named;
static unsigned int interpositions, guessed;

/* The compiler is told to hide what does not say this. */
#define VISIBLE __attribute__((visibility("default")))

static bool is(const char *name)
{
	return strcmp(adversity, name) == 0;
}

VISIBLE ssize_t write(int fd, const void *bytes, size_t length)
{
	if (is("short-writes")) {
		interpositions++;
		if (interpositions % 2 == 1) {
			errno = EINTR;
			return -1;
		}
		length = interpositions % 4 == 0 || length < 3 ? 1 : length - length / 3;
	}
	return syscall(SYS_write, fd, bytes, length);
}

/* Before a file gets a name for the first time, and each time it gets a temporary one. */
static void meddle(int directory, const char *name)
{
	bool temporary = strncmp(name, ".supermachine-", 14) == 0;

	interpositions++;
	if (temporary && (is("guessed-names") || (is("guessed-name") && guessed++ == 0)) &&
	    symlinkat("victim", directory, name) < 0)
		abort();
	if (is("directory-in-between") && interpositions == 1 &&
	    (unlink(destination) < 0 || mkdir(destination, 0777) < 0))
		abort();
}

static bool is_unnamed(int flags)
{
#if defined O_TMPFILE
	return (flags & O_TMPFILE) == O_TMPFILE;
#else
	(void)flags;
	return false;
#endif
}

VISIBLE int openat(int directory, const char *name, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = flags & O_CREAT || is_unnamed(flags) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	if (named && is_unnamed(flags)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if ((flags & O_CREAT) && !is("short-writes"))
		meddle(directory, name);
	return (int)syscall(SYS_openat, directory, name, flags | O_LARGEFILE, mode);
}

VISIBLE int linkat(int from, const char *path, int directory, const char *name, int flags)
{
	if (!is("short-writes"))
		meddle(directory, name);
	if (is("no-links")) {
		errno = ENOENT;
		return -1;
	}
	return (int)syscall(SYS_linkat, from, path, directory, name, flags);
}

int main(int argc, char **argv)
{
	const struct library_asset *asset;
	int result;

	named = argc > 1 && strcmp(argv[1], "--named") == 0;
	argv += named;
	argc -= named;
	if (argc != 4) {
		fputs("Usage: extract-against [--named] ADVERSITY ASSET PATH\n", stderr);
		return 2;
	}
	asset = find_asset(argv[2]);
	adversity = argv[1];
	destination = argv[3];
	result = report(asset->extract_to(destination));
	if (interpositions == 0) {
		fputs("extract-against: the library does not call what is defined here\n", stderr);
		return 2;
	}
	return result;
}
