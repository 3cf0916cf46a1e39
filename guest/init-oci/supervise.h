/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_SUPERVISE_H
#define INIT_OCI_SUPERVISE_H

#include <signal.h>
#include <sys/types.h>

/* What PID 1 waits for instead of being interrupted by: all but its own faults. */
void supervise_signals(sigset_t *signals);

/*
 * The life of PID 1: reaps every child, passes signals on to the container,
 * and returns the container's exit status. signals must be blocked since before
 * the container was started.
 */
int supervise(pid_t container, const sigset_t *signals);

/* Ends whatever the container left running, within a few seconds. */
void supervise_end_orphans(const sigset_t *signals);

#endif
