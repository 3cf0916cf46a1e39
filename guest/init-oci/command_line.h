/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_COMMAND_LINE_H
#define INIT_OCI_COMMAND_LINE_H

#include <stddef.h>

#include "error.h"

/* More than arm64's command line of 2048 bytes can name. */
#define LAYERS_MAX 128

/* What virtio-blk has room for. */
#define SERIAL_MAX 20

/* A disk as the command line names it: `vdb`, or `serial:NAME`. */
struct disk {
	const char *name;	/* as given, for messages */
	const char *serial;	/* NULL when it is named by its kernel name */
	char device[32];	/* kernel name, empty until the disk is found */
};

struct command_line {
	const char *config;
	struct disk layers[LAYERS_MAX];	/* OCI order: the base first */
	size_t layer_count;
	struct disk upper;		/* name is NULL when it is a tmpfs */
	const char *tmpfs_size;		/* NULL: the kernel's default */
};

/*
 * Parses the kernel's command line, which is changed and must outlive the
 * result. Arguments that do not begin with `init_oci.` are somebody else's.
 */
int command_line_parse(char *text, struct command_line *line, struct error *error);

#endif
