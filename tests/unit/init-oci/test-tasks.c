// SPDX-License-Identifier: Apache-2.0
/* Further processes and work, as the VMM sees them on the channel. */
#include "tests.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fake-tasks.h"

static struct fake fake;
static char told[1024 * 1024];
static size_t told_length;

static void say(const char *text)
{
	fake_take(&fake, text, strlen(text));
}

/* Everything that happens now, and what the VMM is told then. */
static const char *hear(void)
{
	struct epoll_event events[64];
	bool more;

	told_length = 0;
	do {
		const int count = epoll_wait(fake.tasks.events, events, 64, 0);

		for (int i = 0; i < count; i++)
			tasks_note_event(&fake.tasks, events[i].data.u32);
		more = tasks_step(&fake.tasks) || count > 0 || fake.outbox.end > 0;
		memcpy(told + told_length, fake.outbox.bytes + fake.outbox.start,
		       fake.outbox.end - fake.outbox.start);
		told_length += fake.outbox.end - fake.outbox.start;
		fake.outbox.start = fake.outbox.end = 0;
	} while (more);
	told[told_length] = '\0';
	return told;
}

static void begin(void)
{
	/* The kernel does not deliver it to a PID 1. */
	signal(SIGPIPE, SIG_IGN);
	fake_open(&fake);
	say("hello me\n");
	ck_assert_str_eq(strtok((char *)hear(), " "), "hello");
}

static void write_out(const char *id, unsigned int stream, const char *text)
{
	ck_assert_int_eq(write(fake_their_end(&fake, id, stream), text, strlen(text)),
			 (ssize_t)strlen(text));
}

START_TEST(a_session_begins_with_hello)
{
	fake_open(&fake);
	say("ps p\n");
	ck_assert_int_eq(fake.errors, 1);
	ck_assert_str_eq(fake.error, "ps: comes before a hello");
	say("exec e 3\nps\n");
	ck_assert_int_eq(fake.errors, 2);
	say("hello 0-A_z.9 and more\n");
	ck_assert_str_eq(hear(), "hello 0-A_z.9 1 processes=512 body=262144 window=32768 exec signal "
			 "size forget get put ps statistics mount umount pause resume sync "
			 "nameserver hostname\n");
	fake_close(&fake);
}
END_TEST

START_TEST(a_process_starts_writes_and_ends)
{
	begin();
	say("exec e 2\n{}");
	ck_assert_str_eq(hear(), "");
	fake_start(&fake, "e");
	ck_assert_str_eq(hear(), "started e 1000\n");
	write_out("e", 1, "out\n");
	write_out("e", 2, "err");
	ck_assert_str_eq(hear(), "data e 1 4\nout\ndata e 2 3\nerr");
	fake_end(&fake, "e", 3 << 8);
	ck_assert_str_eq(hear(), "exit e 3\nclose e 1\nclose e 2\n");
	ck_assert_uint_eq(fake.tasks.used, 0);
	fake_close(&fake);
}
END_TEST

START_TEST(an_id_is_in_use_until_all_is_told)
{
	begin();
	say("exec e 2\n{}");
	fake_start(&fake, "e");
	say("exec e 2\n{}");
	ck_assert_int_eq(fake.errors, 1);
	ck_assert_str_eq(fake.error, "exec e: this id is in use");
	say("ps e\n");
	ck_assert_int_eq(fake.errors, 2);
	fake_end(&fake, "e", 0);
	hear();
	say("exec e 2\n{}");
	ck_assert_int_eq(fake.errors, 2);
	fake_close(&fake);
}
END_TEST

START_TEST(what_is_wrong_is_told_with_the_id)
{
	begin();
	say("exec e nowhere 2\n{}exec f in=out 2\n{}exec g 262145\n");
	ck_assert_int_eq(fake.errors, 0);
	ck_assert_str_eq(hear(),
			 "failed e EINVAL exec e: nowhere: is no place for a stream\n"
			 "failed f EINVAL exec f: in=out: is no place for a stream\n"
			 "failed g E2BIG exec: the body is too long\n");
	ck_assert_uint_eq(fake.tasks.body_left, 262145);
	fake_close(&fake);
}
END_TEST

START_TEST(there_are_three_streams)
{
	begin();
	say("exec e 2\n{}");
	for (int i = 3; i < 30; i++) {
		char line[32];

		snprintf(line, sizeof(line), "close e %d\n", i);
		say(line);
	}
	ck_assert_int_eq(fake.errors, 27);
	ck_assert_str_eq(fake.error, "close e 29: is no stream: 0, 1 or 2");
	fake_close(&fake);
}
END_TEST

START_TEST(what_came_before_a_start_that_failed_is_freed)
{
	begin();
	say("exec e in=channel 2\n{}data e 0 5\nearly");
	fake_end(&fake, "e", 9);
	ck_assert_str_eq(hear(), "failed e ECANCELED exec: ended by signal 9\n");
	ck_assert_uint_eq(fake.tasks.used, 0);
	fake_close(&fake);
}
END_TEST

START_TEST(a_flood_is_stopped_by_its_credit)
{
	static char flood[65536];
	size_t length;

	memset(flood, 'x', sizeof(flood));
	begin();
	say("exec e 2\n{}");
	fake_start(&fake, "e");
	ck_assert_int_eq(write(fake_their_end(&fake, "e", 1), flood, sizeof(flood)), 65536);
	hear();
	length = told_length;
	ck_assert_uint_gt(length, WINDOW);
	ck_assert_uint_lt(length, WINDOW + 512);
	ck_assert_str_eq(hear(), "");
	write_out("e", 2, "err");
	ck_assert_str_eq(hear(), "data e 2 3\nerr");
	say("credit e 1 5\n");
	ck_assert_str_eq(hear(), "data e 1 5\nxxxxx");
	say("credit e 1 4294967295\ncredit e 1 4294967295\n");
	hear();
	ck_assert_uint_gt(told_length, 65536 - WINDOW - 5);
	fake_close(&fake);
}
END_TEST

START_TEST(input_has_a_window)
{
	static char input[WINDOW], got[WINDOW * 4];
	const char *header = "data e 0 32768\n";
	int end;

	memset(input, 'i', sizeof(input));
	begin();
	say("exec e in=channel 2\n{}");
	fake_start(&fake, "e");
	hear();
	end = fake_their_end(&fake, "e", 0);
	for (int i = 0; i < 2; i++) {
		say(header);
		fake_take(&fake, input, sizeof(input));
		/* The pipe takes it. */
		ck_assert_str_eq(hear(), "credit e 0 32768\n");
	}
	say(header);
	fake_take(&fake, input, sizeof(input));
	ck_assert_str_eq(hear(), "");
	say("data e 0 1\nx");
	ck_assert_str_eq(fake.error, "data e: is more than the credit");
	ck_assert_int_eq(read(end, got, sizeof(got)), 65536);
	ck_assert_str_eq(hear(), "credit e 0 32768\n");
	ck_assert_int_eq(read(end, got, sizeof(got)), 32768);
	say("data e 0 4\nlastclose e 0\n");
	hear();
	ck_assert_int_eq(read(end, got, sizeof(got)), 4);
	ck_assert_int_eq(read(end, got, sizeof(got)), 0);
	fake_close(&fake);
}
END_TEST

static void send_input(size_t count)
{
	static const char bytes[WINDOW];
	char line[32];

	snprintf(line, sizeof(line), "data e 0 %zu\n", count);
	say(line);
	fake_take(&fake, bytes, count);
}

/* All that is written of it is read. */
static void read_input(void)
{
	static char bytes[WINDOW];

	while (read(fake_their_end(&fake, "e", 0), bytes, sizeof(bytes)) > 0)
		;
}

START_TEST(credit_that_is_told_late_is_not_for_what_is_held)
{
	begin();
	say("exec e in=channel 2\n{}");
	fake_start(&fake, "e");
	/* The pipe takes 64 KiB, and nobody reads it. */
	send_input(WINDOW);
	ck_assert_str_eq(hear(), "started e 1000\ncredit e 0 32768\n");
	send_input(WINDOW / 2);
	ck_assert_str_eq(hear(), "credit e 0 16384\n");
	/* Nor does the VMM read what it is told. */
	while (OUTBOX_LINE(&fake.outbox, "a line"))
		;
	send_input(WINDOW / 2);
	send_input(WINDOW / 2);
	hear();
	ck_assert_str_eq(told + told_length - strlen("\ncredit e 0 16384\n"),
			 "\ncredit e 0 16384\n");
	send_input(WINDOW / 2);
	say("data e 0 1\nx");
	ck_assert_str_eq(fake.error, "data e: is more than the credit");
	read_input();
	ck_assert_str_eq(hear(), "credit e 0 32768\n");
	ck_assert_int_eq(fake.errors, 1);
	fake_close(&fake);
}
END_TEST

START_TEST(credit_is_not_told_within_a_list_of_it)
{
	begin();
	say("exec e in=channel 2\n{}");
	fake_start(&fake, "e");
	say("ps p\n");
	send_input(WINDOW);
	ck_assert_str_eq(hear(), "started e 1000\n");
	write_out("p", 1, "list\n");
	fake_end(&fake, "p", 0);
	/* By this, the loop knows that there is more to tell. */
	fake.outbox.had_no_room = false;
	ck_assert_str_eq(hear(), "data p 1 5\nlist\nclose p 1\ndone p\ncredit e 0 32768\n");
	ck_assert(fake.outbox.had_no_room);
	ck_assert_int_eq(fake.errors, 0);
	fake_close(&fake);
}
END_TEST

START_TEST(what_a_client_announced_and_did_not_send_may_be_sent_again)
{
	begin();
	say("exec e in=channel 2\n{}");
	fake_start(&fake, "e");
	say("data e 0 32768\n0123456789");
	tasks_hang_up(&fake.tasks);
	say("hello again\n");
	hear();
	send_input(WINDOW - 10);
	ck_assert_str_eq(hear(), "credit e 0 32768\n");
	ck_assert_int_eq(fake.errors, 0);
	fake_close(&fake);
}
END_TEST

START_TEST(input_may_come_before_the_start)
{
	char got[16];
	int end;

	begin();
	say("exec e in=channel 2\n{}data e 0 5\nearlyclose e 0\n");
	end = fake_their_end(&fake, "e", 0);
	ck_assert_int_lt(read(end, got, sizeof(got)), 0);
	fake_start(&fake, "e");
	hear();
	ck_assert_int_eq(read(end, got, sizeof(got)), 5);
	ck_assert_int_eq(read(end, got, sizeof(got)), 0);
	fake_close(&fake);
}
END_TEST

START_TEST(nobody_reads_the_input)
{
	begin();
	say("exec e in=channel 2\n{}");
	fake_start(&fake, "e");
	hear();
	close(fake_their_end(&fake, "e", 0));
	say("data e 0 3\nabc");
	ck_assert_str_eq(hear(), "close e 0\n");
	/* It may have been on its way. */
	say("data e 0 3\nabcdata gone 0 4\nabcdcredit gone 1 1\nsignal gone KILL\n");
	ck_assert_int_eq(fake.errors, 0);
	say("data e 1 3\nabc");
	fake_close(&fake);
}
END_TEST

START_TEST(input_ends_with_who_reads_it)
{
	begin();
	say("exec e in=channel 2\n{}put p 1\n/");
	fake_start(&fake, "e");
	ck_assert_str_eq(hear(), "started e 1000\n");
	fake_end(&fake, "e", 0);
	ck_assert_str_eq(hear(), "exit e 0\nclose e 0\nclose e 1\nclose e 2\n");
	fake_end(&fake, "p", 0);
	ck_assert_str_eq(hear(), "close p 0\ndone p\n");
	ck_assert_uint_eq(fake.tasks.used, 0);
	fake_close(&fake);
}
END_TEST

START_TEST(a_client_that_comes_back_finds_what_runs)
{
	char text[512];
	struct error error;
	int ends[2];
	ssize_t length;

	begin();
	say("exec stays keep in=channel 2\n{}exec ends 2\n{}exec half 1000\n{");
	fake_start(&fake, "stays");
	fake_start(&fake, "ends");
	write_out("stays", 1, "before");
	hear();
	tasks_hang_up(&fake.tasks);
	write_out("stays", 1, "after");
	fake_end(&fake, "ends", 9);
	ck_assert_str_eq(hear(), "");
	say("hello again\n");
	ck_assert_ptr_nonnull(strstr(hear(), "exit ends 137\n"));
	ck_assert_ptr_null(strstr(told, "after"));
	say("credit stays 1 100\n");
	ck_assert_str_eq(hear(), "data stays 1 5\nafter");
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(tasks_list(&fake.tasks, ends[1], &error), 0);
	length = read(ends[0], text, sizeof(text) - 1);
	ck_assert_int_gt(length, 0);
	text[length] = '\0';
	ck_assert_str_eq(text, "container running 0\n"
			 "exec stays running 1000 in:0:32768 out:11 err:0\n");
	fake_end(&fake, "stays", 0);
	ck_assert_str_eq(hear(), "exit stays 0\nclose stays 0\nclose stays 1\n"
			 "close stays 2\n");
	ck_assert_uint_gt(fake.tasks.used, 0);
	say("forget stays\n");
	ck_assert_str_eq(hear(), "");
	ck_assert_uint_eq(fake.tasks.used, 0);
	fake_close(&fake);
}
END_TEST

START_TEST(work_is_done_when_all_of_it_is_sent)
{
	begin();
	say("get g 4\n/etc");
	write_out("g", 1, "archive");
	fake_end(&fake, "g", 0);
	ck_assert_str_eq(hear(), "data g 1 7\narchiveclose g 1\ndone g\n");
	say("sync s\n");
	fake_end(&fake, "s", 9);
	ck_assert_str_eq(hear(), "failed s ECANCELED sync: ended by signal 9\n");
	ck_assert_uint_eq(fake.tasks.used, 0);
	fake_close(&fake);
}
END_TEST

START_TEST(there_is_a_limit)
{
	char line[64];

	begin();
	for (int i = 0; i <= TASKS_MAX; i++) {
		snprintf(line, sizeof(line), "sync s%d\n", i);
		say(line);
	}
	ck_assert_str_eq(hear(), "failed s512 EAGAIN sync: too many ids are in use\n");
	for (int i = 0; i < TASKS_MAX; i++) {
		snprintf(line, sizeof(line), "s%d", i);
		fake_end(&fake, line, 0);
		hear();
	}
	ck_assert_uint_eq(fake.tasks.used, 0);
	fake_close(&fake);
}
END_TEST

START_TEST(a_vmm_that_does_not_read_is_told_of_ends_later)
{
	int lines = 0;

	begin();
	say("exec e 2\n{}sync s\n");
	fake_start(&fake, "e");
	while (OUTBOX_LINE(&fake.outbox, "a line of some length, of which there are many"))
		lines++;
	ck_assert_int_gt(lines, 100);
	/* By this, the loop knows that there is more to tell when the VMM has read. */
	fake.outbox.had_no_room = false;
	fake_end(&fake, "e", 0);
	ck_assert(fake.outbox.had_no_room);
	fake_end(&fake, "s", 0);
	ck_assert_uint_eq(fake.tasks.used, 2);
	hear();
	ck_assert_ptr_nonnull(strstr(told, "\nexit e 0\n"));
	ck_assert_ptr_nonnull(strstr(told, "\ndone s\n"));
	ck_assert_uint_eq(fake.tasks.used, 0);
	fake_close(&fake);
}
END_TEST

Suite *tasks_suite(void)
{
	Suite *suite = suite_create("tasks");
	TCase *cases = tcase_create("tasks");

	tcase_add_test(cases, a_session_begins_with_hello);
	tcase_add_test(cases, a_process_starts_writes_and_ends);
	tcase_add_test(cases, an_id_is_in_use_until_all_is_told);
	tcase_add_test(cases, what_is_wrong_is_told_with_the_id);
	tcase_add_test(cases, there_are_three_streams);
	tcase_add_test(cases, what_came_before_a_start_that_failed_is_freed);
	tcase_add_test(cases, a_flood_is_stopped_by_its_credit);
	tcase_add_test(cases, input_has_a_window);
	tcase_add_test(cases, credit_that_is_told_late_is_not_for_what_is_held);
	tcase_add_test(cases, credit_is_not_told_within_a_list_of_it);
	tcase_add_test(cases, what_a_client_announced_and_did_not_send_may_be_sent_again);
	tcase_add_test(cases, input_may_come_before_the_start);
	tcase_add_test(cases, nobody_reads_the_input);
	tcase_add_test(cases, input_ends_with_who_reads_it);
	tcase_add_test(cases, a_client_that_comes_back_finds_what_runs);
	tcase_add_test(cases, work_is_done_when_all_of_it_is_sent);
	tcase_add_test(cases, there_is_a_limit);
	tcase_add_test(cases, a_vmm_that_does_not_read_is_told_of_ends_later);
	suite_add_tcase(suite, cases);
	return suite;
}
