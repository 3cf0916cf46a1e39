// SPDX-License-Identifier: Apache-2.0
/* What the VMM asks for, the streams on their way, and when the clock is wrong. */
#include "tests.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/errors.h"
#include "channel/request.h"
#include "life/clock.h"
#include "life/pump.h"

static struct request request;
static struct error error;

static int parse(const char *text)
{
	char line[128];

	strcpy(line, text);
	return request_parse(line, &request, &error);
}

START_TEST(stop_has_a_default_and_a_limit)
{
	ck_assert_int_eq(parse("stop"), 0);
	ck_assert_int_eq(request.kind, REQUEST_STOP);
	ck_assert_uint_eq(request.seconds, 10);
	ck_assert_int_eq(parse("stop 0"), 0);
	ck_assert_uint_eq(request.seconds, 0);
	ck_assert_int_eq(parse("stop 86400"), 0);
	ck_assert_uint_eq(request.seconds, 86400);
	ck_assert_int_lt(parse("stop 86401"), 0);
	ck_assert_int_lt(parse("stop -1"), 0);
	ck_assert_int_lt(parse("stop 1s"), 0);
	ck_assert_int_lt(parse("stop "), 0);
	ck_assert_int_lt(parse("stop 18446744073709551617"), 0);
	ck_assert_str_eq(error.text, "stop 18446744073709551617: is not a number of seconds up to 86400");
}
END_TEST

START_TEST(signals_have_names_and_numbers)
{
	ck_assert_int_eq(parse("signal SIGUSR1"), 0);
	ck_assert_int_eq(request.kind, REQUEST_SIGNAL);
	ck_assert_int_eq(request.signal, 10);
	ck_assert_int_eq(parse("signal 9"), 0);
	ck_assert_int_eq(request.signal, 9);
	/* It would only ask whether the process is there. */
	ck_assert_int_lt(parse("signal 0"), 0);
	ck_assert_int_lt(parse("signal"), 0);
	ck_assert_int_lt(parse("signal SIGNO"), 0);
	ck_assert_str_eq(error.text, "signal SIGNO: there is no such signal");
}
END_TEST

START_TEST(sizes_are_rows_and_columns)
{
	ck_assert_int_eq(parse("size 24 80"), 0);
	ck_assert_int_eq(request.kind, REQUEST_SIZE);
	ck_assert_uint_eq(request.rows, 24);
	ck_assert_uint_eq(request.columns, 80);
	ck_assert_int_eq(parse("size 65535 65535"), 0);
	ck_assert_int_lt(parse("size 65536 1"), 0);
	ck_assert_int_lt(parse("size 1 65536"), 0);
	ck_assert_int_lt(parse("size 1"), 0);
	ck_assert_int_eq(parse("size 1 24 80"), 0);
	ck_assert_str_eq(request.id, "1");
	ck_assert_int_lt(parse("size 1 1 1 1"), 0);
}
END_TEST

START_TEST(times_are_nanoseconds)
{
	ck_assert_int_eq(parse("time 1700000000123456789"), 0);
	ck_assert_int_eq(request.kind, REQUEST_TIME);
	ck_assert(request.nanoseconds == UINT64_C(1700000000123456789));
	ck_assert_int_eq(parse("time 9223372036854775807"), 0);
	ck_assert_int_lt(parse("time 9223372036854775808"), 0);
	ck_assert_int_lt(parse("time now"), 0);
}
END_TEST

START_TEST(other_lines_are_errors_of_one_line)
{
	ck_assert_int_lt(parse(""), 0);
	ck_assert_int_lt(parse("STOP"), 0);
	ck_assert_int_lt(parse(" stop"), 0);
	ck_assert_int_lt(parse("stop 1 1 1 1 1"), 0);
	ck_assert_int_lt(parse("reboot\rexit 0\x1b"), 0);
	ck_assert_ptr_null(strchr(error.text, '\r'));
	ck_assert_ptr_null(strchr(error.text, '\x1b'));
}
END_TEST

START_TEST(lines_are_cut_at_their_end)
{
	struct line line = { .length = 0 };

	for (int i = 0; i < REQUEST_LINE_MAX; i++)
		ck_assert_int_eq(line_add(&line, 'a'), LINE_INCOMPLETE);
	ck_assert_int_eq(line_add(&line, '\n'), LINE_COMPLETE);
	ck_assert_uint_eq(strlen(line.text), REQUEST_LINE_MAX);
	for (int i = 0; i < REQUEST_LINE_MAX + 1; i++)
		ck_assert_int_eq(line_add(&line, 'b'), LINE_INCOMPLETE);
	ck_assert_int_eq(line_add(&line, '\n'), LINE_TOO_LONG);
	ck_assert_int_eq(line_add(&line, 'c'), LINE_INCOMPLETE);
	ck_assert_int_eq(line_add(&line, '\n'), LINE_COMPLETE);
	ck_assert_str_eq(line.text, "c");
	ck_assert_int_eq(line_add(&line, '\n'), LINE_COMPLETE);
	ck_assert_str_eq(line.text, "");
}
END_TEST

static struct pump pump;
static int source, sink;	/* the far ends */

/* As long as there is something to carry. */
static void pump_run(struct pump *running)
{
	while (pump_step(running))
		;
}

static void make_pump(void)
{
	int from[2], to[2];

	ck_assert_int_eq(pipe2(from, O_NONBLOCK), 0);
	ck_assert_int_eq(pipe2(to, O_NONBLOCK), 0);
	memset(&pump, 0, sizeof(pump));
	pump.from = from[0];
	source = from[1];
	sink = to[0];
	pump.to = to[1];
}

START_TEST(pump_carries_and_ends)
{
	char text[8];

	make_pump();
	pump_run(&pump);
	ck_assert_int_eq(write(source, "one", 3), 3);
	pump_run(&pump);
	ck_assert_int_eq(read(sink, text, sizeof(text)), 3);
	ck_assert_mem_eq(text, "one", 3);
	ck_assert_int_eq(write(source, "two", 3), 3);
	close(source);
	pump_run(&pump);
	ck_assert_int_eq(read(sink, text, sizeof(text)), 3);
	ck_assert_int_eq(read(sink, text, sizeof(text)), 0);
	ck_assert_int_eq(pump.from, -1);
	pump_run(&pump);
	close(sink);
}
END_TEST

/* A writer that never stops must not keep PID 1: a step carries one buffer. */
START_TEST(pump_step_carries_a_buffer)
{
	static char block[65536], more[65536];

	make_pump();
	ck_assert_int_eq(write(source, block, sizeof(block)), sizeof(block));
	ck_assert(pump_step(&pump));
	ck_assert_int_eq(read(sink, more, sizeof(more)), sizeof(pump.buffer));
	while (pump_step(&pump))
		;
	ck_assert_int_gt(pump.from, -1);
	close(source);
	while (pump_step(&pump))
		;
	ck_assert_int_eq(pump.from, -1);
	close(sink);
}
END_TEST

/* Bytes that do not fit, an odd number of pages each time, come later and in order. */
START_TEST(pump_loses_nothing_when_the_reader_is_slow)
{
	unsigned char block[4096], next = 0, expected = 0;
	size_t sent = 0, received = 0;
	ssize_t count;

	make_pump();
	for (int round = 0; round < 100; round++) {
		for (;; next++) {
			memset(block, next, sizeof(block));
			if (write(source, block, sizeof(block)) < 0)
				break;
			sent += sizeof(block);
		}
		pump_run(&pump);
		for (int i = 0; i < 9 && (count = read(sink, block, sizeof(block))) > 0; i++) {
			ck_assert_int_eq(count, sizeof(block));
			ck_assert_int_eq(block[0], expected);
			ck_assert_int_eq(block[sizeof(block) - 1], expected++);
			received += (size_t)count;
		}
	}
	close(source);
	ck_assert_uint_gt(received, 1000000);
	ck_assert_uint_lt(received, sent);
	while (pump.from >= 0 || count > 0) {
		pump_run(&pump);
		count = read(sink, block, sizeof(block));
		if (count > 0)
			received += (size_t)count;
	}
	ck_assert_uint_eq(received, sent);
	close(sink);
}
END_TEST

START_TEST(pump_ends_when_nobody_reads)
{
	signal(SIGPIPE, SIG_IGN);
	make_pump();
	close(sink);
	ck_assert_int_eq(write(source, "lost", 4), 4);
	pump_run(&pump);
	ck_assert_int_eq(pump.from, -1);
	ck_assert_int_eq(write(source, "more", 4), -1);
	close(source);
}
END_TEST

/* A port has no descriptor to stand in for it: it reads 0 before it has been opened. */
START_TEST(pump_waits_for_a_port_to_be_opened)
{
	int unopened = open("/dev/null", O_RDONLY), opened;

	make_pump();
	pump.from_port = true;
	opened = dup(pump.from);
	ck_assert_int_ge(dup2(unopened, pump.from), 0);
	pump_run(&pump);
	ck_assert_int_ge(pump.from, 0);
	/* Now it is open, with nothing to read: not the end either. */
	ck_assert_int_ge(dup2(opened, pump.from), 0);
	pump_run(&pump);
	ck_assert_int_ge(pump.from, 0);
	ck_assert_int_ge(dup2(unopened, pump.from), 0);
	pump_run(&pump);
	ck_assert_int_eq(pump.from, -1);
	close(unopened);
	close(opened);
	close(source);
	close(sink);
}
END_TEST

/* Of the host's datagrams with the time: those here are too short to be one. */
START_TEST(the_time_is_taken_in_turns)
{
	enum { MANY = 100 };
	int sockets[2], turns = 1;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, sockets), 0);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(send(sockets[0], "late", 4, 0), 4);
	for (; clock_receive_datagrams(sockets[1]); turns++)
		;
	ck_assert_int_eq(turns, 2);
	ck_assert(!clock_receive_datagrams(sockets[1]));
	close(sockets[0]);
	close(sockets[1]);
}
END_TEST

START_TEST(small_differences_of_the_clock_are_left)
{
	const uint64_t time = UINT64_C(1700000000000000000), tolerance = 100000000;

	ck_assert(clock_agrees(time, time, tolerance));
	ck_assert(clock_agrees(time, time + tolerance, tolerance));
	ck_assert(clock_agrees(time, time - tolerance, tolerance));
	ck_assert(!clock_agrees(time, time + tolerance + 1, tolerance));
	ck_assert(!clock_agrees(time, time - tolerance - 1, tolerance));
	ck_assert(!clock_agrees(0, UINT64_MAX, tolerance));
}
END_TEST

START_TEST(the_event_of_a_new_generation_is_known)
{
	static const char event[] = "change@/devices/platform/vmgenid\0ACTION=change\0"
		"SUBSYSTEM=platform\0NEW_VMGENID=1\0SEQNUM=900";
	/* An event that a write to the file uevent made. */
	static const char written[] = "change@/devices/platform/vmgenid\0ACTION=change\0"
		"SYNTH_ARG_NEW_VMGENID=1\0SEQNUM=901";

	ck_assert(clock_is_new_generation(event, sizeof(event)));
	ck_assert(!clock_is_new_generation(written, sizeof(written)));
	ck_assert(!clock_is_new_generation(event, 60));
	ck_assert(!clock_is_new_generation("", 0));
}
END_TEST

Suite *life_suite(void)
{
	Suite *suite = suite_create("init-oci: life");
	TCase *cases = tcase_create("requests, streams, clock");

	tcase_add_test(cases, stop_has_a_default_and_a_limit);
	tcase_add_test(cases, signals_have_names_and_numbers);
	tcase_add_test(cases, sizes_are_rows_and_columns);
	tcase_add_test(cases, times_are_nanoseconds);
	tcase_add_test(cases, other_lines_are_errors_of_one_line);
	tcase_add_test(cases, lines_are_cut_at_their_end);
	tcase_add_test(cases, pump_carries_and_ends);
	tcase_add_test(cases, pump_step_carries_a_buffer);
	tcase_add_test(cases, pump_loses_nothing_when_the_reader_is_slow);
	tcase_add_test(cases, pump_ends_when_nobody_reads);
	tcase_add_test(cases, pump_waits_for_a_port_to_be_opened);
	tcase_add_test(cases, the_time_is_taken_in_turns);
	tcase_add_test(cases, small_differences_of_the_clock_are_left);
	tcase_add_test(cases, the_event_of_a_new_generation_is_known);
	suite_add_tcase(suite, cases);
	return suite;
}
