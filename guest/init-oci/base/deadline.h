/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_DEADLINE_H
#define INIT_OCI_DEADLINE_H

#include <stdbool.h>

/*
 * Takes a step that may never return, such as an unmount or a sync, in a process of
 * its own. Waits that many seconds for its end, and again as often as the kernel has
 * written a page of a file meanwhile: a slow disk is not a dead one. Returns whether
 * the step has ended. SIGCHLD has to be blocked.
 */
bool deadline_run(void (*step)(const void *subject), const void *subject, unsigned int seconds);

/* The waits of this process end on time, whatever timer slack the container gave it. */
void deadline_be_exact(void);
/* As exact as Linux is where nobody asked for anything. */
void deadline_be_usual(void);
/* The same, and it runs before other processes, whatever policy it was given. */
void deadline_take_precedence(void);

#endif
