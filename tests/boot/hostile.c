// SPDX-License-Identifier: Apache-2.0
/* What a container may do so that its machine never ends. Runs in the guest. */
#include <elf.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* The console's output stops, as by Ctrl-S. */
static int stop_output(void)
{
	puts("the output stops");
	fflush(stdout);
	return ioctl(STDOUT_FILENO, TCXONC, TCOOFF) < 0 ? 1 : 7;
}

static int flood(void)
{
	static char block[4096];

	fputs("ready\n", stderr);
	memset(block, 'y', sizeof(block));
	for (;;) {
		if (write(STDOUT_FILENO, block, sizeof(block)) < 0)
			return 1;
	}
}

static int send_faults(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS };

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		siginfo_t forged = { .si_signo = faults[i], .si_code = SI_QUEUE };

		forged.si_pid = 1;
		if (kill(1, faults[i]) < 0 ||
		    syscall(SYS_rt_sigqueueinfo, 1, faults[i], &forged) < 0)
			return 1;
	}
	if (prlimit(1, RLIMIT_NOFILE, &(struct rlimit){ 0, 0 }, NULL) == 0)
		return 1;
	sleep(1);
	puts("PID 1 lives");
	return 7;
}

/* Takes from PID 1 what it needs to run, in each way that its user may. */
static int slow_down(void)
{
	const int idle_io = 3 << 13, priority = 0;
	const unsigned long one_processor = 1;
	const struct rlimit none = { 0, 0 };
	const struct {
		const char *what;
		long result;
	} ways[] = {
		{ "policy", syscall(SYS_sched_setscheduler, 1, SCHED_IDLE, &priority) },
		{ "processors", syscall(SYS_sched_setaffinity, 1, sizeof(one_processor),
					&one_processor) },
		{ "nice value", setpriority(PRIO_PROCESS, 1, 19) },
		{ "I/O", syscall(SYS_ioprio_set, 1, 1, idle_io) },
		{ "limits", prlimit(1, RLIMIT_CPU, &none, NULL) },
	};
	int status = 7;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].result < 0)
			continue;
		printf("changed: %s\n", ways[i].what);
		status = 1;
	}
	if (kill(1, 0) < 0) {
		perror("signal PID 1");
		status = 1;
	}
	return status;
}

#ifdef __x86_64__
#define PROGRAM_COUNTER rip
#else
#define PROGRAM_COUNTER pc
#endif

/* A real fault: PID 1 goes on where there is nothing. */
static int make_fault(void)
{
	struct user_regs_struct registers;
	struct iovec space = { .iov_base = &registers, .iov_len = sizeof(registers) };

	if (ptrace(PTRACE_ATTACH, 1, NULL, NULL) < 0 || waitpid(1, NULL, __WALL) != 1 ||
	    ptrace(PTRACE_GETREGSET, 1, (void *)NT_PRSTATUS, &space) < 0) {
		perror("stop PID 1");
		return 1;
	}
	registers.PROGRAM_COUNTER = 0;
	if (ptrace(PTRACE_SETREGSET, 1, (void *)NT_PRSTATUS, &space) < 0 ||
	    ptrace(PTRACE_DETACH, 1, NULL, NULL) < 0) {
		perror("let PID 1 go on");
		return 1;
	}
	for (;;)
		pause();
}

/* Children that end as fast as they are made, all of them for PID 1 to reap. */
static int make_orphans(void)
{
	signal(SIGTERM, SIG_IGN);
	for (int i = 0; i < 8; i++) {
		if (fork() != 0)
			continue;
		for (;;) {
			if (fork() == 0) {
				if (fork() == 0)
					_exit(0);
				_exit(0);
			}
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
		}
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

/*
 * An orphan that stays takes the number of the container's process when that is free,
 * and ends with another status.
 */
static _Noreturn void take_number(pid_t number)
{
	/* Linux's struct clone_args, as far as it goes. */
	const struct {
		uint64_t flags, unused[7], numbers, number_count;
	} same = { .flags = CLONE_PARENT, .numbers = (uintptr_t)&number, .number_count = 1 };

	long child;

	/* A number that is that of a session, too, is not free. */
	setsid();
	while (kill(number, 0) == 0)
		usleep(1000);
	child = syscall(SYS_clone3, &same, sizeof(same));
	if (child == 0)
		puts("the number is taken");
	else if (child < 0)
		perror("take the number");
	fflush(stdout);
	_exit(0);
}

static int same_number(void)
{
	const pid_t number = getpid();

	signal(SIGTERM, SIG_IGN);
	if (fork() == 0)
		take_number(number);
	return 7;
}

/* Whoever asks the clock's devices again gets no answer. */
static int hide_clock(void)
{
	if (mkfifo("/tmp/fifo", 0600) < 0 ||
	    mount("/tmp/fifo", "/sys/class/rtc/rtc0/since_epoch", NULL, MS_BIND, NULL) < 0) {
		perror("hide the clock");
		return 1;
	}
	return 0;
}

int main(int count, char **arguments)
{
	const char *what = count > 1 ? arguments[1] : "";

	if (!strcmp(what, "stop-output"))
		return stop_output();
	if (!strcmp(what, "stop-and-flood")) {
		signal(SIGTERM, SIG_IGN);
		return stop_output() == 7 ? flood() : 1;
	}
	if (!strcmp(what, "flood")) {
		signal(SIGTERM, SIG_IGN);
		return flood();
	}
	if (!strcmp(what, "faults"))
		return send_faults();
	if (!strcmp(what, "slow-down"))
		return slow_down();
	if (!strcmp(what, "fault"))
		return make_fault();
	if (!strcmp(what, "orphans"))
		return make_orphans();
	if (!strcmp(what, "same-number"))
		return same_number();
	if (!strcmp(what, "hide-clock"))
		return hide_clock();
	return 2;
}
