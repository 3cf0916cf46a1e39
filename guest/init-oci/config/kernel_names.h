/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_KERNEL_NAMES_H
#define INIT_OCI_KERNEL_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* The kernel's numbers of things that configurations and users name. */

/* The number of CAP_... or RLIMIT_..., or -1 when there is none. */
int capability_number(const char *name);
int resource_limit_number(const char *name);
/* Likewise of SCHED_..., SCHED_FLAG_..., of which it is the bit, and IOPRIO_CLASS_... */
int scheduling_policy_number(const char *name);
int scheduling_flag_number(const char *name);
int io_class_number(const char *name);

/* The names of a set of capabilities, with ", " between them, cut to fit. */
void capability_names(uint64_t set, char *text, size_t size);

#define RESOURCE_LIMITS 16

/*
 * The number of a signal as images and users write it: SIGTERM, TERM, 15,
 * SIGRTMIN+3, SIGRTMAX-1, in letters of either case. -1 when there is no such signal.
 */
int signal_number(const char *name);

#endif
