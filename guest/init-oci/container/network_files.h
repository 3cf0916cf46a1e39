/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_NETWORK_FILES_H
#define INIT_OCI_NETWORK_FILES_H

#include "base/errors.h"

/*
 * Writes what is known of names into the root, as container engines do: a link or a
 * device there is replaced by a file.
 *
 *   - /etc/hosts gets the hostname if it lacks it, and is made if it is missing or empty;
 *   - /etc/hostname has the hostname, if there is one;
 *   - /etc/resolv.conf has the name servers, if there are any.
 *
 * hostname may be NULL; name_servers ends with NULL.
 */
int network_files_write(const char *hostname, const char *const *name_servers,
			struct error *error);

#endif
