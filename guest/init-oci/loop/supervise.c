// SPDX-License-Identifier: Apache-2.0
/* The life of PID 1 while there is a container, or what is to become one. */
#include "loop/supervise.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/console.h"
#include "base/deadline.h"
#include "base/linux_abi.h"
#include "base/proc.h"
#include "channel/control.h"
#include "channel/outbox.h"
#include "channel/request.h"
#include "devices/vsock.h"
#include "exec/tasks.h"
#include "life/clock.h"
#include "life/exit_status.h"
#include "life/oom_kills.h"

/* When the container is gone, its orphans get time to close their files, no more. */
#define GRACE_SECONDS 2
/* After a try to connect to the VMM. */
#define RETRY_SECONDS 1
/* Of one kind in a row: whoever makes more of them lets the others have a turn. */
#define CHILDREN_IN_A_ROW 64

/*
 * What an event is about; from EVENT_PUMPS on, the number of a pump. They have their
 * turns in this order, so that what has started is told before it has ended, and what it
 * has written before that.
 */
enum event_subject {
	EVENT_START,
	EVENT_CONTROL,
	EVENT_TASK,
	EVENT_OOM_KILL,
	EVENT_SIGNAL,
	EVENT_CHILD,
	EVENT_END,
	EVENT_TIME,
	EVENT_GENERATION,
	EVENT_PUMPS,
	EVENT_SUBJECTS = EVENT_PUMPS + STREAM_PUMPS,
	/* From here on those of tasks, which are counted there. */
	EVENT_TASKS = EVENT_SUBJECTS,
};

/* In this order. Each but the first two ends at a deadline, if not before. */
enum phase {
	SETTING_UP,
	RUNNING,	/* the container runs */
	STOPPING,	/* it was asked to end, and is killed at the deadline */
	KILLED,
	ASKING_ORPHANS,	/* it has ended, and the others are asked to */
	KILLING_ORPHANS,
	DRAINING,	/* the last output is on its way to the VMM */
	ENDED,
};

struct supervisor {
	const struct charge *charge;
	enum phase phase;
	struct timespec deadline;
	int status;	/* the container's exit status, when it has ended */
	unsigned int ready;	/* a bit for each subject that may have more */
	int events;	/* epoll */
	int signals;	/* signalfd */
	int time;	/* datagrams with the time, or -1 */
	int end;	/* pidfd of the container's process */
	bool is_started;	/* the program runs, or it is certain that it never will */
	bool is_reaped;	/* the container's process; another may have its number from then on */
	bool has_streams;	/* those of the container, which is set up */
	/* The channel; only a vsock stream that the VMM has closed is connected again. */
	bool is_connected;	/* as far as is known: a port may not be open yet */
	bool is_connecting;
	struct timespec next_try;
	struct outbox outbox;
	char inbox[2048];
	struct tasks tasks;
	struct winsize size;	/* asked for before there was a terminal; or 0 rows */
	struct oom_kills oom_kills;
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
	deadline_take_precedence();
	clock_gettime(CLOCK_MONOTONIC, &supervisor->deadline);
	supervisor->deadline.tv_sec += seconds;
}

static bool process_lives(const struct supervisor *supervisor)
{
	return supervisor->phase < ASKING_ORPHANS;
}

/* It is lost if the VMM has not read for long. */
static void tell(struct supervisor *supervisor, const char *what, const char *more)
{
	OUTBOX_LINE(&supervisor->outbox, what, more);
}

static bool has_control(const struct supervisor *supervisor)
{
	return supervisor->charge->line->control.kind != CONTROL_NONE;
}

static void stop(struct supervisor *supervisor, unsigned int seconds)
{
	if (!process_lives(supervisor) || supervisor->phase == KILLED)
		return;
	/* What is stopped would not end. */
	tasks_thaw(&supervisor->tasks);
	/* What sets up, or runs hooks, has nothing to save, and heeds no signal. */
	if (!supervisor->charge->shared->failure.is_close) {
		kill(supervisor->charge->process, SIGKILL);
		enter(supervisor, KILLED, GRACE_SECONDS);
		return;
	}
	kill(supervisor->charge->process, supervisor->charge->shared->stop_signal);
	enter(supervisor, STOPPING, seconds);
}

static void end_orphans(struct supervisor *supervisor)
{
	enter(supervisor, ASKING_ORPHANS, GRACE_SECONDS);
	tasks_thaw(&supervisor->tasks);
	kill(-1, SIGTERM);
	/* A stopped process could not act on the signal. */
	kill(-1, SIGCONT);
}

static void take_status(struct supervisor *supervisor, int wait_status)
{
	const struct failure *failure = &supervisor->charge->shared->failure;

	supervisor->is_reaped = true;
	supervisor->status = failure->status ? failure->status : exit_status_of_wait(wait_status);
	if (failure->status)
		SAY(failure->error.text);
	if (process_lives(supervisor))
		end_orphans(supervisor);
}

/* Returns whether children are left. */
static bool reap(struct supervisor *supervisor)
{
	int wait_status;
	pid_t child;

	/* One SIGCHLD may stand for several children. */
	for (int i = 0; i < CHILDREN_IN_A_ROW; i++) {
		child = waitpid(-1, &wait_status, WNOHANG);
		if (child <= 0)
			return child == 0;
		if (child == supervisor->charge->process && !supervisor->is_reaped)
			take_status(supervisor, wait_status);
		else
			tasks_reap(&supervisor->tasks, child, wait_status);
	}
	supervisor->ready |= 1u << EVENT_CHILD;
	return true;
}

/*
 * The container's process has ended. Another may trace it and not tell: then its status
 * comes when that one is killed.
 */
static void take_end(struct supervisor *supervisor)
{
	reap(supervisor);
	if (!process_lives(supervisor))
		return;
	supervisor->status = EXIT_STATUS_KILLED;
	end_orphans(supervisor);
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
		supervisor->ready |= 1u << EVENT_CHILD;
	else if (signal == SIGPWR)
		stop(supervisor, STOP_SECONDS);
	else if (process_lives(supervisor))
		kill(supervisor->charge->process, signal);
}

static bool take_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo information[4];
	const ssize_t got = read(supervisor->signals, information, sizeof(information));

	for (size_t i = 0; got > 0 && i < (size_t)got / sizeof(information[0]); i++)
		take_signal(supervisor, (int)information[i].ssi_signo);
	return got == sizeof(information);
}

static int set_size(struct supervisor *supervisor, const struct winsize *size,
		    struct error *error)
{
	int terminal = supervisor->charge->shared->streams.terminal;

	/* The program has to see it as a change. */
	if (!supervisor->is_started) {
		supervisor->size = *size;
		return 0;
	}
	if (terminal < 0)
		return ERROR(error, "size: the standard input is not a terminal");
	if (ioctl(terminal, TIOCSWINSZ, size) < 0)
		return step_error("size", "", error);
	return 0;
}

static const char *state(const struct supervisor *supervisor)
{
	if (!process_lives(supervisor))
		return "ended";
	if (supervisor->phase > RUNNING)
		return "stopping";
	return supervisor->is_started ? "running" : "starting";
}

static int carry_out(struct supervisor *supervisor, const struct request *request,
		     struct error *error)
{
	supervisor->tasks.state = state(supervisor);
	if (request->id)
		return tasks_request(&supervisor->tasks, request,
				     supervisor->is_started && process_lives(supervisor), error);
	switch (request->kind) {
	case REQUEST_STOP:
		stop(supervisor, request->seconds);
		return 0;
	case REQUEST_SIGNAL:
		if (process_lives(supervisor))
			kill(supervisor->charge->process, request->signal);
		return 0;
	case REQUEST_SIZE:
		return set_size(supervisor, &(struct winsize){
			.ws_row = request->rows, .ws_col = request->columns }, error);
	default:
		if (clock_correct(request->nanoseconds) < 0)
			return step_error("time", "", error);
		return 0;
	}
}

static void take_line(struct supervisor *supervisor, enum line_state state)
{
	struct line *line = &supervisor->tasks.intake->line;
	struct request request;
	struct error error;
	int result;

	if (state == LINE_TOO_LONG) {
		result = ERROR(&error, "the line is too long");
	} else {
		/* The VMM ends half a line from before it reopened the port with an empty one. */
		if (!line->text[0])
			return;
		result = request_parse(line->text, &request, &error);
		result = result < 0 ? tasks_refuse(&supervisor->tasks, &request, &error) :
				      carry_out(supervisor, &request, &error);
	}
	if (result < 0)
		tell(supervisor, "error ", error.text);
}

/* Returns how many it has taken, at least one. */
static size_t take_bytes(struct supervisor *supervisor, const char *bytes, size_t count)
{
	enum line_state state;

	if (supervisor->tasks.body_left)
		return tasks_take_body(&supervisor->tasks, bytes, count);
	state = line_add(&supervisor->tasks.intake->line, *bytes);
	if (state != LINE_INCOMPLETE)
		take_line(supervisor, state);
	return 1;
}

static void tell_oom_kills(struct supervisor *supervisor)
{
	const unsigned long killed = oom_kills_take(&supervisor->oom_kills);
	struct decimal number;

	if (!killed)
		return;
	SAY("the container has run out of memory: processes killed: ", decimal(&number, killed));
	tell(supervisor, "oom-kill ", decimal(&number, killed));
}

/* What was on its way in either direction is lost; a client begins anew. */
static void hang_up(struct supervisor *supervisor)
{
	supervisor->is_connected = false;
	supervisor->outbox.start = supervisor->outbox.end = 0;
	supervisor->tasks.intake->line.length = 0;
	supervisor->tasks.intake->line.too_long = false;
	tasks_hang_up(&supervisor->tasks);
	clock_gettime(CLOCK_MONOTONIC, &supervisor->next_try);
}

static ssize_t take_some(struct supervisor *supervisor, size_t most)
{
	const char *bytes = supervisor->inbox;
	const ssize_t got = read(CONTROL_FILENO, supervisor->inbox, most);

	if (got > 0 || (got < 0 && errno == EAGAIN))
		supervisor->is_connected = true;
	/* A port that the VMM has not opened reads as if it was at its end, too. */
	else if (supervisor->is_connected)
		hang_up(supervisor);
	for (ssize_t taken = 0; taken < got;)
		taken += (ssize_t)take_bytes(supervisor, bytes + taken, (size_t)(got - taken));
	return got;
}

/* A port gives a piece for each time that the VMM has written. */
static bool take_requests(struct supervisor *supervisor)
{
	size_t room = sizeof(supervisor->inbox);
	ssize_t got;

	do {
		got = take_some(supervisor, room);
		room -= got > 0 ? (size_t)got : 0;
	} while (got > 0 && room);
	return got > 0;
}

static bool take_control(struct supervisor *supervisor)
{
	if (supervisor->is_connecting) {
		supervisor->is_connecting = false;
		if (!vsock_is_connected(CONTROL_FILENO))
			return false;
		supervisor->is_connected = true;
	}
	/* There may be room now for more. */
	supervisor->ready |= 1u << EVENT_TASK;
	return take_requests(supervisor);
}

/* After everything else: all that is to be told goes at once. */
static void flush(struct supervisor *supervisor)
{
	struct outbox *outbox = &supervisor->outbox;

	if (supervisor->is_connecting)
		return;
	if (outbox_flush(outbox, CONTROL_FILENO) < 0) {
		if (supervisor->is_connected)
			hang_up(supervisor);
	} else if (outbox->had_no_room && !outbox->end) {
		/* No event will come of a channel that has taken everything. */
		outbox->had_no_room = false;
		supervisor->ready |= 1u << EVENT_TASK;
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
static int watch_pumps(const struct supervisor *supervisor)
{
	const struct streams *streams = &supervisor->charge->shared->streams;

	for (size_t i = 0; i < streams->pump_count; i++) {
		const struct pump *pump = &streams->pumps[i];

		if (watch(supervisor, pump->from, EPOLLIN, EVENT_PUMPS + (uint32_t)i) < 0 ||
		    watch(supervisor, pump->to, EPOLLOUT, EVENT_PUMPS + (uint32_t)i) < 0)
			return -1;
	}
	return 0;
}

/* Whether a vsock stream is to be connected again, now or later. */
static bool is_away(const struct supervisor *supervisor)
{
	return supervisor->charge->line->control.kind == CONTROL_VSOCK &&
	       !supervisor->is_connected && !supervisor->is_connecting;
}

static void connect_again(struct supervisor *supervisor)
{
	clock_gettime(CLOCK_MONOTONIC, &supervisor->next_try);
	supervisor->next_try.tv_sec += RETRY_SECONDS;
	supervisor->is_connecting =
		control_connect_again(&supervisor->charge->line->control) == 0 &&
		watch(supervisor, CONTROL_FILENO, EPOLLIN | EPOLLOUT, EVENT_CONTROL) == 0;
}

/* Everything is set up, and from now on that process has descriptors of its own. */
static void take_over(struct supervisor *supervisor)
{
	supervisor->has_streams = true;
	/* The end of the pipe now depends on that process alone. */
	close(supervisor->charge->start_end);
	streams_release(&supervisor->charge->shared->streams);
	if (watch_pumps(supervisor) < 0)
		SAY("watch the container's streams: ", strerror(errno));
	if (supervisor->phase == SETTING_UP)
		supervisor->phase = RUNNING;
}

static void take_start(struct supervisor *supervisor)
{
	struct error error;

	supervisor->is_started = true;
	/* It may have been killed before. */
	if (supervisor->charge->shared->failure.status ||
	    !supervisor->charge->shared->failure.is_close)
		return;
	tell(supervisor, "started", NULL);
	if (supervisor->size.ws_row && set_size(supervisor, &supervisor->size, &error) < 0)
		tell(supervisor, "error ", error.text);
}

/* All of it: the program may have ended already, and that is told last. */
static void take_start_events(struct supervisor *supervisor)
{
	char byte;
	ssize_t got;

	while ((got = read(supervisor->charge->start, &byte, 1)) > 0)
		take_over(supervisor);
	if (got == 0) {
		take_start(supervisor);
		close(supervisor->charge->start);
	}
}

/* Takes one thing at a time. Returns whether there may be more to take. */
static bool take_event(struct supervisor *supervisor, enum event_subject subject)
{
	switch (subject) {
	case EVENT_START:
		take_start_events(supervisor);
		return false;
	case EVENT_CONTROL:
		return take_control(supervisor);
	case EVENT_TASK:
		return tasks_step(&supervisor->tasks);
	case EVENT_OOM_KILL:
		tell_oom_kills(supervisor);
		return false;
	case EVENT_SIGNAL:
		return take_signals(supervisor);
	case EVENT_CHILD:
		reap(supervisor);
		return false;
	case EVENT_END:
		take_end(supervisor);
		return false;
	case EVENT_TIME:
		return clock_receive_datagrams(supervisor->time);
	case EVENT_GENERATION:
		return clock_receive_generation(supervisor->charge->clock);
	default:
		return pump_step(&supervisor->charge->shared->streams.pumps[subject - EVENT_PUMPS]);
	}
}

static void take_events(struct supervisor *supervisor)
{
	for (unsigned int subject = 0; subject < EVENT_SUBJECTS; subject++) {
		const unsigned int bit = 1u << subject;

		if (!(supervisor->ready & bit))
			continue;
		/* First, since what happens may make it ready again. */
		supervisor->ready &= ~bit;
		if (take_event(supervisor, subject))
			supervisor->ready |= bit;
	}
}

/* Returns 0, or -1 with errno set. */
static int open_tasks(struct tasks *tasks)
{
	/* Root's processes in the container could leave none of the number for PID 1. */
	proc_write("sys/fs/epoll/max_user_watches", "9223372036854775807");
	return tasks_open(tasks);
}

/* Returns 0, or -1 with errno set. */
static int watch_all(struct supervisor *supervisor, const sigset_t *signals)
{
	const struct charge *charge = supervisor->charge;

	supervisor->events = epoll_create1(EPOLL_CLOEXEC);
	supervisor->signals = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	supervisor->time = clock_open_datagrams();
	supervisor->end = process_descriptor(charge->process);
	oom_kills_open(&supervisor->oom_kills, charge->shared->cgroup);
	supervisor->tasks.container = charge->shared;
	supervisor->tasks.line = charge->line;
	supervisor->tasks.container_process = charge->process;
	supervisor->tasks.container_end = supervisor->end;
	supervisor->tasks.events = supervisor->events;
	supervisor->tasks.first_event = EVENT_TASKS;
	supervisor->tasks.outbox = &supervisor->outbox;
	if (watch(supervisor, supervisor->signals, EPOLLIN, EVENT_SIGNAL) < 0 ||
	    watch(supervisor, charge->start, EPOLLIN, EVENT_START) < 0 ||
	    watch(supervisor, supervisor->end, EPOLLIN, EVENT_END) < 0 ||
	    (has_control(supervisor) && open_tasks(&supervisor->tasks) < 0) ||
	    (has_control(supervisor) &&
	     watch(supervisor, CONTROL_FILENO, EPOLLIN | EPOLLOUT, EVENT_CONTROL) < 0) ||
	    (supervisor->oom_kills.events >= 0 &&
	     watch(supervisor, supervisor->oom_kills.events, EPOLLPRI, EVENT_OOM_KILL) < 0) ||
	    (supervisor->time >= 0 &&
	     watch(supervisor, supervisor->time, EPOLLIN, EVENT_TIME) < 0) ||
	    (charge->clock->generations >= 0 &&
	     watch(supervisor, charge->clock->generations, EPOLLIN, EVENT_GENERATION) < 0))
		return -1;
	return 0;
}

static int milliseconds_until(const struct timespec *time)
{
	struct timespec now;
	int64_t left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left = (int64_t)(time->tv_sec - now.tv_sec) * 1000 +
	       (time->tv_nsec - now.tv_nsec + 999999) / 1000000;
	return left > 0 ? (int)left : 0;
}

/* Rounded up; -1 when there is no deadline. */
static int time_left(const struct supervisor *supervisor)
{
	return supervisor->phase <= RUNNING ? -1 : milliseconds_until(&supervisor->deadline);
}

/* How long to wait for events. */
static int time_to_wait(const struct supervisor *supervisor)
{
	const int left = time_left(supervisor);
	int retry;

	if (supervisor->ready)
		return 0;
	if (!is_away(supervisor))
		return left;
	retry = milliseconds_until(&supervisor->next_try);
	return left >= 0 && left < retry ? left : retry;
}

/* Goes to the next phase if it is time. Returns whether it did. */
static bool advance(struct supervisor *supervisor)
{
	bool late = time_left(supervisor) == 0;

	switch (supervisor->phase) {
	case STOPPING:
		if (!late)
			return false;
		kill(supervisor->charge->process, SIGKILL);
		enter(supervisor, KILLED, GRACE_SECONDS);
		return true;
	case KILLED:
		if (!late)
			return false;
		/* It waits in the kernel, for a device or a server that does not answer. */
		SAY("the container's process does not end, although it was killed");
		supervisor->status = EXIT_STATUS_KILLED;
		end_orphans(supervisor);
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
		if (!late && (supervisor->outbox.start < supervisor->outbox.end ||
			      tasks_have_output(&supervisor->tasks) ||
			      (supervisor->has_streams &&
			       output_is_left(&supervisor->charge->shared->streams))))
			return false;
		supervisor->phase = ENDED;
		return true;
	default:
		return false;
	}
}

/* Returns at once when there may be more of something; else when there is an event, or it is time. */
static void wait_for_events(struct supervisor *supervisor)
{
	struct epoll_event events[EVENT_SUBJECTS];
	int count;

	if (supervisor->phase > RUNNING)
		deadline_be_exact();
	count = epoll_wait(supervisor->events, events, EVENT_SUBJECTS, time_to_wait(supervisor));
	for (int i = 0; i < count; i++) {
		const uint32_t subject = events[i].data.u32;

		supervisor->ready |= 1u << (subject < EVENT_TASKS ? subject : EVENT_TASK);
		if (subject >= EVENT_TASKS)
			tasks_note_event(&supervisor->tasks, subject - EVENT_TASKS);
	}
}

/*
 * Shared memory, though nobody shares it: what PID 1 changes while it makes a process is
 * copied otherwise, page by page, each time. And all of it at once, so that PID 1 is no
 * larger when much has been asked for.
 */
static struct supervisor *make_supervisor(const struct charge *charge, struct intake *intake)
{
	struct supervisor *supervisor = mmap(NULL, sizeof(*supervisor), PROT_READ | PROT_WRITE,
					     MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	/* Each page of it is resident in every machine. */
	_Static_assert(sizeof(*supervisor) <= 4 * 4096, "large");

	if (supervisor == MAP_FAILED)
		return NULL;
	supervisor->tasks.intake = intake;
	supervisor->charge = charge;
	supervisor->phase = SETTING_UP;
	supervisor->is_connected = charge->line->control.kind == CONTROL_VSOCK;
	return supervisor;
}

int supervise(const struct charge *charge, const sigset_t *signals)
{
	struct intake intake = { .line.length = 0 };
	struct supervisor *supervisor = make_supervisor(charge, &intake);

	if (!supervisor || watch_all(supervisor, signals) < 0) {
		SAY("watch the container: ", strerror(errno));
		return EXIT_STATUS_SETUP_FAILED;
	}
	while (supervisor->phase != ENDED) {
		if (advance(supervisor))
			continue;
		wait_for_events(supervisor);
		take_events(supervisor);
		if (is_away(supervisor) && !milliseconds_until(&supervisor->next_try))
			connect_again(supervisor);
		flush(supervisor);
	}
	/* The last one may be what ended the container, and its event still be on the way. */
	tell_oom_kills(supervisor);
	flush(supervisor);
	/* A port takes all of what is written, or nothing. */
	if (supervisor->charge->line->control.kind == CONTROL_VSOCK && !supervisor->is_connecting)
		control_finish(supervisor->outbox.bytes + supervisor->outbox.start,
			       supervisor->outbox.end - supervisor->outbox.start);
	return supervisor->status;
}
