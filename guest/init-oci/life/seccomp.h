/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SECCOMP_H
#define INIT_OCI_SECCOMP_H

#include "base/errors.h"
#include "config/config.h"
#include "life/seccomp_filter.h"

/* Makes the filter, and says which of its names mean nothing here. */
int seccomp_make(const struct seccomp *seccomp, struct seccomp_filter *filter,
		 struct error *error);

/*
 * Puts it on this process, for good. That takes noNewPrivileges or CAP_SYS_ADMIN, which
 * this makes effective if it is permitted. The filter is not freed, because that may
 * be a system call: execve() does it.
 */
int seccomp_install(const struct seccomp *seccomp, const struct seccomp_filter *filter,
		    struct error *error);

#endif
