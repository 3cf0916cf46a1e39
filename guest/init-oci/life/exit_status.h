/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_EXIT_STATUS_H
#define INIT_OCI_EXIT_STATUS_H

#include <stdnoreturn.h>

#define EXIT_STATUS_SETUP_FAILED 125
#define EXIT_STATUS_NOT_EXECUTABLE 126
#define EXIT_STATUS_NOT_FOUND 127
/* By SIGKILL. */
#define EXIT_STATUS_KILLED 137

/*
 * Ends the process, even if a seccomp filter refuses that: then by a signal, and the
 * status is lost.
 */
noreturn void exit_surely(int status);

/* From what wait() returns: the status, or 128 + the signal that killed the process. */
int exit_status_of_wait(int wait_status);

/* From the errno of a failed exec. */
int exit_status_of_exec(int error_number);

#endif
