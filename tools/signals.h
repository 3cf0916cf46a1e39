/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals that end the command (HUP, INT, TERM), held back while there is
 * something to take away before it ends.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signal_hold {
	sigset_t held;
	sigset_t before;
};

void signals_hold(struct signal_hold *hold);

/* Whether one has come: then it is time to take away what there is, and to release. */
bool signals_have_come(const struct signal_hold *hold);

/* The ones that have come end the command here. */
void signals_release(const struct signal_hold *hold);

#endif
