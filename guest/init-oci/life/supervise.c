// SPDX-License-Identifier: Apache-2.0
/* The life of PID 1 while the container runs, and while it ends. */
#include "life/supervise.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/console.h"
#include "life/clock.h"
#include "life/control.h"
#include "life/exit_status.h"
#include "life/request.h"

/* When the container is gone, its orphans get time to close their files, no more. */
#define GRACE_SECONDS 2

/* What an event is about; from EVENT_PUMPS on, the number of a pump. */
enum {
	EVENT_SIGNAL,
	EVENT_CONTROL,
	EVENT_OOM_KILL,
	EVENT_TIME,
	EVENT_GENERATION,
	EVENT_PUMPS,
};

/* In this order. Each but the first ends at a deadline, if not before. */
enum phase {
	RUNNING,	/* the container runs */
	STOPPING,	/* it was asked to end, and is killed at the deadline */
	KILLED,
	ASKING_ORPHANS,	/* it has ended, and the others are asked to */
	KILLING_ORPHANS,
	DRAINING,	/* the last output is on its way to the VMM */
	ENDED,
};

struct supervisor {
	struct charge *charge;
	enum phase phase;
	struct timespec deadline;
	int status;	/* the container's exit status, when it has ended */
	int events;	/* epoll */
	int signals;	/* signalfd */
	int time;	/* datagrams with the time, or -1 */
	int generations;	/* events, one of which is for a restored snapshot, or -1 */
	struct line line;
};

void supervise_signals(sigset_t *signals)
{
	static const int others[] = {
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGPIPE,
	};

	sigfillset(signals);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		sigdelset(signals, others[i]);
}

static void enter(struct supervisor *supervisor, enum phase phase, unsigned int seconds)
{
	supervisor->phase = phase;
	clock_gettime(CLOCK_MONOTONIC, &supervisor->deadline);
	supervisor->deadline.tv_sec += seconds;
}

static bool container_runs(const struct supervisor *supervisor)
{
	return supervisor->phase < ASKING_ORPHANS;
}

static void stop(struct supervisor *supervisor, unsigned int seconds)
{
	if (!container_runs(supervisor))
		return;
	kill(supervisor->charge->container, supervisor->charge->stop_signal);
	enter(supervisor, STOPPING, seconds);
}

/* Returns whether children are left. */
static bool reap(struct supervisor *supervisor)
{
	int wait_status;
	pid_t child;

	/* One SIGCHLD may stand for several children. */
	while ((child = waitpid(-1, &wait_status, WNOHANG)) > 0) {
		if (child == supervisor->charge->container && container_runs(supervisor)) {
			supervisor->status = exit_status_of_wait(wait_status);
			enter(supervisor, ASKING_ORPHANS, GRACE_SECONDS);
			kill(-1, SIGTERM);
			/* A stopped process could not act on the signal. */
			kill(-1, SIGCONT);
		}
	}
	return child == 0;
}

/* Returns whether something that the container wrote is still to be carried. */
static bool output_is_left(const struct streams *streams)
{
	for (size_t i = 0; i < streams->pump_count; i++) {
		if (streams->pumps[i].from >= 0 && !streams->pumps[i].from_port)
			return true;
	}
	return false;
}

static void take_signal(struct supervisor *supervisor, int signal)
{
	if (signal == SIGCHLD)
		reap(supervisor);
	else if (signal == SIGPWR)
		stop(supervisor, STOP_SECONDS);
	else if (container_runs(supervisor))
		kill(supervisor->charge->container, signal);
}

static void take_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo information;

	while (read(supervisor->signals, &information, sizeof(information)) > 0)
		take_signal(supervisor, (int)information.ssi_signo);
}

static int set_size(const struct supervisor *supervisor, const struct request *request,
		    struct error *error)
{
	const struct winsize size = { .ws_row = request->rows, .ws_col = request->columns };
	int terminal = supervisor->charge->streams->terminal;

	if (terminal < 0)
		return ERROR(error, "size: the standard input is not a terminal");
	if (ioctl(terminal, TIOCSWINSZ, &size) < 0)
		return step_error("size", "", error);
	return 0;
}

static int carry_out(struct supervisor *supervisor, const struct request *request,
		     struct error *error)
{
	switch (request->kind) {
	case REQUEST_STOP:
		stop(supervisor, request->seconds);
		return 0;
	case REQUEST_SIGNAL:
		if (container_runs(supervisor))
			kill(supervisor->charge->container, request->signal);
		return 0;
	case REQUEST_SIZE:
		return set_size(supervisor, request, error);
	default:
		if (clock_correct(request->nanoseconds) < 0)
			return step_error("time", "", error);
		return 0;
	}
}

static void take_byte(struct supervisor *supervisor, char byte)
{
	struct request request;
	struct error error;
	int result = 0;

	switch (line_add(&supervisor->line, byte)) {
	case LINE_INCOMPLETE:
		return;
	case LINE_COMPLETE:
		/* The VMM sends an empty line to end half a line from before it reopened the port. */
		if (!supervisor->line.text[0])
			return;
		result = request_parse(supervisor->line.text, &request, &error);
		if (!result)
			result = carry_out(supervisor, &request, &error);
		break;
	case LINE_TOO_LONG:
		result = ERROR(&error, "the line is too long");
		break;
	}
	if (result < 0)
		CONTROL_SAY("error ", error.text);
}

static void take_requests(struct supervisor *supervisor)
{
	char bytes[256];
	ssize_t got;

	while ((got = read(CONTROL_FILENO, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < got; i++)
			take_byte(supervisor, bytes[i]);
	}
}

static void tell_oom_kills(struct supervisor *supervisor)
{
	const unsigned long killed = oom_kills_take(&supervisor->charge->oom_kills);
	struct decimal number;

	if (!killed)
		return;
	SAY("the container has run out of memory: processes killed: ", decimal(&number, killed));
	CONTROL_SAY("oom-kill ", decimal(&number, killed));
}

static void take_event(struct supervisor *supervisor, uint32_t subject)
{
	switch (subject) {
	case EVENT_SIGNAL:
		take_signals(supervisor);
		break;
	case EVENT_CONTROL:
		take_requests(supervisor);
		break;
	case EVENT_OOM_KILL:
		tell_oom_kills(supervisor);
		break;
	case EVENT_TIME:
		clock_receive_datagrams(supervisor->time);
		break;
	case EVENT_GENERATION:
		clock_receive_generations(supervisor->generations);
		break;
	default:
		pump_run(&supervisor->charge->streams->pumps[subject - EVENT_PUMPS]);
	}
}

/*
 * Edge-triggered: a port that the VMM has not opened would otherwise be an event all
 * the time.
 */
static int watch(const struct supervisor *supervisor, int fd, uint32_t what, uint32_t subject)
{
	struct epoll_event event = { .events = what | EPOLLET, .data.u32 = subject };

	return epoll_ctl(supervisor->events, EPOLL_CTL_ADD, fd, &event);
}

/* Returns 0, or -1 with errno set. */
static int watch_all(struct supervisor *supervisor, const sigset_t *signals)
{
	const struct charge *charge = supervisor->charge;

	supervisor->events = epoll_create1(EPOLL_CLOEXEC);
	supervisor->signals = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	supervisor->time = clock_open_datagrams();
	supervisor->generations = clock_open_generations();
	if (watch(supervisor, supervisor->signals, EPOLLIN, EVENT_SIGNAL) < 0 ||
	    (charge->control && watch(supervisor, CONTROL_FILENO, EPOLLIN, EVENT_CONTROL) < 0) ||
	    (charge->oom_kills.events >= 0 &&
	     watch(supervisor, charge->oom_kills.events, EPOLLPRI, EVENT_OOM_KILL) < 0) ||
	    (supervisor->time >= 0 &&
	     watch(supervisor, supervisor->time, EPOLLIN, EVENT_TIME) < 0) ||
	    (supervisor->generations >= 0 &&
	     watch(supervisor, supervisor->generations, EPOLLIN, EVENT_GENERATION) < 0))
		return -1;
	for (size_t i = 0; i < charge->streams->pump_count; i++) {
		const struct pump *pump = &charge->streams->pumps[i];

		if (watch(supervisor, pump->from, EPOLLIN, EVENT_PUMPS + (uint32_t)i) < 0 ||
		    watch(supervisor, pump->to, EPOLLOUT, EVENT_PUMPS + (uint32_t)i) < 0)
			return -1;
	}
	return 0;
}

/* In milliseconds, rounded up; -1 when there is no deadline. */
static int time_left(const struct supervisor *supervisor)
{
	struct timespec now;
	int64_t left;

	if (supervisor->phase == RUNNING || supervisor->phase == KILLED)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	left = (int64_t)(supervisor->deadline.tv_sec - now.tv_sec) * 1000 +
	       (supervisor->deadline.tv_nsec - now.tv_nsec + 999999) / 1000000;
	return left > 0 ? (int)left : 0;
}

/* Goes to the next phase if it is time. Returns whether it did. */
static bool advance(struct supervisor *supervisor)
{
	bool late = time_left(supervisor) == 0;

	switch (supervisor->phase) {
	case STOPPING:
		if (!late)
			return false;
		kill(supervisor->charge->container, SIGKILL);
		supervisor->phase = KILLED;
		return true;
	case ASKING_ORPHANS:
		if (!reap(supervisor)) {
			enter(supervisor, DRAINING, GRACE_SECONDS);
			return true;
		}
		if (!late)
			return false;
		kill(-1, SIGKILL);
		enter(supervisor, KILLING_ORPHANS, GRACE_SECONDS);
		return true;
	case KILLING_ORPHANS:
		if (reap(supervisor) && !late)
			return false;
		enter(supervisor, DRAINING, GRACE_SECONDS);
		return true;
	case DRAINING:
		if (output_is_left(supervisor->charge->streams) && !late)
			return false;
		supervisor->phase = ENDED;
		return true;
	default:
		return false;
	}
}

int supervise(struct charge *charge, const sigset_t *signals)
{
	struct supervisor supervisor = { .charge = charge, .phase = RUNNING };

	if (watch_all(&supervisor, signals) < 0) {
		SAY("watch the container: ", strerror(errno));
		return EXIT_STATUS_SETUP_FAILED;
	}
	while (supervisor.phase != ENDED) {
		struct epoll_event events[8];
		int count;

		if (advance(&supervisor))
			continue;
		count = epoll_wait(supervisor.events, events, 8, time_left(&supervisor));
		for (int i = 0; i < count; i++)
			take_event(&supervisor, events[i].data.u32);
	}
	/* The last one may be what ended the container, and its event still be on the way. */
	tell_oom_kills(&supervisor);
	return supervisor.status;
}
