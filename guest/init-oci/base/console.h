/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CONSOLE_H
#define INIT_OCI_CONSOLE_H

/* Apart from the standard streams, which the container may have elsewhere. */
#define CONSOLE_FILENO 3

/*
 * Makes /dev/console, or /dev/null if the VM has no console, the standard
 * streams and CONSOLE_FILENO.
 */
void console_open(void);

/* One line on the console, in one write, after the name of the program. */
void console_line(const char *const parts[]);
#define SAY(...) console_line((const char *const[]){ "init-oci: ", __VA_ARGS__, NULL })

/* The container may have left the console in the middle of a line. */
void console_new_line(void);

#endif
