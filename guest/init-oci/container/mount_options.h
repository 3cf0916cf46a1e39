/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_MOUNT_OPTIONS_H
#define INIT_OCI_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Attributes of a mount, as mount_setattr() wants them. */
struct attributes {
	uint64_t set, clear;
};

/* The options of one of `mounts`, without those for its file system. */
struct mount_options {
	struct attributes own;	/* of the mount alone: `ro` */
	struct attributes tree;	/* of it and all on it: `rro` */
	uint64_t propagation, tree_propagation;	/* 0: unchanged */
	bool bind, bind_tree;
	bool remount;
	bool copy_up;
};

/* words may be NULL. Returns the word that is not supported, or NULL. */
const char *mount_options_parse(char *const *words, struct mount_options *options);

/* Whether a word is for the file system: a general one of its superblock, or its own. */
bool mount_option_is_of_file_system(const char *word);
/* Whether a word is the file system's own, which means nothing to other types. */
bool mount_option_is_special(const char *word);

#endif
