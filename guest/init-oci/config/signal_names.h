/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SIGNAL_NAMES_H
#define INIT_OCI_SIGNAL_NAMES_H

/*
 * The number of a signal as images and users write it: SIGTERM, TERM, 15,
 * SIGRTMIN+3, SIGRTMAX-1, in letters of either case. -1 when there is no such signal.
 */
int signal_number(const char *name);

#endif
