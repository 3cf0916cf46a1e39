// SPDX-License-Identifier: Apache-2.0
/* The end: the exit status, and power off. */
#include "life/power.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/console.h"
#include "base/errors.h"
#include "channel/control.h"
#include "life/exit_status.h"

static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS };

static void on_fault(int signal, siginfo_t *information, void *context)
{
	struct decimal number;
	bool own;

	(void)context;
	/* One that sets the container up ends as any process does. */
	if (getpid() != 1) {
		sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
		kill(getpid(), signal);
		return;
	}
	/*
	 * Any process of root may send such a signal, which is no fault, and say that it
	 * comes from here. Only SI_TKILL cannot be claimed; and no fault is a SIGABRT but
	 * that of abort(), which uses it.
	 */
	own = information->si_code == SI_TKILL && information->si_pid == getpid();
	if (!own && (information->si_code <= 0 || signal == SIGABRT))
		return;
	SAY("killed by signal ", decimal(&number, (unsigned int)signal));
	power_off(EXIT_STATUS_SETUP_FAILED);
}

void power_off_on_faults(void)
{
	/* The fault may be a stack overflow. */
	static char stack[8192];
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_ONSTACK | SA_SIGINFO | SA_RESTART,
	};

	/* The stack holds one frame, and signals that are no faults may come all at once. */
	sigfillset(&action.sa_mask);
	sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &action, NULL);
}

void power_stay_on_faults(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
}

noreturn void power_off(int status)
{
	struct decimal number;

	control_end(status);
	console_resume();
	SAY("exit status ", decimal(&number, (unsigned int)status));
	console_drain();
	reboot(RB_POWER_OFF);
	/* What was to become the image's own init may lack CAP_SYS_BOOT by now. */
	exit_surely(status);
}
