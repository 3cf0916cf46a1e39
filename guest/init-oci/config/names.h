/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_NAMES_H
#define INIT_OCI_NAMES_H

/* The kernel's number of CAP_... or RLIMIT_..., or -1 when there is none. */
int capability_number(const char *name);
int resource_limit_number(const char *name);

#define RESOURCE_LIMITS 16

#endif
