/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_IN_ROOT_H
#define INIT_OCI_IN_ROOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/errors.h"

/*
 * The one way to files of an image. Nothing in an image is trusted: each part of a path
 * may be a link to anywhere, and at its end there may be a FIFO, a device, a directory or
 * a mount. So the functions here see to it that
 *
 *   - no link leads out of the root: neither "..", nor an absolute one, nor one of those
 *     below /proc/PID that jump to whatever a process has open;
 *   - a file is known to be a regular one before it is opened: opening a FIFO waits, and
 *     opening a device can do anything;
 *   - a link leads into /proc or /sys only where the comment says so: what is written or
 *     mounted there changes the machine.
 *
 * The first two hold whatever the container does meanwhile. The third one does not: where
 * the container runs, see in_root_is_of_kernel(). A function that returns a descriptor
 * returns -1 on failure, with errno set and an error of the step, the path and the reason.
 */

/* A path, absolute or not, below a directory that links take for "/". */
struct root_path {
	const char *root, *path;
};

/* A path below the container's root, which this program has entered. */
#define IN_ROOT(path) (&(const struct root_path){ "/", path })

/* Whatever the path leads to, as a descriptor that neither reads nor writes. */
int in_root_find(const char *step, const struct root_path *where, struct error *error);
/* The same, but a link may lead into /proc or /sys. */
int in_root_find_anywhere(const char *step, const struct root_path *where,
			  struct error *error);

/*
 * The same as in_root_find() of a directory, or of anything but a directory. Missing
 * parts of the path are made, with mode 0755, and 0644 for a file at its end; a link that
 * leads nowhere is followed to where it would lead.
 */
int in_root_make_directory(const char *step, const struct root_path *where,
			   struct error *error);
int in_root_make_file(const char *step, const struct root_path *where, struct error *error);

/*
 * The directory that the last part of the path, *name, is in. It is made if it is missing;
 * the last part may be anything or missing, and a link there is not followed.
 */
int in_root_make_parent(const char *step, const struct root_path *where, const char **name,
			struct error *error);

/* A regular file, open for reading. */
int in_root_open_file(const char *step, const struct root_path *where, struct error *error);

/*
 * Puts a new regular file in the place of what is there, unless that is a directory. A
 * link is replaced and not followed, as if the file was mounted on it. Returns 0 or -1.
 */
int in_root_write_file(const char *step, const struct root_path *where, const char *text,
		       size_t length, struct error *error);

/* Whether an open file is in /proc or /sys, or in another of their kind; and in a /proc. */
bool in_root_is_of_kernel(int fd);
bool in_root_is_of_proc(int fd);

#endif
