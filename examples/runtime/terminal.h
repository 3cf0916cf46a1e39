/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TERMINAL_H
#define TERMINAL_H

struct terminal;

/*
 * Goes on in a process of its own, with the terminal on standard input in raw mode, while
 * this one waits for it, gives the terminal back as it was, and ends with its status: so
 * the terminal is usable afterwards, even if the process is killed. If it is this one that
 * is killed, the other gets SIGHUP, and calls terminal_give_back(). Returns NULL if there
 * is no terminal, and ends the program if something fails.
 */
struct terminal *terminal_take_over(void);

void terminal_give_back(const struct terminal *terminal);

/* Its size, "ROWS COLUMNS", or NULL if there is none. */
char *terminal_size(void);

#endif
