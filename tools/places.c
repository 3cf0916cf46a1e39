// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <supermachine-kernel.h>

#include "files.h"
#include "places.h"

#define OURS "supermachine/v" SUPERMACHINE_KERNEL_VERSION

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

char *default_directory(void)
{
	const char *directory;

	directory = variable("SUPERMACHINE_ASSETS_DIR");
	if (directory != NULL)
		return strdup(directory);
	/* The XDG Base Directory Specification says to ignore relative ones. */
	directory = variable("XDG_DATA_HOME");
	if (directory != NULL && directory[0] == '/')
		return join_path(directory, OURS);
	directory = variable("HOME");
	if (directory != NULL)
		return join_path(directory, ".local/share/" OURS);
	errno = ENOENT;
	return NULL;
}
