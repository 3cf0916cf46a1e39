/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_USERS_H
#define INIT_OCI_USERS_H

#include "base/errors.h"
#include "config/config.h"

/*
 * Looks config->user up in the container's /etc/passwd and /etc/group, which must be
 * those of the root by now, and sets uid, gid and groups. HOME is added to the
 * environment if it is missing or empty. The files are the image's, so nothing in them is
 * trusted: a malformed line is skipped, and so is a file that cannot be read, unless a
 * name is to be looked up in it.
 */
int user_resolve(struct config *config, struct error *error);

/* The same with the files of another root. */
int user_resolve_in(const char *root, struct config *config, struct error *error);

/* And with the files' contents, which need not end in '\0'. */
struct user_files {
	const char *passwd, *group;
	size_t passwd_length, group_length;
};
int user_resolve_from(const struct user_files *files, struct config *config,
		      struct error *error);

#endif
