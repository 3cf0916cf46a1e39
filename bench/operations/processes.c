/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes and what they wake each other with.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "operations.h"

/* --- New ones --------------------------------------------------------------- */

static bool ended_well(pid_t child)
{
	int status;

	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool fork_and_exit(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	return ended_well(child);
}

static bool fork_and_exec(void)
{
	pid_t child = fork();

	if (!child) {
		execl("/init", "/init", "nothing", NULL);
		_exit(1);
	}
	return ended_well(child);
}

/* --- A byte there and back through two pipes -------------------------------- */

static int there[2], back[2];
static pid_t peer;

static void echo(int processor)
{
	char byte;

	if (!run_on((unsigned int)processor))
		_exit(1);
	while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
		;
}

static bool start_echo(int processor)
{
	if (pipe(there) || pipe(back))
		return false;
	peer = start_peer(echo, processor);
	return peer > 0;
}

static bool start_echo_here(void)
{
	return start_echo(0);
}

static bool start_echo_there(void)
{
	return start_echo(1);
}

static bool ping_pong(void)
{
	char byte = 0;

	return write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1;
}

static void stop_echo(void)
{
	stop_peer(peer);
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
}

/* --- The same with a futex -------------------------------------------------- */

#define FUTEX_WAIT_OPERATION 0
#define FUTEX_WAKE_OPERATION 1

static volatile uint32_t *turn;

/* Give the turn to the other one, and wait for it. */
static bool take_turns(uint32_t other, uint32_t self)
{
	__atomic_store_n(turn, other, __ATOMIC_SEQ_CST);
	if (syscall(SYS_futex, turn, FUTEX_WAKE_OPERATION, INT_MAX, NULL, NULL, 0) < 0)
		return false;
	while (__atomic_load_n(turn, __ATOMIC_SEQ_CST) != self)
		if (syscall(SYS_futex, turn, FUTEX_WAIT_OPERATION, other, NULL, NULL, 0) &&
		    errno != EAGAIN)
			return false;
	return true;
}

static void answer_turns(int argument)
{
	(void)argument;
	while (take_turns(0, 1))
		;
}

static bool start_turns(void)
{
	turn = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (turn == MAP_FAILED)
		return false;
	peer = start_peer(answer_turns, 0);
	return peer > 0;
}

static bool give_turn(void)
{
	return take_turns(1, 0);
}

static void stop_turns(void)
{
	stop_peer(peer);
	munmap((void *)turn, PAGE);
}

static bool wake_none(void)
{
	static uint32_t word;

	return !syscall(SYS_futex, &word, FUTEX_WAKE_OPERATION, 1, NULL, NULL, 0);
}

/* --- Events ----------------------------------------------------------------- */

static int event = -1, epoll = -1;

static bool make_epoll(void)
{
	struct epoll_event wanted = { .events = EPOLLIN };

	event = eventfd(0, 0);
	epoll = epoll_create1(0);
	return event >= 0 && epoll >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, event, &wanted);
}

static bool wait_for_event(void)
{
	uint64_t count = 1;
	struct epoll_event got;

	return write(event, &count, sizeof(count)) == sizeof(count) &&
		epoll_wait(epoll, &got, 1, -1) == 1 &&
		read(event, &count, sizeof(count)) == sizeof(count);
}

static void close_epoll(void)
{
	close(epoll);
	close(event);
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static bool handle_signal(void)
{
	struct sigaction action = { .sa_handler = count_signal };

	return !sigaction(SIGUSR1, &action, NULL);
}

static bool raise_signal(void)
{
	sig_atomic_t before = signals;

	return !kill(getpid(), SIGUSR1) && signals != before;
}

static bool yield(void)
{
	return !sched_yield();
}

static const struct row rows[] = {
	{ "fork and exit", 20, NULL, NULL, fork_and_exit, NULL },
	{ "fork and execve", 20, NULL, NULL, fork_and_exec, NULL },
	{ "a byte there and back through pipes", 200, start_echo_here, NULL, ping_pong, stop_echo },
	{ "the same between processors", 200, start_echo_there, NULL, ping_pong, stop_echo },
	{ "sched_yield", 2000, NULL, NULL, yield, NULL },
	{ "futex, nobody to wake", 2000, NULL, NULL, wake_none, NULL },
	{ "futex, there and back between processes", 200, start_turns, NULL, give_turn, stop_turns },
	{ "eventfd and epoll", 500, make_epoll, NULL, wait_for_event, close_epoll },
	{ "signal and handler", 500, handle_signal, NULL, raise_signal, NULL },
};

void measure_processes(void)
{
	measure(rows, COUNT(rows));
}
