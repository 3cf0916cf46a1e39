// SPDX-License-Identifier: Apache-2.0
/* Item 50 of tests/tsi/CONFORMANCE.md: a host that resets what it should not. */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "behave.h"

/* Up to the connection, with whatever the host does then. */
static int begin_stream(struct guest *guest, unsigned int misbehaviour)
{
	struct sockaddr_storage address;
	socklen_t length;
	int listener = host_listener(AF_INET, &address, &length), connection;

	guest_init(guest);
	guest->options.misbehaviour = misbehaviour;
	guest_start(guest);
	guest_create(guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_connect(guest, ID, &address, length);
	ck_assert_int_eq(guest_result(guest, TSI_CONNECT), 0);
	guest_stream(guest, ID, TSI_STREAM_PORT, OP_REQUEST, 0, NULL, 0);
	connection = accept(listener, NULL, NULL);
	close(listener);
	return connection;
}

static void expect_reset(struct guest *guest)
{
	guest_expect(guest, OP_RST, TSI_STREAM_PORT, ID);
	ck_assert_uint_eq(guest->peer.table.count, 0);
}

START_TEST(item_50_reset_instead_of_response)
{
	struct guest guest;
	int connection = begin_stream(&guest, RESET_REQUEST);

	expect_reset(&guest);
	expect_hang_up(connection);
	close(connection);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_no_response)
{
	struct guest guest;

	close(begin_stream(&guest, NO_RESPONSE));
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_reset_after_response)
{
	struct guest guest;

	close(begin_stream(&guest, RESET_CONNECTED));
	guest_expect(&guest, OP_RESPONSE, TSI_STREAM_PORT, ID);
	expect_reset(&guest);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_reset_after_data)
{
	struct guest guest;
	int connection = begin_stream(&guest, RESET_DATA);

	guest_expect(&guest, OP_RESPONSE, TSI_STREAM_PORT, ID);
	guest_expect_nothing(&guest);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RW, 0, "x", 1);
	expect_reset(&guest);
	close(connection);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_reset_after_shutdown)
{
	struct guest guest;
	int connection = begin_stream(&guest, RESET_SHUTDOWN);

	guest_expect(&guest, OP_RESPONSE, TSI_STREAM_PORT, ID);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RW, 0, "x", 1);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_SHUTDOWN, SHUTDOWN_SEND, NULL, 0);
	expect_reset(&guest);
	close(connection);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_reset_of_a_reverse_request)
{
	struct guest guest;
	uint32_t port;
	int client;

	guest_init(&guest);
	guest.options.misbehaviour = RESET_REVERSE;
	guest_start(&guest);
	client = listen_and_connect(&guest, AF_INET);
	port = take_request(&guest);
	guest_expect(&guest, OP_RST, port, ID);
	/* The guest's answer crosses it. */
	guest_stream(&guest, ID, port, OP_RESPONSE, 0, NULL, 0);
	guest_expect(&guest, OP_RST, port, ID);
	expect_hang_up(client);
	close(client);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_reset_of_an_accepted_connection)
{
	struct guest guest;
	uint32_t port;
	int client;

	guest_init(&guest);
	guest.options.misbehaviour = RESET_ACCEPTED;
	guest_start(&guest);
	client = listen_and_connect(&guest, AF_INET);
	port = take_request(&guest);
	guest_stream(&guest, ID, port, OP_RESPONSE, 0, NULL, 0);
	guest_expect(&guest, OP_RST, port, ID);
	expect_hang_up(client);
	close(client);
	guest_free(&guest);
}
END_TEST

static void write_command(struct loop *loop, int fd, const char *command)
{
	ck_assert_int_eq(write(fd, command, strlen(command)), (ssize_t)strlen(command));
	ck_assert_int_ge(loop_turn(loop, 1000), 0);
}

START_TEST(misbehaviour_changes_by_a_fifo)
{
	char directory[] = "/tmp/tsi-peer.XXXXXX", path[64];
	struct options options = { .misbehaviour = RESET_DATA, .behave_path = path };
	struct behave behave;
	struct loop loop;
	struct log log = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/fifo", directory);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(loop_open(&loop), 0);
	ck_assert_int_eq(behave_open(&behave, &options, &loop, &log), 0);
	write_command(&loop, behave.fifo.fd, "no-answer reset-request\n");
	ck_assert_uint_eq(options.misbehaviour, NO_ANSWER | RESET_REQUEST);
	write_command(&loop, behave.fifo.fd, "no-answer\nlong-answer unknown\n");
	ck_assert_uint_eq(options.misbehaviour, LONG_ANSWER);
	write_command(&loop, behave.fifo.fd, "\n");
	ck_assert_uint_eq(options.misbehaviour, 0);
	loop_drop(&loop, &behave.fifo);
	loop_close(&loop);
	unlink(path);
	rmdir(directory);
}
END_TEST

Suite *misbehaviour_suite(void)
{
	Suite *suite = suite_create("tsi-peer misbehaviour");
	TCase *tcase = tcase_create("misbehaviour");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, item_50_reset_instead_of_response);
	tcase_add_test(tcase, item_50_no_response);
	tcase_add_test(tcase, item_50_reset_after_response);
	tcase_add_test(tcase, item_50_reset_after_data);
	tcase_add_test(tcase, item_50_reset_after_shutdown);
	tcase_add_test(tcase, item_50_reset_of_a_reverse_request);
	tcase_add_test(tcase, item_50_reset_of_an_accepted_connection);
	tcase_add_test(tcase, misbehaviour_changes_by_a_fifo);
	suite_add_tcase(suite, tcase);
	return suite;
}
