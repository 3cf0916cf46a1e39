/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_NETWORK_FILES_H
#define INIT_OCI_NETWORK_FILES_H

#include "base/errors.h"

/*
 * Writes /etc/hosts, and /etc/resolv.conf when there are name servers, each only if
 * it is absent from the image or empty. hostname may be NULL; name_servers ends with
 * NULL.
 */
int network_files_write(const char *hostname, const char *const *name_servers,
			struct error *error);

#endif
