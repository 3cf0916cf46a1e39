// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <signal.h>
#include <stddef.h>

#include "signals.h"

static const int ends[] = { SIGHUP, SIGINT, SIGTERM };

#define ENDS (sizeof(ends) / sizeof(ends[0]))

/* What is ignored, or held back by whoever started the command, stays so. */
static bool would_end(int signal, const sigset_t *before)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_IGN &&
	       sigismember(before, signal) == 0;
}

void signals_hold(struct signal_hold *hold)
{
	size_t i;

	sigprocmask(SIG_BLOCK, NULL, &hold->before);
	sigemptyset(&hold->held);
	for (i = 0; i < ENDS; i++)
		if (would_end(ends[i], &hold->before))
			sigaddset(&hold->held, ends[i]);
	sigprocmask(SIG_BLOCK, &hold->held, NULL);
}

bool signals_have_come(const struct signal_hold *hold)
{
	sigset_t pending;
	size_t i;

	if (sigpending(&pending) < 0)
		return false;
	for (i = 0; i < ENDS; i++)
		if (sigismember(&hold->held, ends[i]) == 1 && sigismember(&pending, ends[i]) == 1)
			return true;
	return false;
}

void signals_release(const struct signal_hold *hold)
{
	sigprocmask(SIG_SETMASK, &hold->before, NULL);
}
