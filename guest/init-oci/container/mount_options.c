// SPDX-License-Identifier: Apache-2.0
/* The options of mounts, as the runtime specification has them. */
#include "container/mount_options.h"

#include <stddef.h>
#include <string.h>

#include "base/linux_abi.h"

enum kind {
	SPECIAL,	/* for one type of file system: not in the table */
	NOTHING,
	ATTRIBUTE,	/* for the mount; value replaces what mask covers */
	SUPERBLOCK,
	BOTH,		/* ATTRIBUTE, and the superblock has one of this name, too */
	PROPAGATION,
	BIND,
	BIND_TREE,
	REMOUNT,
	COPY_UP,
	REFUSED,
};

struct option {
	const char *name;
	enum kind kind;
	uint32_t mask, value;
};

#define SET(flag) ATTRIBUTE, flag, flag
#define CLEAR(flag) ATTRIBUTE, flag, 0
#define ACCESS_TIME(value) ATTRIBUTE, MOUNT_ATTR_ATIME, value

/* The options of the runtime specification. */
static const struct option options_known[] = {
	{ "async", SUPERBLOCK, 0, 0 },
	{ "atime", ACCESS_TIME(0) },
	{ "bind", BIND, 0, 0 },
	{ "defaults", NOTHING, 0, 0 },
	{ "dev", CLEAR(MOUNT_ATTR_NODEV) },
	{ "diratime", CLEAR(MOUNT_ATTR_NODIRATIME) },
	{ "dirsync", SUPERBLOCK, 0, 0 },
	{ "exec", CLEAR(MOUNT_ATTR_NOEXEC) },
	{ "idmap", REFUSED, 0, 0 },
	/* Today's file systems count versions unasked. */
	{ "iversion", NOTHING, 0, 0 },
	{ "lazytime", SUPERBLOCK, 0, 0 },
	/* About the kernel's log. */
	{ "loud", NOTHING, 0, 0 },
	{ "mand", SUPERBLOCK, 0, 0 },
	{ "noatime", ACCESS_TIME(MOUNT_ATTR_NOATIME) },
	{ "nodev", SET(MOUNT_ATTR_NODEV) },
	{ "nodiratime", SET(MOUNT_ATTR_NODIRATIME) },
	{ "noexec", SET(MOUNT_ATTR_NOEXEC) },
	{ "noiversion", NOTHING, 0, 0 },
	{ "nolazytime", SUPERBLOCK, 0, 0 },
	{ "nomand", SUPERBLOCK, 0, 0 },
	{ "norelatime", ACCESS_TIME(0) },
	{ "nostrictatime", ACCESS_TIME(0) },
	{ "nosuid", SET(MOUNT_ATTR_NOSUID) },
	{ "nosymfollow", SET(MOUNT_ATTR_NOSYMFOLLOW) },
	{ "private", PROPAGATION, 0, PROPAGATION_PRIVATE },
	{ "rbind", BIND_TREE, 0, 0 },
	{ "relatime", ACCESS_TIME(0) },
	{ "remount", REMOUNT, 0, 0 },
	{ "ridmap", REFUSED, 0, 0 },
	{ "ro", BOTH, MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY },
	{ "rw", BOTH, MOUNT_ATTR_RDONLY, 0 },
	{ "shared", PROPAGATION, 0, PROPAGATION_SHARED },
	{ "silent", NOTHING, 0, 0 },
	{ "slave", PROPAGATION, 0, PROPAGATION_SLAVE },
	{ "strictatime", ACCESS_TIME(MOUNT_ATTR_STRICTATIME) },
	{ "suid", CLEAR(MOUNT_ATTR_NOSUID) },
	{ "symfollow", CLEAR(MOUNT_ATTR_NOSYMFOLLOW) },
	{ "sync", SUPERBLOCK, 0, 0 },
	{ "tmpcopyup", COPY_UP, 0, 0 },
	{ "unbindable", PROPAGATION, 0, PROPAGATION_UNBINDABLE },
};

static const struct option *find(const char *word)
{
	for (size_t i = 0; i < sizeof(options_known) / sizeof(options_known[0]); i++) {
		if (!strcmp(word, options_known[i].name))
			return &options_known[i];
	}
	return NULL;
}

/* With an `r` in front, an option for a mount also applies to all mounts on it. */
static const struct option *find_of_tree(const char *word)
{
	const struct option *option = word[0] == 'r' ? find(word + 1) : NULL;
	bool has_tree = option && (option->kind == ATTRIBUTE || option->kind == BOTH ||
				   option->kind == PROPAGATION);

	return has_tree ? option : NULL;
}

static void change(struct attributes *attributes, const struct option *option)
{
	attributes->set = (attributes->set & ~(uint64_t)option->mask) | option->value;
	attributes->clear |= option->mask;
}

const char *mount_options_parse(char *const *words, struct mount_options *options)
{
	*options = (struct mount_options){ .bind = false };
	for (; words && *words; words++) {
		const struct option *option = find(*words);
		const bool tree = !option;

		if (tree)
			option = find_of_tree(*words);
		switch (option ? option->kind : SPECIAL) {
		case ATTRIBUTE:
		case BOTH:
			change(tree ? &options->tree : &options->own, option);
			break;
		case PROPAGATION:
			*(tree ? &options->tree_propagation : &options->propagation) = option->value;
			break;
		case BIND_TREE:
			options->bind_tree = true;
			/* fall through */
		case BIND:
			options->bind = true;
			break;
		case REMOUNT:
			options->remount = true;
			break;
		case COPY_UP:
			options->copy_up = true;
			break;
		case REFUSED:
			return *words;
		case SPECIAL:
		case SUPERBLOCK:
		case NOTHING:
			break;
		}
	}
	return NULL;
}

bool mount_option_is_special(const char *word)
{
	return !find(word) && !find_of_tree(word);
}

bool mount_option_is_of_file_system(const char *word)
{
	const struct option *option = find(word);

	return mount_option_is_special(word) ||
	       (option && (option->kind == SUPERBLOCK || option->kind == BOTH));
}
