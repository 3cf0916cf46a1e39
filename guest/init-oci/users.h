/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_USERS_H
#define INIT_OCI_USERS_H

#include "error.h"
#include "oci_config.h"

/*
 * Finds who config->user is in the container's /etc/passwd and /etc/group, which
 * must be the root's by now: uid, gid and groups are set. HOME is added to the
 * environment unless it is there. The files are the image's, so nothing in them
 * is trusted: a line that is none of theirs is passed over.
 */
int user_resolve(struct config *config, struct error *error);

/* The same with these files. */
int user_resolve_files(const char *passwd_path, const char *group_path, struct config *config,
		       struct error *error);

/* And with the files' contents, which need not end in '\0'. */
struct user_files {
	const char *passwd, *group;
	size_t passwd_length, group_length;
};
int user_resolve_from(const struct user_files *files, struct config *config,
		      struct error *error);

#endif
