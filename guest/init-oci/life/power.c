// SPDX-License-Identifier: Apache-2.0
/* The end: the exit status, and power off. */
#include "life/power.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/console.h"
#include "base/errors.h"
#include "life/control.h"
#include "life/exit_status.h"

static void on_fault(int signal)
{
	struct decimal number;

	SAY("killed by signal ", decimal(&number, (unsigned int)signal));
	power_off(EXIT_STATUS_SETUP_FAILED);
}

void power_off_on_faults(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS };
	/* The fault may be a stack overflow. */
	static char stack[8192];
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_ONSTACK };

	sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &action, NULL);
}

noreturn void power_off(int status)
{
	struct decimal number;

	control_end(status);
	SAY("exit status ", decimal(&number, (unsigned int)status));
	/* Until the serial port has sent it. */
	ioctl(CONSOLE_FILENO, TCSBRK, 1);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
