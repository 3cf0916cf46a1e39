/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_COMMAND_LINE_H
#define INIT_OCI_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/errors.h"
#include "config/host_sources.h"

/* More than fit on arm64's command line of 2048 bytes. */
#define LAYERS_MAX 128

/* The longest that virtio-blk has room for. */
#define SERIAL_MAX 20

/* A disk as the command line names it: `vdb`, or `serial:NAME`. */
struct disk {
	const char *name;	/* as given, for messages */
	const char *serial;	/* NULL when it is named by its kernel name */
	char device[32];	/* kernel name, empty until the disk is found */
};

/* A layer: a disk, or a share of the host; then only the disk's name is used. */
struct layer {
	struct disk disk;
	const char *share;	/* the tag of a virtiofs; NULL for a disk */
};

/* Where the configuration is, or its overrides. */
struct document_location {
	enum {
		DOCUMENT_IN_INITRAMFS,
		DOCUMENT_IN_LAYERS,	/* in the container's root */
		DOCUMENT_ON_SHARE,	/* on the virtiofs with this tag */
	} place;
	const char *share;
	const char *path;	/* absolute in its place */
};

/* Where a standard stream of the container goes. */
struct stream {
	enum {
		STREAM_CONSOLE,
		STREAM_NULL,
		STREAM_PORT,		/* the virtio-console port of this name */
		STREAM_TERMINAL,	/* a terminal in /dev, such as hvc1 */
	} kind;
	const char *name;
};

/* How the VMM learns of the container's life and asks for its end; see control.h. */
struct control_address {
	enum {
		CONTROL_NONE,
		CONTROL_PORT,	/* the virtio-console port of this name */
		CONTROL_VSOCK,	/* a stream to this port of the host */
	} kind;
	const char *port_name;
	unsigned int vsock_port;
};

#define NAME_SERVERS_MAX 3

struct command_line {
	struct document_location config;
	struct document_location overrides;	/* path is NULL when none are asked for */
	struct layer layers[LAYERS_MAX];	/* OCI order: the base first */
	size_t layer_count;
	struct disk upper;		/* name is NULL when it is a tmpfs */
	const char *tmpfs_size;		/* NULL: the kernel's default */
	struct stream streams[3];	/* standard input, output, error */
	struct control_address control;
	const char *name_servers[NAME_SERVERS_MAX + 1];	/* addresses, then NULL */
	struct host_sources sources;
	unsigned int without;		/* see confinement_check() */
	bool container_is_init;		/* the container becomes PID 1 itself */
};

/* value must outlive the disk. Returns 0, or -1 when it names no disk. */
int disk_parse(const char *value, struct disk *disk);

/*
 * Parses the kernel's command line, which is changed and must outlive the
 * result. Arguments that do not begin with `init_oci.` are for other programs.
 */
int command_line_parse(char *text, struct command_line *line, struct error *error);

#endif
