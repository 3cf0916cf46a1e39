// SPDX-License-Identifier: Apache-2.0
/* How sessions begin and end, and what a guest must not do. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "talk.h"
#include "tests.h"

static void answer(struct talk *talk, const char *words)
{
	char line[2048];

	snprintf(line, sizeof(line), "hello %s %s\n", talk->mark, words);
	talk_say(talk, line);
}

START_TEST(a_session_begins_with_the_answer)
{
	struct talk talk;

	talk_open(&talk, false);
	ck_assert_uint_eq(supermachine_client_window(talk.client), 0);
	ck_assert_int_eq(supermachine_client_ps(talk.client, "a"), -1);
	ck_assert_int_eq(errno, EAGAIN);
	talk_expect_nothing(&talk);
	answer(&talk, "1 later=3 " TALK_LIMITS " exec new");
	talk_expect(&talk, SUPERMACHINE_CLIENT_READY, NULL);
	ck_assert_uint_eq(supermachine_client_window(talk.client), TALK_WINDOW);
	/* It does not know this one. */
	ck_assert_int_eq(supermachine_client_ps(talk.client, "a"), -1);
	ck_assert_int_eq(errno, ENOTSUP);
	ck_assert_int_eq(supermachine_client_exec(talk.client, "a", NULL, "{}"), 0);
	talk_close(&talk);
}
END_TEST

START_TEST(marks_differ)
{
	struct talk one, other;

	talk_open(&one, false);
	talk_open(&other, false);
	ck_assert_uint_eq(strlen(one.mark), 32);
	ck_assert_str_ne(one.mark, other.mark);
	talk_close(&one);
	talk_close(&other);
}
END_TEST

START_TEST(what_comes_before_the_answer_is_discarded)
{
	struct talk talk;
	char *rest = malloc(60000);

	ck_assert_ptr_nonnull(rest);
	talk_open(&talk, true);
	talk_say(&talk, "data a 1 5\nhello hello 2 1\ndata old 1 100000\nexit 3\n");
	talk_expect_nothing(&talk);
	memset(rest, 'x', 60000);
	talk_say_bytes(&talk, rest, 60000);
	talk_expect_nothing(&talk);
	talk_say_bytes(&talk, rest, 60000);
	talk_expect_nothing(&talk);
	/* No newline after the end of a body, and not all at once. */
	talk_say(&talk, "hello ");
	talk_say_bytes(&talk, talk.mark, 7);
	talk_expect_nothing(&talk);
	talk_say(&talk, talk.mark + 7);
	talk_say(&talk, " 1 " TALK_LIMITS);
	talk_expect_nothing(&talk);
	talk_say(&talk, "\nstarted\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_READY, NULL);
	talk_expect(&talk, SUPERMACHINE_CLIENT_RUNS, NULL);
	free(rest);
	talk_close(&talk);
}
END_TEST

static void sleep_milliseconds(int milliseconds)
{
	const struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

START_TEST(half_a_message_of_a_predecessor_is_ended)
{
	struct talk talk;
	size_t newlines = 0;
	char hello[80];

	talk_open(&talk, true);
	snprintf(hello, sizeof(hello), "hello %s\n", talk.mark);
	ck_assert_int_gt(supermachine_client_timeout(talk.client), 0);
	ck_assert_int_le(supermachine_client_timeout(talk.client), 1000);
	ck_assert_str_eq(talk_hear(&talk), "");
	sleep_milliseconds(supermachine_client_timeout(talk.client) + 1);
	ck_assert_int_eq(supermachine_client_timeout(talk.client), 0);
	supermachine_client_step(talk.client);
	ck_assert_int_eq(supermachine_client_timeout(talk.client), -1);
	while (*talk_hear(&talk)) {
		const size_t count = strspn(talk.heard, "\n");

		newlines += count;
		if (count < talk.heard_length) {
			ck_assert_str_eq(talk.heard + count, hello);
			break;
		}
	}
	ck_assert_uint_eq(newlines, 262144 + 1);
	talk_close(&talk);
}
END_TEST

START_TEST(a_guest_that_has_yet_to_start_is_waited_for)
{
	struct talk talk;

	talk_open(&talk, false);
	ck_assert_int_eq(supermachine_client_timeout(talk.client), -1);
	sleep_milliseconds(1100);
	ck_assert_str_eq(talk_hear(&talk), "");
	talk_close(&talk);
}
END_TEST

static const struct {
	const char *words;
	int error;
} no_answers[] = {
	{ "2 " TALK_LIMITS " exec", EPROTONOSUPPORT },
	{ "0 " TALK_LIMITS " exec", EPROTONOSUPPORT },
	{ "one " TALK_LIMITS, EPROTO },
	{ "", EPROTO },
	{ "1", EPROTO },
	{ "1 body=10", EPROTO },
	{ "1 window=10", EPROTO },
	{ "1 body= window=10", EPROTO },
	{ "1 body=10 window=-1", EPROTO },
	{ "1 body=10 window=4294967296", EPROTO },
	{ "1 body=99999999999999999999999 window=1", EPROTO },
};

START_TEST(other_answers_are_refused)
{
	struct talk talk;

	talk_open(&talk, false);
	answer(&talk, no_answers[_i].words);
	talk_expect_end(&talk, no_answers[_i].error);
	talk_close(&talk);
}
END_TEST

START_TEST(an_answer_has_an_end)
{
	struct talk talk;
	char words[1100];

	memset(words, 'w', sizeof(words));
	words[sizeof(words) - 1] = '\0';
	talk_open(&talk, false);
	answer(&talk, words);
	talk_expect_end(&talk, EPROTO);
	talk_close(&talk);
}
END_TEST

START_TEST(the_container_tells_of_itself)
{
	struct talk talk;

	talk_open_ready(&talk);
	talk_say(&talk, "started\noom-kill 18446744073709551615\nerror stop: no\nexit 137\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_RUNS, NULL);
	talk_expect(&talk, SUPERMACHINE_CLIENT_OOM_KILL, NULL);
	ck_assert_uint_eq(talk.event.number, UINT64_MAX);
	talk_expect(&talk, SUPERMACHINE_CLIENT_COMPLAINT, NULL);
	ck_assert_str_eq(talk.event.text, "stop: no");
	talk_expect(&talk, SUPERMACHINE_CLIENT_ENDED, NULL);
	ck_assert_uint_eq(talk.event.number, 137);
	talk_close(&talk);
}
END_TEST

START_TEST(what_was_said_before_the_end_counts)
{
	struct talk talk;

	talk_open_ready(&talk);
	talk_say(&talk, "exit 0\nhalf a li");
	close(talk.fds[1]);
	talk.fds[1] = -1;
	/* The client finds it out by itself, and what it was to send is no trouble. */
	ck_assert_int_eq(supermachine_client_stop(talk.client, 1), 0);
	for (int i = 0; i < 3; i++)
		supermachine_client_step(talk.client);
	talk_expect(&talk, SUPERMACHINE_CLIENT_ENDED, NULL);
	talk_expect_end(&talk, ECONNRESET);
	ck_assert_int_eq(supermachine_client_poll_events(talk.client), 0);
	ck_assert_int_eq(supermachine_client_timeout(talk.client), 0);
	talk_close(&talk);
}
END_TEST

START_TEST(lines_of_a_later_guest_are_ignored)
{
	struct talk talk;

	talk_open_ready(&talk);
	talk_say(&talk, "\nnews\nweather is fine today and so on\nstarted a b c\nexit\nhello x\n"
			"started unknown 5\nexit unknown 5\ndone unknown\nclose unknown 1\n"
			"credit unknown 0 7\nfailed unknown EIO x\nstarted\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_RUNS, NULL);
	talk_close(&talk);
}
END_TEST

/* With an exec "a" whose streams are all on the channel. */
static const char *const wrong_lines[] = {
	"data a 1\n", "data a\n", "data\n", "data a 1 2 3\n", "data a 0 1\n", "data a 3 1\n",
	"data a 1 -1\n", "data a 1 x\n", "data a 1 \n", "data a 1 4294967296\n",
	"data a 1 18446744073709551617\n", "data a 1 101\n", "data a 2 4294967295\n",
	"data unknown 7 1\n", "credit a 1 1\n", "credit a 0 4294967296\n",
	"credit a 0 4294967295\n", "credit a 0 \n", "close a 3\n", "close a x\n", "exit a x\n",
	"exit a 4294967296\n", "started a -1\n", "exit x\n", "oom-kill 18446744073709551616\n",
};

START_TEST(what_is_no_message_ends_the_connection)
{
	const struct supermachine_client_places all = { "channel", NULL, NULL, false };
	struct talk talk;

	talk_open_ready(&talk);
	ck_assert_int_eq(supermachine_client_exec(talk.client, "a", &all, "{}"), 0);
	talk_say(&talk, "started\n");
	talk_say(&talk, wrong_lines[_i]);
	talk_expect(&talk, SUPERMACHINE_CLIENT_RUNS, NULL);
	talk_expect_end(&talk, EPROTO);
	talk_close(&talk);
}
END_TEST

START_TEST(a_line_has_an_end)
{
	struct talk talk;
	char line[1024];

	memset(line, 'l', sizeof(line));
	talk_open_ready(&talk);
	talk_say_bytes(&talk, line, sizeof(line) - 1);
	talk_expect_nothing(&talk);
	talk_say_bytes(&talk, line, 1);
	talk_expect_end(&talk, EPROTO);
	talk_close(&talk);
}
END_TEST

START_TEST(sentences_are_printable)
{
	struct talk talk;

	talk_open_ready(&talk);
	talk_say_bytes(&talk, "error \033[2J\0\r\t\x7f\xc3\xa9.\n", 18);
	talk_expect(&talk, SUPERMACHINE_CLIENT_COMPLAINT, NULL);
	ck_assert_str_eq(talk.event.text, "?[2J??????.");
	talk_close(&talk);
}
END_TEST

START_TEST(what_is_not_taken_is_not_received)
{
	struct talk talk;
	char lines[40000];

	memset(lines, '\n', sizeof(lines));
	talk_open_ready(&talk);
	ck_assert_int_eq(supermachine_client_poll_events(talk.client), POLLIN);
	talk_say_bytes(&talk, lines, sizeof(lines));
	supermachine_client_step(talk.client);
	ck_assert_int_eq(supermachine_client_poll_events(talk.client), 0);
	talk_say_bytes(&talk, lines, sizeof(lines));
	supermachine_client_step(talk.client);
	talk_expect_nothing(&talk);
	talk_expect_nothing(&talk);
	ck_assert_int_eq(supermachine_client_poll_events(talk.client), POLLIN);
	talk_close(&talk);
}
END_TEST

Suite *session_suite(void)
{
	Suite *suite = suite_create("session");
	TCase *session = tcase_create("session");

	tcase_add_test(session, a_session_begins_with_the_answer);
	tcase_add_test(session, marks_differ);
	tcase_add_test(session, what_comes_before_the_answer_is_discarded);
	tcase_add_test(session, half_a_message_of_a_predecessor_is_ended);
	tcase_add_test(session, a_guest_that_has_yet_to_start_is_waited_for);
	tcase_add_loop_test(session, other_answers_are_refused, 0,
			    (int)(sizeof(no_answers) / sizeof(no_answers[0])));
	tcase_add_test(session, an_answer_has_an_end);
	tcase_add_test(session, the_container_tells_of_itself);
	tcase_add_test(session, what_was_said_before_the_end_counts);
	tcase_add_test(session, lines_of_a_later_guest_are_ignored);
	tcase_add_loop_test(session, what_is_no_message_ends_the_connection, 0,
			    (int)(sizeof(wrong_lines) / sizeof(wrong_lines[0])));
	tcase_add_test(session, a_line_has_an_end);
	tcase_add_test(session, sentences_are_printable);
	tcase_add_test(session, what_is_not_taken_is_not_received);
	suite_add_tcase(suite, session);
	return suite;
}
