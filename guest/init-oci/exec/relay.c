// SPDX-License-Identifier: Apache-2.0
/* The process that carries what flows through a terminal. */
#include "exec/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/linux_abi.h"
#include "base/proc.h"
#include "exec/descriptors.h"
#include "life/pump.h"

/*
 * What comes from the pipe of the input is typed; what the terminal shows goes to the pipe of
 * the output. poll() looks at the output last: PID 1 closes it first where a terminal is to be
 * hung up, and so whoever sees the input's end then sees the output's, too.
 */
enum { SIZES, INPUT, TYPED, SHOWN, OUTPUT, WATCHED };

struct carrier {
	int terminal;
	int changes;		/* epoll, of the terminal */
	int sizes;		/* -1: the process has ended */
	bool is_to_end;		/* the end of the input is still to be typed */
	bool is_closed;		/* nobody had the terminal open at the last look */
	struct pump in, out;
};

/* As far as the last byte tells. */
static bool is_within_line(const struct pump *in, const struct termios *settings)
{
	static const unsigned char ends[] = { VEOF, VEOL, VKILL };
	const unsigned char last = in->end ? (unsigned char)in->buffer[in->end - 1] : '\n';

	for (size_t i = 0; i < sizeof(ends); i++) {
		if (last == settings->c_cc[ends[i]] && last != _POSIX_VDISABLE)
			return false;
	}
	return last != '\n' && !(last == '\r' && (settings->c_iflag & ICRNL));
}

/*
 * What a person types to end the input, if the terminal heeds it: within a line, the first
 * one only hands over what there is of it. Returns whether some of that is still to be done,
 * since the terminal is full.
 */
static bool type_end(struct pump *in, int terminal)
{
	struct termios settings;
	bool again;

	if (tcgetattr(terminal, &settings) < 0 || !(settings.c_lflag & ICANON) ||
	    settings.c_cc[VEOF] == _POSIX_VDISABLE)
		return false;
	do {
		if (write(terminal, &settings.c_cc[VEOF], 1) < 0)
			return errno == EAGAIN;
		again = is_within_line(in, &settings);
		in->end = 0;
	} while (again);
	return false;
}

/* Returns the socket, or -1 when the process has ended. */
static int take_sizes(int sizes, int terminal)
{
	struct winsize size;
	ssize_t got;

	while ((got = read(sizes, &size, sizeof(size))) == sizeof(size))
		ioctl(terminal, TIOCSWINSZ, &size);
	return got < 0 ? sizes : -1;
}

/*
 * A process may close its terminal, and open it again. poll() cannot wait for that, since
 * what nobody has open is hung up all the time: here, whatever happens to it comes once.
 */
static int open_changes(int terminal)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	const int changes = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(changes, EPOLL_CTL_ADD, terminal, &event);
	return changes;
}

/* Until there is something to carry, or room for what there is. */
static void watch(const struct pump *pump, struct pollfd *from, struct pollfd *to)
{
	const bool has_some = pump->start < pump->end;

	*from = (struct pollfd){ .fd = has_some ? -1 : pump->from, .events = POLLIN };
	*to = (struct pollfd){ .fd = has_some ? pump->to : -1, .events = POLLOUT };
}

static void watch_all(const struct carrier *carrier, struct pollfd watched[WATCHED])
{
	const struct pollfd changes = { .fd = carrier->changes, .events = POLLIN };

	watched[SIZES] = (struct pollfd){ .fd = carrier->sizes, .events = POLLIN };
	watch(&carrier->in, &watched[INPUT], &watched[TYPED]);
	watch(&carrier->out, &watched[SHOWN], &watched[OUTPUT]);
	if (carrier->is_to_end && carrier->in.from < 0)
		watched[TYPED] = (struct pollfd){ carrier->terminal, POLLOUT, 0 };
	if (carrier->is_closed && watched[TYPED].fd >= 0)
		watched[TYPED] = changes;
	/* After the process, that nobody has it open is the end. */
	if (carrier->is_closed && watched[SHOWN].fd >= 0 && carrier->sizes >= 0)
		watched[SHOWN] = changes;
	/* That nobody reads is to be seen before there is something to write, too. */
	watched[OUTPUT].fd = carrier->out.to;
	if (carrier->out.start == carrier->out.end)
		watched[OUTPUT].events = 0;
}

static void carry(struct carrier *carrier, const struct pollfd watched[WATCHED])
{
	const short typed = watched[TYPED].revents, shown = watched[SHOWN].revents;
	struct epoll_event event;

	if (watched[SIZES].revents)
		carrier->sizes = take_sizes(carrier->sizes, carrier->terminal);
	if (carrier->is_closed && ((typed | shown) & POLLIN)) {
		epoll_wait(carrier->changes, &event, 1, 0);
		carrier->is_closed = false;
		return;
	}
	carrier->is_closed |= typed == POLLHUP || shown == POLLHUP;
	/* What a terminal does not take is an event of it, too: not while it is known to be full. */
	if (watched[INPUT].revents || (typed & POLLOUT))
		pump_step(&carrier->in);
	if (carrier->is_to_end && carrier->in.from < 0 && typed != POLLHUP)
		carrier->is_to_end = type_end(&carrier->in, carrier->terminal);
	/* Else a terminal that nobody has open would be at its end. */
	if (carrier->sizes < 0 || (shown & POLLIN) || (watched[OUTPUT].revents & POLLOUT))
		pump_step(&carrier->out);
}

static void carry_all(const struct relay *relay)
{
	struct carrier carrier = {
		.terminal = relay->terminal, .sizes = relay->sizes,
		.changes = open_changes(relay->terminal), .is_to_end = relay->input >= 0,
		.in = { .from = relay->input, .to = dup(relay->terminal) },
		.out = { .from = dup(relay->terminal), .to = relay->output },
	};
	struct pollfd watched[WATCHED];

	while (carrier.out.from >= 0) {
		watch_all(&carrier, watched);
		if (poll(watched, WATCHED, -1) < 0 || (watched[OUTPUT].revents & POLLERR))
			return;
		carry(&carrier, watched);
	}
}

static void be_relay(const struct relay *relay)
{
	const int kept[] = { relay->terminal, relay->input, relay->output, relay->sizes };

	/* Its end would be the user's, and it holds next to nothing. */
	proc_write("self/oom_score_adj", "-1000");
	/*
	 * PID 1's blocked signals stay blocked: what a program writes when it gets SIGTERM,
	 * as all do at the end, is to be carried.
	 */
	descriptors_keep(0, kept, sizeof(kept) / sizeof(kept[0]));
	prctl(PR_SET_NAME, "init-oci-relay");
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (kept[i] >= 0)
			fcntl(kept[i], F_SETFL, O_NONBLOCK);
	}
	carry_all(relay);
}

int relay_start(const struct relay *relay, int cgroup, struct error *error)
{
	const int above = openat(cgroup, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const pid_t process = above < 0 ? -1 : clone_into_cgroup(CLONE_PARENT, above);

	if (process == 0) {
		be_relay(relay);
		_exit(0);
	}
	if (process < 0)
		step_error("start the process of a terminal", "", error);
	if (above >= 0)
		close(above);
	return process < 0 ? -1 : 0;
}
