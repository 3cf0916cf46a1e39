// SPDX-License-Identifier: Apache-2.0
/* What the client sends, and how it is answered. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"
#include "tests.h"

static const struct supermachine_client_places everything = {
	"vsock:7", "port:out", "null", true
};

static int exec_as_it_is(struct supermachine_client *client)
{
	return supermachine_client_exec(client, "a", NULL, "{}");
}

static int exec_elsewhere(struct supermachine_client *client)
{
	return supermachine_client_exec(client, "a", &everything, "{}");
}

static int get_it(struct supermachine_client *client)
{
	return supermachine_client_get(client, "a", NULL, "/etc");
}

static int get_elsewhere(struct supermachine_client *client)
{
	return supermachine_client_get(client, "a", &everything, "/etc");
}

static int put_it(struct supermachine_client *client)
{
	return supermachine_client_put(client, "a", NULL, "/a b\nc");
}

static int put_from_elsewhere(struct supermachine_client *client)
{
	return supermachine_client_put(client, "a", &everything, "/");
}

static int list_processes(struct supermachine_client *client)
{
	return supermachine_client_ps(client, "a");
}

static int tell_statistics(struct supermachine_client *client)
{
	return supermachine_client_statistics(client, "a");
}

static int mount_it(struct supermachine_client *client)
{
	return supermachine_client_mount(client, "a", "{\"destination\":\"/m\"}");
}

static int umount_it(struct supermachine_client *client)
{
	return supermachine_client_umount(client, "a", "/m");
}

static int pause_it(struct supermachine_client *client)
{
	return supermachine_client_pause(client, "a");
}

static int resume_it(struct supermachine_client *client)
{
	return supermachine_client_resume(client, "a");
}

static int sync_it(struct supermachine_client *client)
{
	return supermachine_client_sync(client, "a");
}

static int set_name_servers(struct supermachine_client *client)
{
	return supermachine_client_nameserver(client, "a", "1.2.3.4 ::1");
}

static int set_hostname(struct supermachine_client *client)
{
	return supermachine_client_hostname(client, "a", "box");
}

static int stop(struct supermachine_client *client)
{
	return supermachine_client_stop(client, 86400);
}

static int signal_container(struct supermachine_client *client)
{
	return supermachine_client_signal(client, NULL, "SIGRTMIN+3");
}

static int size_of_container(struct supermachine_client *client)
{
	return supermachine_client_size(client, NULL, 65535, 0);
}

static int tell_time(struct supermachine_client *client)
{
	return supermachine_client_time(client, UINT64_MAX);
}

static const struct {
	int (*send)(struct supermachine_client *client);
	const char *sent;
} requests[] = {
	{ exec_as_it_is, "exec a in=null out=channel err=channel 2\n{}" },
	{ exec_elsewhere, "exec a in=vsock:7 out=port:out err=null keep 2\n{}" },
	{ get_it, "get a 4\n/etc" },
	{ get_elsewhere, "get a out=port:out 4\n/etc" },
	{ put_it, "put a 6\n/a b\nc" },
	{ put_from_elsewhere, "put a in=vsock:7 1\n/" },
	{ list_processes, "ps a\n" },
	{ tell_statistics, "statistics a\n" },
	{ mount_it, "mount a 20\n{\"destination\":\"/m\"}" },
	{ umount_it, "umount a 2\n/m" },
	{ pause_it, "pause a\n" },
	{ resume_it, "resume a\n" },
	{ sync_it, "sync a\n" },
	{ set_name_servers, "nameserver a 1.2.3.4 ::1\n" },
	{ set_hostname, "hostname a box\n" },
	{ stop, "stop 86400\n" },
	{ signal_container, "signal SIGRTMIN+3\n" },
	{ size_of_container, "size 65535 0\n" },
	{ tell_time, "time 18446744073709551615\n" },
};
#define WITH_AN_ID 15

START_TEST(requests_are_sent)
{
	struct talk talk;

	talk_open_ready(&talk);
	ck_assert_int_eq(requests[_i].send(talk.client), 0);
	ck_assert_str_eq(talk_hear(&talk), requests[_i].sent);
	talk_close(&talk);
}
END_TEST

START_TEST(an_id_is_used_once)
{
	struct talk talk;

	talk_open_ready(&talk);
	ck_assert_int_eq(requests[_i].send(talk.client), 0);
	talk_hear(&talk);
	ck_assert_int_eq(requests[_i].send(talk.client), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_str_eq(talk_hear(&talk), "");
	talk_say(&talk, "failed a ENOENT it is gone\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_FAILED, "a");
	ck_assert_str_eq(talk.event.code, "ENOENT");
	ck_assert_str_eq(talk.event.text, "it is gone");
	ck_assert_int_eq(requests[_i].send(talk.client), 0);
	talk_say(&talk, "failed a EIO\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_FAILED, "a");
	ck_assert_str_eq(talk.event.code, "EIO");
	ck_assert_str_eq(talk.event.text, "");
	ck_assert_int_eq(requests[_i].send(talk.client), 0);
	talk_say(&talk, "done a\ndone a\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_DONE, "a");
	talk_expect_nothing(&talk);
	talk_close(&talk);
}
END_TEST

START_TEST(about_the_container_no_session_is_needed)
{
	struct talk talk;

	talk_open(&talk, false);
	for (size_t i = WITH_AN_ID; i < sizeof(requests) / sizeof(requests[0]); i++) {
		ck_assert_int_eq(requests[i].send(talk.client), 0);
		ck_assert_str_eq(talk_hear(&talk), requests[i].sent);
	}
	talk_close(&talk);
}
END_TEST

START_TEST(ids_and_words_are_checked)
{
	static const char *const bad[] = { "", " ", "a b", "a\n", "\xc3\xa9", "a/b", "a:b" };
	char id[SUPERMACHINE_CLIENT_ID_MAX + 2];
	struct supermachine_client_places place = { "channel", "port:a b", NULL, false };
	struct talk talk;

	talk_open_ready(&talk);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(supermachine_client_ps(talk.client, bad[i]), -1);
		ck_assert_int_eq(errno, EINVAL);
		ck_assert_int_eq(supermachine_client_signal(talk.client, bad[i], "KILL"), -1);
		ck_assert_int_eq(errno, EINVAL);
	}
	memset(id, 'i', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	ck_assert_int_eq(supermachine_client_ps(talk.client, id), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(supermachine_client_signal(talk.client, NULL, "KILL 9"), -1);
	ck_assert_int_eq(supermachine_client_signal(talk.client, NULL, ""), -1);
	ck_assert_int_eq(supermachine_client_signal(talk.client, NULL, "KILL\nstop"), -1);
	ck_assert_int_eq(supermachine_client_hostname(talk.client, "a", "b\nstop"), -1);
	ck_assert_int_eq(supermachine_client_nameserver(talk.client, "a", " 1.2.3.4"), -1);
	ck_assert_int_eq(supermachine_client_nameserver(talk.client, "a", "1.2.3.4 "), -1);
	/* More words would be a request that means something else. */
	ck_assert_int_eq(supermachine_client_get(talk.client, "a", &place, "/"), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(talk_hear(&talk), "");
	id[sizeof(id) - 2] = '\0';
	ck_assert_int_eq(supermachine_client_ps(talk.client, id), 0);
	talk_close(&talk);
}
END_TEST

START_TEST(a_body_has_a_limit)
{
	struct talk talk;
	char body[1002];

	memset(body, 'b', sizeof(body));
	body[1001] = '\0';
	talk_open_ready(&talk);
	ck_assert_int_eq(supermachine_client_exec(talk.client, "a", NULL, body), -1);
	ck_assert_int_eq(errno, EMSGSIZE);
	body[1000] = '\0';
	ck_assert_int_eq(supermachine_client_exec(talk.client, "a", NULL, body), 0);
	talk_close(&talk);
}
END_TEST

START_TEST(what_is_not_sent_has_a_limit)
{
	struct talk talk;
	int count = 0;

	talk_open_ready(&talk);
	while (supermachine_client_stop(talk.client, 1) == 0 && count < 1000000)
		count++;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_gt(count, 100000);
	ck_assert_int_eq(supermachine_client_ps(talk.client, "a"), -1);
	ck_assert_int_eq(errno, EAGAIN);
	while (*talk_hear(&talk))
		;
	ck_assert_int_eq(supermachine_client_ps(talk.client, "a"), 0);
	talk_close(&talk);
}
END_TEST

/* A process that has started as a. */
static void start(struct talk *talk, const struct supermachine_client_places *places)
{
	talk_open_ready(talk);
	ck_assert_int_eq(supermachine_client_exec(talk->client, "a", places, "{}"), 0);
	talk_hear(talk);
	talk_say(talk, "started a 12\n");
	talk_expect(talk, SUPERMACHINE_CLIENT_STARTED, "a");
	ck_assert_uint_eq(talk->event.number, 12);
}

/* Whether the client takes the id for one in use. */
static bool is_used(struct talk *talk)
{
	if (supermachine_client_ps(talk->client, "a") == 0)
		return false;
	ck_assert_int_eq(errno, EEXIST);
	return true;
}

START_TEST(an_exec_ends_with_its_streams)
{
	static const char *const orders[][3] = {
		{ "exit a 3\n", "close a 1\n", "close a 2\n" },
		{ "close a 2\n", "exit a 3\n", "close a 1\n" },
		{ "close a 1\n", "close a 2\n", "exit a 3\n" },
	};
	struct talk talk;

	start(&talk, NULL);
	for (int i = 0; i < 3; i++) {
		ck_assert(is_used(&talk));
		talk_say(&talk, orders[_i][i]);
		talk_expect(&talk, orders[_i][i][0] == 'e' ? SUPERMACHINE_CLIENT_EXIT :
							       SUPERMACHINE_CLIENT_CLOSED, "a");
		ck_assert_uint_eq(talk.event.number, orders[_i][i][0] == 'e' ? 3 : 0);
	}
	ck_assert(!is_used(&talk));
	talk_close(&talk);
}
END_TEST

START_TEST(one_that_is_kept_ends_with_forget)
{
	const struct supermachine_client_places kept = { NULL, "null", "null", true };
	struct talk talk;

	start(&talk, &kept);
	talk_say(&talk, "exit a 0\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_EXIT, "a");
	ck_assert(is_used(&talk));
	ck_assert_int_eq(supermachine_client_forget(talk.client, "a"), 0);
	ck_assert_str_eq(talk_hear(&talk), "forget a\n");
	ck_assert(!is_used(&talk));
	talk_close(&talk);
}
END_TEST

START_TEST(what_was_on_its_way_of_a_forgotten_one_is_skipped)
{
	struct talk talk;

	start(&talk, NULL);
	ck_assert_int_eq(supermachine_client_forget(talk.client, "a"), 0);
	talk_say(&talk, "data a 1 8\nexit 5\n\ndata a 2 0\nexit a 7\nclose a 1\nstarted\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_RUNS, NULL);
	/* Nor does half of it go to another with the same id. */
	ck_assert_int_eq(supermachine_client_exec(talk.client, "a", NULL, "{}"), 0);
	talk_say(&talk, "data a 1 4\nab");
	talk_expect(&talk, SUPERMACHINE_CLIENT_DATA, "a");
	ck_assert_int_eq(supermachine_client_forget(talk.client, "a"), 0);
	ck_assert_int_eq(supermachine_client_exec(talk.client, "a", NULL, "{}"), 0);
	talk_say(&talk, "cdstarted a 1\n");
	talk_expect(&talk, SUPERMACHINE_CLIENT_STARTED, "a");
	talk_close(&talk);
}
END_TEST

START_TEST(signals_and_sizes_are_for_what_runs)
{
	struct talk talk;

	start(&talk, NULL);
	ck_assert_int_eq(supermachine_client_signal(talk.client, "a", "KILL"), 0);
	ck_assert_int_eq(supermachine_client_size(talk.client, "a", 24, 80), 0);
	ck_assert_str_eq(talk_hear(&talk), "signal a KILL\nsize a 24 80\n");
	ck_assert_int_eq(supermachine_client_signal(talk.client, "b", "KILL"), 0);
	ck_assert_int_eq(supermachine_client_size(talk.client, "b", 24, 80), 0);
	ck_assert_int_eq(supermachine_client_forget(talk.client, "b"), 0);
	ck_assert_str_eq(talk_hear(&talk), "");
	talk_close(&talk);
}
END_TEST

START_TEST(many_run_at_once)
{
	struct talk talk;
	char id[16], line[32];

	talk_open_ready(&talk);
	for (int i = 0; i < 300; i++) {
		snprintf(id, sizeof(id), "p%d", i);
		ck_assert_int_eq(supermachine_client_sync(talk.client, id), 0);
	}
	for (int i = 0; i < 300; i++) {
		snprintf(id, sizeof(id), "p%d", i * 7 % 300);
		snprintf(line, sizeof(line), "done %s\n", id);
		talk_say(&talk, line);
		talk_expect(&talk, SUPERMACHINE_CLIENT_DONE, id);
	}
	talk_expect_nothing(&talk);
	talk_close(&talk);
}
END_TEST

Suite *requests_suite(void)
{
	Suite *suite = suite_create("requests");
	TCase *sent = tcase_create("requests");

	tcase_add_loop_test(sent, requests_are_sent, 0,
			    (int)(sizeof(requests) / sizeof(requests[0])));
	tcase_add_loop_test(sent, an_id_is_used_once, 0, WITH_AN_ID);
	tcase_add_test(sent, about_the_container_no_session_is_needed);
	tcase_add_test(sent, ids_and_words_are_checked);
	tcase_add_test(sent, a_body_has_a_limit);
	tcase_add_test(sent, what_is_not_sent_has_a_limit);
	tcase_add_loop_test(sent, an_exec_ends_with_its_streams, 0, 3);
	tcase_add_test(sent, one_that_is_kept_ends_with_forget);
	tcase_add_test(sent, what_was_on_its_way_of_a_forgotten_one_is_skipped);
	tcase_add_test(sent, signals_and_sizes_are_for_what_runs);
	tcase_add_test(sent, many_run_at_once);
	suite_add_tcase(suite, sent);
	return suite;
}
