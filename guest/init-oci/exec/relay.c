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

static bool is_within_line(const struct pump *in, const struct termios *settings)
{
	const unsigned char last = in->end ? (unsigned char)in->buffer[in->end - 1] : '\n';

	return last != '\n' && last != settings->c_cc[VEOF] &&
	       !(last == '\r' && (settings->c_iflag & ICRNL));
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

static void drop(struct pump *pump)
{
	if (pump->from < 0)
		return;
	close(pump->from);
	close(pump->to);
	pump->from = pump->to = -1;
	pump->start = pump->end = 0;
}

/* Returns the socket, or -1 when no more will come. */
static int take_sizes(int sizes, int terminal)
{
	struct winsize size;
	ssize_t got;

	while ((got = read(sizes, &size, sizeof(size))) == sizeof(size))
		ioctl(terminal, TIOCSWINSZ, &size);
	return got < 0 ? sizes : -1;
}

/* Until there is something to carry, or room for what there is. */
static void watch(const struct pump *pump, struct pollfd *from, struct pollfd *to)
{
	const bool has_some = pump->start < pump->end;

	*from = (struct pollfd){ .fd = has_some ? -1 : pump->from, .events = POLLIN };
	*to = (struct pollfd){ .fd = has_some ? pump->to : -1, .events = POLLOUT };
}

static void carry(const struct relay *relay)
{
	struct pump in = { .from = relay->input, .to = dup(relay->terminal) };
	struct pump out = { .from = dup(relay->terminal), .to = relay->output };
	struct pollfd watched[WATCHED];
	bool is_to_end = in.from >= 0;
	int sizes = relay->sizes;

	while (out.from >= 0) {
		watched[SIZES] = (struct pollfd){ .fd = sizes, .events = POLLIN };
		watch(&in, &watched[INPUT], &watched[TYPED]);
		watch(&out, &watched[SHOWN], &watched[OUTPUT]);
		if (is_to_end && in.from < 0)
			watched[TYPED] = (struct pollfd){ relay->terminal, POLLOUT, 0 };
		/* That nobody reads is to be seen before there is something to write, too. */
		watched[OUTPUT].fd = out.to;
		if (out.start == out.end)
			watched[OUTPUT].events = 0;
		if (poll(watched, WATCHED, -1) < 0 || (watched[OUTPUT].revents & POLLERR))
			return;
		if (watched[SIZES].revents)
			sizes = take_sizes(sizes, relay->terminal);
		/* Nobody is left who could read it. */
		if (watched[TYPED].revents & POLLHUP) {
			drop(&in);
			is_to_end = false;
		}
		if (watched[INPUT].revents || watched[TYPED].revents)
			pump_step(&in);
		if (is_to_end && in.from < 0)
			is_to_end = type_end(&in, relay->terminal);
		pump_step(&out);
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
	carry(relay);
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
