/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONSOLE_H
#define INIT_OCI_CONSOLE_H

/* Apart from the standard streams, which the container may have elsewhere. */
#define CONSOLE_FILENO 3

/*
 * Makes /dev/console, or /dev/null if the VM has no console, the standard
 * streams and CONSOLE_FILENO. The latter does not block: whatever stopped the
 * console must not stop PID 1.
 */
void console_open(void);

/*
 * One line on the console, after the name of the program. What the console does not
 * take within a second is lost.
 */
void console_line(const char *const parts[]);
#define SAY(...) console_line((const char *const[]){ "init-oci: ", __VA_ARGS__, NULL })

/* The container may have left the console in the middle of a line. */
void console_new_line(void);

/* Whoever stopped the output, by a key or as a program, does so no longer. */
void console_resume(void);

/* Waits until the console has sent everything, and some seconds at most. */
void console_drain(void);

#endif
