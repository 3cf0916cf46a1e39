// SPDX-License-Identifier: Apache-2.0
/* Input, output, the credit of both, and a runtime that comes back. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"
#include "tests.h"

static const struct supermachine_client_places all = { "channel", NULL, NULL, false };

static void start(struct talk *talk)
{
	talk_open_ready(talk);
	ck_assert_int_eq(supermachine_client_exec(talk->client, "a", &all, "{}"), 0);
	talk_hear(talk);
}

static void expect_data(struct talk *talk, unsigned int stream, const char *text)
{
	talk_expect(talk, SUPERMACHINE_CLIENT_DATA, "a");
	ck_assert_uint_eq(talk->event.stream, stream);
	ck_assert_uint_eq(talk->event.length, strlen(text));
	ck_assert_mem_eq(talk->event.bytes, text, strlen(text));
}

START_TEST(output_may_come_in_pieces)
{
	static const char said[] = "data a 1 12\nexit a 1\nabcdata a 2 0\ndata a 2 1\n\nclose a 2\n";
	char together[32] = "";
	struct talk talk;
	int got;

	start(&talk);
	for (size_t i = 0; i < sizeof(said) - 1; i++) {
		talk_say_bytes(&talk, said + i, 1);
		supermachine_client_step(talk.client);
		while ((got = supermachine_client_next(talk.client, &talk.event)) > 0 &&
		       talk.event.kind == SUPERMACHINE_CLIENT_DATA) {
			if (talk.event.stream == 1)
				strncat(together, (const char *)talk.event.bytes, talk.event.length);
			else
				strcat(together, "|");
		}
		ck_assert_int_ge(got, 0);
	}
	ck_assert_str_eq(together, "exit a 1\nabc|");
	ck_assert_int_eq(talk.event.kind, SUPERMACHINE_CLIENT_CLOSED);
	ck_assert_uint_eq(talk.event.stream, 2);
	talk_close(&talk);
}
END_TEST

START_TEST(output_needs_credit)
{
	struct talk talk;
	char body[TALK_WINDOW + 1];

	memset(body, 'b', TALK_WINDOW);
	body[TALK_WINDOW] = '\0';
	start(&talk);
	talk_say(&talk, "data a 1 100\n");
	talk_say(&talk, body);
	expect_data(&talk, 1, body);
	/* The other stream has its own. */
	talk_say(&talk, "data a 2 1\nx");
	expect_data(&talk, 2, "x");
	ck_assert_int_eq(supermachine_client_credit(talk.client, "a", 1, 50), 0);
	ck_assert_str_eq(talk_hear(&talk), "credit a 1 50\n");
	talk_say(&talk, "data a 1 49\n");
	talk_say_bytes(&talk, body, 49);
	talk_expect(&talk, SUPERMACHINE_CLIENT_DATA, "a");
	talk_say(&talk, "data a 1 1\ny");
	expect_data(&talk, 1, "y");
	talk_say(&talk, "data a 1 1\nz");
	talk_expect_end(&talk, EPROTO);
	talk_close(&talk);
}
END_TEST

START_TEST(credit_is_for_open_outputs)
{
	struct talk talk;

	start(&talk);
	ck_assert_int_eq(supermachine_client_credit(talk.client, "a", 0, 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(supermachine_client_credit(talk.client, "a", 3, 1), -1);
	ck_assert_int_eq(supermachine_client_credit(talk.client, "a", 1, UINT32_MAX), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(supermachine_client_credit(talk.client, "a", 1, 0), 0);
	ck_assert_int_eq(supermachine_client_credit(talk.client, "unknown", 1, 1), 0);
	talk_say(&talk, "close a 1\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_CLOSED, "a");
	ck_assert_int_eq(supermachine_client_credit(talk.client, "a", 1, 1), 0);
	ck_assert_str_eq(talk_hear(&talk), "");
	talk_close(&talk);
}
END_TEST

START_TEST(input_needs_credit)
{
	struct talk talk;
	char bytes[TALK_WINDOW + 50];

	memset(bytes, 'i', sizeof(bytes));
	start(&talk);
	/* Even before it has started. */
	ck_assert_int_eq(supermachine_client_write(talk.client, "a", "abc", 3), 3);
	ck_assert_str_eq(talk_hear(&talk), "data a 0 3\nabc");
	ck_assert_int_eq(supermachine_client_write(talk.client, "a", bytes, sizeof(bytes)),
			 TALK_WINDOW - 3);
	ck_assert_int_eq(supermachine_client_write(talk.client, "a", bytes, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	talk_expect_nothing(&talk);
	talk_say(&talk, "credit a 0 7\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_WRITABLE, "a");
	ck_assert_uint_eq(talk.event.number, 7);
	/* Told once. */
	talk_expect_nothing(&talk);
	ck_assert_int_eq(supermachine_client_write(talk.client, "a", bytes, 8), 7);
	talk_close(&talk);
}
END_TEST

START_TEST(input_leaves_room_for_requests)
{
	struct talk talk;
	ssize_t taken;
	size_t all_taken = 0;
	char *bytes = calloc(1, 1 << 20);

	ck_assert_ptr_nonnull(bytes);
	start(&talk);
	talk_say(&talk, "credit a 0 100000000\n");
	talk_expect_nothing(&talk);
	while ((taken = supermachine_client_write(talk.client, "a", bytes, 1 << 20)) > 0)
		all_taken += (size_t)taken;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_le(all_taken, 65536);
	ck_assert_int_eq(supermachine_client_stop(talk.client, 0), 0);
	ck_assert_int_eq(supermachine_client_poll_events(talk.client), POLLIN | POLLOUT);
	while (*talk_hear(&talk))
		;
	talk_expect(&talk, SUPERMACHINE_CLIENT_WRITABLE, "a");
	ck_assert_int_gt(supermachine_client_write(talk.client, "a", bytes, 1000), 0);
	free(bytes);
	talk_close(&talk);
}
END_TEST

START_TEST(input_ends)
{
	struct talk talk;

	start(&talk);
	ck_assert_int_eq(supermachine_client_write(talk.client, "a", "", 0), 0);
	ck_assert_int_eq(supermachine_client_close(talk.client, "a", 0), 0);
	ck_assert_int_eq(supermachine_client_close(talk.client, "a", 0), 0);
	ck_assert_str_eq(talk_hear(&talk), "close a 0\n");
	ck_assert_int_eq(supermachine_client_write(talk.client, "a", "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_int_eq(supermachine_client_write(talk.client, "b", "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	talk_close(&talk);
}
END_TEST

START_TEST(nobody_may_want_the_input)
{
	struct talk talk;
	char bytes[TALK_WINDOW + 1] = "";

	start(&talk);
	ck_assert_int_eq(supermachine_client_write(talk.client, "a", bytes, sizeof(bytes)), TALK_WINDOW);
	talk_say(&talk, "credit a 0 5\nclose a 0\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_CLOSED, "a");
	ck_assert_uint_eq(talk.event.stream, 0);
	talk_expect_nothing(&talk);
	ck_assert_int_eq(supermachine_client_write(talk.client, "a", "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	talk_close(&talk);
}
END_TEST

START_TEST(output_may_not_be_wanted)
{
	struct talk talk;

	start(&talk);
	talk_say(&talk, "data a 1 6\nabc");
	expect_data(&talk, 1, "abc");
	ck_assert_int_eq(supermachine_client_close(talk.client, "a", 1), 0);
	ck_assert_int_eq(supermachine_client_close(talk.client, "a", 3), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(talk_hear(&talk), "close a 1\n");
	talk_say(&talk, "defdata a 1 3\nghiclose a 1\nclose a 2\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_CLOSED, "a");
	ck_assert_uint_eq(talk.event.stream, 2);
	talk_close(&talk);
}
END_TEST

START_TEST(lines_of_ps_are_read)
{
	struct supermachine_client_task task;

	ck_assert(supermachine_client_read_ps("exec web-1 running 77 in:10:22 out:18446744073709551615",
					      &task));
	ck_assert_str_eq(task.request, "exec");
	ck_assert_str_eq(task.id, "web-1");
	ck_assert(task.runs && task.is_open[0] && task.is_open[1] && !task.is_open[2]);
	ck_assert_uint_eq(task.number, 77);
	ck_assert_uint_eq(task.carried[0], 10);
	ck_assert_uint_eq(task.credit, 22);
	ck_assert_uint_eq(task.carried[1], UINT64_MAX);
	ck_assert(supermachine_client_read_ps("exec b exited 255 err:3", &task));
	ck_assert(!task.runs && !task.is_open[0] && !task.is_open[1] && task.is_open[2]);
	ck_assert_uint_eq(task.number, 255);
	ck_assert(supermachine_client_read_ps("get c running 4", &task));
	ck_assert_str_eq(task.request, "get");
}
END_TEST

static const char *const other_lines[] = {
	"", "container running 3", "pid 1 0 S init-oci", "pid 5 1 R a running 3",
	"exec a", "exec a running", "exec a running x", "exec a sleeping 3", "exec a/b running 3",
	"exec a running 3 in:1", "exec a running 3 out", "exec a running 3 out:",
	"exec a running 3 more:1", "exec a running 3 in:1:4294967296",
	"exec a running 3 in:1:2 out:3 err:4 more", "exec a running 4294967296",
	"a-request-of-more-bytes running 3 x", " ", " a running 3",
};

START_TEST(other_lines_are_not)
{
	struct supermachine_client_task task;

	ck_assert(!supermachine_client_read_ps(other_lines[_i], &task));
}
END_TEST

START_TEST(what_runs_can_be_adopted)
{
	struct supermachine_client_task task;
	struct talk talk;

	talk_open_ready(&talk);
	ck_assert(supermachine_client_read_ps("exec a running 7 in:0:5 out:100", &task));
	ck_assert_int_eq(supermachine_client_adopt(talk.client, &task), 0);
	ck_assert_int_eq(supermachine_client_adopt(talk.client, &task), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(supermachine_client_write(talk.client, "a", "abcdefgh", 8), 5);
	ck_assert_int_eq(supermachine_client_credit(talk.client, "a", 1, 3), 0);
	ck_assert_str_eq(talk_hear(&talk), "data a 0 5\nabcdecredit a 1 3\n");
	talk_say(&talk, "data a 1 3\nxyzexit a 4\nclose a 1\n");
	expect_data(&talk, 1, "xyz");
	talk_expect(&talk, SUPERMACHINE_CLIENT_EXIT, "a");
	talk_expect(&talk, SUPERMACHINE_CLIENT_CLOSED, "a");
	ck_assert_int_eq(supermachine_client_forget(talk.client, "a"), 0);
	ck_assert_str_eq(talk_hear(&talk), "forget a\n");
	talk_close(&talk);
}
END_TEST

START_TEST(an_adopted_stream_has_no_credit)
{
	struct supermachine_client_task task;
	struct talk talk;

	talk_open_ready(&talk);
	ck_assert(supermachine_client_read_ps("exec a running 7 out:100", &task));
	ck_assert_int_eq(supermachine_client_adopt(talk.client, &task), 0);
	talk_say(&talk, "data a 1 1\n");
	talk_expect_end(&talk, EPROTO);
	talk_close(&talk);
}
END_TEST

Suite *streams_suite(void)
{
	Suite *suite = suite_create("streams");
	TCase *streams = tcase_create("streams");

	tcase_add_test(streams, output_may_come_in_pieces);
	tcase_add_test(streams, output_needs_credit);
	tcase_add_test(streams, credit_is_for_open_outputs);
	tcase_add_test(streams, input_needs_credit);
	tcase_add_test(streams, input_leaves_room_for_requests);
	tcase_add_test(streams, input_ends);
	tcase_add_test(streams, nobody_may_want_the_input);
	tcase_add_test(streams, output_may_not_be_wanted);
	tcase_add_test(streams, lines_of_ps_are_read);
	tcase_add_loop_test(streams, other_lines_are_not, 0,
			    (int)(sizeof(other_lines) / sizeof(other_lines[0])));
	tcase_add_test(streams, what_runs_can_be_adopted);
	tcase_add_test(streams, an_adopted_stream_has_no_credit);
	suite_add_tcase(suite, streams);
	return suite;
}
