/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_HOSTNAME_H
#define INIT_OCI_HOSTNAME_H

#include "base/errors.h"
#include "config/config.h"

/* Sets hostname and domainname, if they are given. */
int hostname_set(const struct config *config, struct error *error);

#endif
