/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_KERNEL_NAMES_H
#define INIT_OCI_KERNEL_NAMES_H

/* The kernel's numbers of things that configurations and users name. */

/* The number of CAP_... or RLIMIT_..., or -1 when there is none. */
int capability_number(const char *name);
int resource_limit_number(const char *name);

#define RESOURCE_LIMITS 16

/*
 * The number of a signal as images and users write it: SIGTERM, TERM, 15,
 * SIGRTMIN+3, SIGRTMAX-1, in letters of either case. -1 when there is no such signal.
 */
int signal_number(const char *name);

#endif
