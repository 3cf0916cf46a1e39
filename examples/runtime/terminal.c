// SPDX-License-Identifier: Apache-2.0
/* The terminal that the person sits at. */
#define _GNU_SOURCE
#include "terminal.h"

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "text.h"

/* The status that the shell has for it. */
static int status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* Until it ends, it gets the signals of this process, which must not end before it. */
static int wait_for(pid_t process, const sigset_t *signals)
{
	int status, number;

	while (waitpid(process, &status, WNOHANG) == 0) {
		number = sigwaitinfo(signals, NULL);
		if (number > 0 && number != SIGCHLD && number != SIGTTOU)
			kill(process, number);
	}
	return status_of(status);
}

struct terminal {
	struct termios before;
};

void terminal_give_back(const struct terminal *terminal)
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
}

static void become_guard(pid_t process, const struct terminal *terminal, const sigset_t *signals)
{
	const int status = wait_for(process, signals);

	terminal_give_back(terminal);
	exit(status);
}

struct terminal *terminal_take_over(void)
{
	struct terminal *terminal = malloc(sizeof(*terminal));
	sigset_t signals, before;
	struct termios raw;
	pid_t process;

	if (!terminal)
		err(1, NULL);
	if (tcgetattr(STDIN_FILENO, &terminal->before) < 0) {
		free(terminal);
		return NULL;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	/* It may be in the background by then. */
	sigaddset(&signals, SIGTTOU);
	sigprocmask(SIG_BLOCK, &signals, &before);
	process = fork();
	if (process < 0)
		err(1, "fork");
	if (process > 0)
		become_guard(process, terminal, &signals);
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	/* Without the guard it is in the background, and still gives the terminal back. */
	sigaddset(&before, SIGTTOU);
	sigprocmask(SIG_SETMASK, &before, NULL);
	raw = terminal->before;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		err(1, "the terminal cannot be set");
	return terminal;
}

char *terminal_size(void)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
		return NULL;
	return text("%hu %hu", size.ws_row, size.ws_col);
}
