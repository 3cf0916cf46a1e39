/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdio.h>

#define MACHINE_LAYERS_MAX 16

struct machine_options {
	const char *accelerator;	/* "kvm", "tcg", or NULL: what works */
	const char *state;		/* the directory for what all containers share */
	const char *directory;		/* that of this container */
	FILE *config;			/* of an OCI runtime or image */
	char **layers;
	int layer_count;
	bool terminal;			/* the container has one */
};

/*
 * The command line of QEMU, which makes UNIX sockets in the directory: "control" for
 * init-oci's control channel, and "terminal", or "in", "out" and "err", for the container.
 * What the guest writes to the console is in the file "console". Ends the program if
 * anything is missing.
 */
char **machine_command(const struct machine_options *options);

/* The exit status that the console tells of, or -1. */
int machine_status(const char *directory);

/* Shows what init-oci and the kernel have said on the console. */
void machine_show_messages(const char *directory);

#endif
