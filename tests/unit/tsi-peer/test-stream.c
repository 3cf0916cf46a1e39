// SPDX-License-Identifier: Apache-2.0
/* Item 49 of tests/tsi/CONFORMANCE.md: data, credit and the end of streams. */
#include "tests.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a guest's kernel tells of its window, beside guest_stream()'s usual one. */
static void guest_credit(struct guest *guest, uint32_t port, enum packet_op op,
			 uint32_t buf_alloc, uint32_t fwd_cnt)
{
	struct packet_header header = {
		.src_cid = GUEST_CID, .dst_cid = HOST_CID,
		.src_port = port, .dst_port = TSI_STREAM_PORT,
		.type = PACKET_STREAM, .op = (uint16_t)op,
		.buf_alloc = buf_alloc, .fwd_cnt = fwd_cnt,
	};

	peer_receive(&guest->peer, &header, NULL);
}

static struct proxy *only_proxy(struct guest *guest)
{
	ck_assert_uint_eq(guest->peer.table.count, 1);
	return LIST_FIRST(&guest->peer.table.all);
}

START_TEST(data_goes_both_ways)
{
	const struct guest_packet *packet;
	struct guest guest;
	int connection;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RW, 0, "question", 8);
	expect_bytes(connection, "question");
	ck_assert_int_eq(send(connection, "answer", 6, 0), 6);
	packet = guest_expect(&guest, OP_RW, TSI_STREAM_PORT, ID);
	ck_assert_uint_eq(packet->header.len, 6);
	ck_assert_mem_eq(packet->payload, "answer", 6);
	ck_assert_uint_eq(packet->header.buf_alloc, STREAM_WINDOW);
	ck_assert_uint_eq(packet->header.fwd_cnt, 8);
	ck_assert_uint_eq(packet->header.flags, 0);
	close(connection);
	guest_expect(&guest, OP_SHUTDOWN, TSI_STREAM_PORT, ID);
	guest_free(&guest);
}
END_TEST

/* The answer to a request in two packets came 40 ms late. */
START_TEST(data_does_not_wait_for_acknowledgements)
{
	socklen_t length = sizeof(int);
	struct guest guest;
	int connection, on = 0;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	ck_assert_int_eq(getsockopt(only_proxy(&guest)->watch.fd, IPPROTO_TCP, TCP_NODELAY,
				    &on, &length), 0);
	ck_assert_int_ne(on, 0);
	close(connection);
	guest_expect(&guest, OP_SHUTDOWN, TSI_STREAM_PORT, ID);
	guest_free(&guest);
}
END_TEST

START_TEST(data_waits_for_the_request)
{
	struct sockaddr_storage address;
	socklen_t length;
	int listener = host_listener(AF_INET, &address, &length), connection;
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_connect(&guest, ID, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), 0);
	connection = accept(listener, NULL, NULL);
	ck_assert_int_eq(send(connection, "hello", 5, 0), 5);
	guest_expect_nothing(&guest);
	/* Nor does the peer turn in circles over what it cannot read. */
	ck_assert_uint_eq(only_proxy(&guest)->watch.events, 0);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_REQUEST, 0, NULL, 0);
	ck_assert_uint_eq(guest_expect(&guest, OP_RESPONSE, TSI_STREAM_PORT, ID)->header.buf_alloc,
			  STREAM_WINDOW);
	ck_assert_uint_eq(guest_expect(&guest, OP_RW, TSI_STREAM_PORT, ID)->header.len, 5);
	close(connection);
	close(listener);
	guest_expect(&guest, OP_SHUTDOWN, TSI_STREAM_PORT, ID);
	guest_free(&guest);
}
END_TEST

START_TEST(packets_without_a_stream_are_reset)
{
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_REQUEST, 0, NULL, 0);
	guest_expect(&guest, OP_RST, TSI_STREAM_PORT, ID);
	guest_stream(&guest, ID, 77, OP_REQUEST, 0, NULL, 0);
	guest_expect(&guest, OP_RST, 77, ID);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RW, 0, "x", 1);
	guest_expect(&guest, OP_RST, TSI_STREAM_PORT, ID);
	/* Not connected yet. */
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_REQUEST, 0, NULL, 0);
	guest_expect(&guest, OP_RST, TSI_STREAM_PORT, ID);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_DGRAM);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_REQUEST, 0, NULL, 0);
	guest_expect(&guest, OP_RST, TSI_STREAM_PORT, ID);
	guest_stream(&guest, ID + 1, TSI_STREAM_PORT, OP_RST, 0, NULL, 0);
	guest_free(&guest);
}
END_TEST

START_TEST(halves_close_one_by_one)
{
	const struct guest_packet *packet;
	struct guest guest;
	int connection;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	shutdown(connection, SHUT_WR);
	packet = guest_expect(&guest, OP_SHUTDOWN, TSI_STREAM_PORT, ID);
	ck_assert_uint_eq(packet->header.flags, SHUTDOWN_SEND);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RW, 0, "still", 5);
	expect_bytes(connection, "still");
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_SHUTDOWN, SHUTDOWN_SEND, NULL, 0);
	expect_hang_up(connection);
	guest_release(&guest, ID, TSI_STREAM_PORT);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_SHUTDOWN, SHUTDOWN_RECEIVE, NULL, 0);
	guest_expect(&guest, OP_RST, TSI_STREAM_PORT, ID);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	close(connection);
	guest_free(&guest);
}
END_TEST

START_TEST(writer_hears_that_the_host_reads_no_more)
{
	const struct guest_packet *packet;
	struct guest guest;
	int connection, i;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	close(connection);
	ck_assert_uint_eq(guest_expect(&guest, OP_SHUTDOWN, TSI_STREAM_PORT, ID)->header.flags,
			  SHUTDOWN_SEND);
	for (i = 0; i < 100 && guest.taken == guest.received; i++) {
		guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RW, 0, "x", 1);
		guest_turn(&guest);
		usleep(1000);
	}
	packet = guest_expect(&guest, OP_SHUTDOWN, TSI_STREAM_PORT, ID);
	ck_assert_uint_eq(packet->header.flags, SHUTDOWN_BOTH);
	/* Credit is not what the guest waits for. */
	ck_assert_uint_eq(packet->header.fwd_cnt, (uint32_t)i);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RST, 0, NULL, 0);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	guest_free(&guest);
}
END_TEST

START_TEST(item_49_never_more_than_the_credit)
{
	static uint8_t data[3000];
	struct sockaddr_storage address;
	socklen_t length;
	int listener = host_listener(AF_INET, &address, &length), connection;
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_connect(&guest, ID, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), 0);
	guest_credit(&guest, ID, OP_REQUEST, 1000, 0);
	guest_expect(&guest, OP_RESPONSE, TSI_STREAM_PORT, ID);
	connection = accept(listener, NULL, NULL);
	ck_assert_int_eq(send(connection, data, sizeof(data), 0), sizeof(data));
	ck_assert_uint_eq(guest_expect(&guest, OP_RW, TSI_STREAM_PORT, ID)->header.len, 1000);
	guest_expect(&guest, OP_CREDIT_REQUEST, TSI_STREAM_PORT, ID);
	/* Asked once, and a full buffer is no answer to act on. */
	guest_expect_nothing(&guest);
	guest_credit(&guest, ID, OP_CREDIT_UPDATE, 1000, 0);
	guest_expect_nothing(&guest);
	guest_credit(&guest, ID, OP_CREDIT_UPDATE, 1000, 400);
	ck_assert_uint_eq(guest_expect(&guest, OP_RW, TSI_STREAM_PORT, ID)->header.len, 400);
	guest_expect(&guest, OP_CREDIT_REQUEST, TSI_STREAM_PORT, ID);
	/* Data carries credit, too; and more was read than was sent: no credit at all. */
	guest_credit(&guest, ID, OP_CREDIT_UPDATE, 1000, 5000);
	guest_expect_nothing(&guest);
	guest_credit(&guest, ID, OP_RW, 4000, 1400);
	ck_assert_uint_eq(guest_expect(&guest, OP_RW, TSI_STREAM_PORT, ID)->header.len, 1600);
	close(connection);
	guest_expect(&guest, OP_SHUTDOWN, TSI_STREAM_PORT, ID);
	close(listener);
	guest_free(&guest);
}
END_TEST

START_TEST(item_49_credit_comes_by_half_of_the_window)
{
	static const uint8_t data[1000];
	struct sockaddr_storage address;
	socklen_t length;
	int listener = host_listener(AF_INET, &address, &length);
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_connect(&guest, ID, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), 0);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_REQUEST, 0, NULL, 0);
	guest_expect(&guest, OP_RESPONSE, TSI_STREAM_PORT, ID);
	/* 262144 / 2 are 131 times and a bit. */
	for (int i = 0; i < 131; i++)
		guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RW, 0, data, sizeof(data));
	guest_expect_nothing(&guest);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RW, 0, data, sizeof(data));
	ck_assert_uint_eq(guest_expect(&guest, OP_CREDIT_UPDATE, TSI_STREAM_PORT, ID)->
			  header.fwd_cnt, 132000);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RW, 0, data, sizeof(data));
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_CREDIT_REQUEST, 0, NULL, 0);
	ck_assert_uint_eq(guest_expect(&guest, OP_CREDIT_UPDATE, TSI_STREAM_PORT, ID)->
			  header.fwd_cnt, 133000);
	close(listener);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RST, 0, NULL, 0);
	guest_free(&guest);
}
END_TEST

/* The host's reader sleeps: the window fills, then the guest breaks the rules. */
START_TEST(item_49_more_than_the_window_is_reset)
{
	static const uint8_t data[PACKET_PAYLOAD_MAX];
	struct guest guest;
	int connection, i;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	for (i = 0; i < 1000 && guest.peer.table.count; i++)
		guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RW, 0, data, sizeof(data));
	/* What the kernel took is beyond the window. */
	ck_assert_int_gt(i, (int)(STREAM_WINDOW / sizeof(data)));
	ck_assert_int_lt(i, 1000);
	while (guest.taken + 1 < guest.received)
		guest_expect(&guest, OP_CREDIT_UPDATE, TSI_STREAM_PORT, ID);
	guest_expect(&guest, OP_RST, TSI_STREAM_PORT, ID);
	close(connection);
	guest_free(&guest);
}
END_TEST

/* More than the host's socket takes at once. */
#define MUCH (100 * PACKET_PAYLOAD_MAX)

static void send_much(struct guest *guest)
{
	static const uint8_t data[PACKET_PAYLOAD_MAX];
	size_t sent;

	for (sent = 0; sent < MUCH; sent += sizeof(data))
		guest_stream(guest, ID, TSI_STREAM_PORT, OP_RW, 0, data, sizeof(data));
	ck_assert_uint_gt(only_proxy(guest)->unsent.length, 0);
}

/* Reads to the end, which comes in bounded time. */
static void receive_much(struct guest *guest, int connection)
{
	uint8_t buffer[PACKET_PAYLOAD_MAX];
	size_t total = 0;
	ssize_t size;
	int i;

	fcntl(connection, F_SETFL, O_NONBLOCK);
	for (i = 0; i < 100000; i++) {
		size = recv(connection, buffer, sizeof(buffer), 0);
		if (size == 0)
			break;
		if (size > 0)
			total += (size_t)size;
		guest_turn(guest);
	}
	ck_assert_int_lt(i, 100000);
	ck_assert_uint_eq(total, MUCH);
}

static void take_credit(struct guest *guest)
{
	while (guest->taken < guest->received)
		guest_expect(guest, OP_CREDIT_UPDATE, TSI_STREAM_PORT, ID);
}

/* What was written before close() arrives, however slow the reader is. */
START_TEST(the_rest_arrives_after_the_end)
{
	struct guest guest;
	int connection;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	send_much(&guest);
	take_credit(&guest);
	guest_release(&guest, ID, TSI_STREAM_PORT);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_SHUTDOWN, SHUTDOWN_BOTH, NULL, 0);
	guest_expect(&guest, OP_RST, TSI_STREAM_PORT, ID);
	ck_assert_uint_eq(guest.peer.table.count, 1);
	/* The port is free at once for another socket, which does not disturb the first. */
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	ck_assert_uint_eq(guest.peer.table.count, 2);
	receive_much(&guest, connection);
	ck_assert_uint_eq(guest.peer.table.count, 1);
	close(connection);
	guest_free(&guest);
}
END_TEST

START_TEST(a_half_closes_after_its_data)
{
	struct guest guest;
	int connection;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	send_much(&guest);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_SHUTDOWN, SHUTDOWN_SEND, NULL, 0);
	receive_much(&guest, connection);
	take_credit(&guest);
	ck_assert_int_eq(send(connection, "thanks", 6, 0), 6);
	ck_assert_uint_eq(guest_expect(&guest, OP_RW, TSI_STREAM_PORT, ID)->header.fwd_cnt, MUCH);
	close(connection);
	guest_expect(&guest, OP_SHUTDOWN, TSI_STREAM_PORT, ID);
	guest_free(&guest);
}
END_TEST

/* A reader that stopped for good does not keep the socket for ever. */
START_TEST(the_rest_is_dropped_when_it_does_not_move)
{
	struct guest guest;
	int connection;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	send_much(&guest);
	take_credit(&guest);
	guest_stream(&guest, ID, TSI_STREAM_PORT, OP_RST, 0, NULL, 0);
	only_proxy(&guest)->deadline = 1;
	only_proxy(&guest)->forwarded_at_deadline--;
	peer_expire(&guest.peer);
	/* It moved, so it has more time. */
	only_proxy(&guest)->deadline = 1;
	peer_expire(&guest.peer);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	close(connection);
	guest_free(&guest);
}
END_TEST

START_TEST(released_without_shutdown_ends_by_time)
{
	struct guest guest;
	int connection;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	guest_release(&guest, ID, TSI_STREAM_PORT);
	guest_expect_nothing(&guest);
	ck_assert_uint_gt(only_proxy(&guest)->deadline, monotonic_time());
	only_proxy(&guest)->deadline = 1;
	guest_expect(&guest, OP_RST, TSI_STREAM_PORT, ID);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	expect_hang_up(connection);
	close(connection);
	guest_free(&guest);
}
END_TEST

START_TEST(nothing_is_read_while_the_guest_has_no_buffers)
{
	struct guest guest;
	int connection;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	guest.room = 0;
	ck_assert_int_eq(send(connection, "later", 5, 0), 5);
	guest_expect_nothing(&guest);
	guest.room = 2;
	ck_assert_uint_eq(guest_expect(&guest, OP_RW, TSI_STREAM_PORT, ID)->header.len, 2);
	ck_assert_uint_eq(guest_expect(&guest, OP_RW, TSI_STREAM_PORT, ID)->header.len, 2);
	ck_assert_uint_eq(guest_expect(&guest, OP_RW, TSI_STREAM_PORT, ID)->header.len, 1);
	close(connection);
	guest_expect(&guest, OP_SHUTDOWN, TSI_STREAM_PORT, ID);
	guest_free(&guest);
}
END_TEST

Suite *stream_suite(void)
{
	Suite *suite = suite_create("tsi-peer streams");
	TCase *tcase = tcase_create("streams");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, data_goes_both_ways);
	tcase_add_test(tcase, data_does_not_wait_for_acknowledgements);
	tcase_add_test(tcase, data_waits_for_the_request);
	tcase_add_test(tcase, packets_without_a_stream_are_reset);
	tcase_add_test(tcase, halves_close_one_by_one);
	tcase_add_test(tcase, writer_hears_that_the_host_reads_no_more);
	tcase_add_test(tcase, item_49_never_more_than_the_credit);
	tcase_add_test(tcase, item_49_credit_comes_by_half_of_the_window);
	tcase_add_test(tcase, item_49_more_than_the_window_is_reset);
	tcase_add_test(tcase, the_rest_arrives_after_the_end);
	tcase_add_test(tcase, a_half_closes_after_its_data);
	tcase_add_test(tcase, the_rest_is_dropped_when_it_does_not_move);
	tcase_add_test(tcase, released_without_shutdown_ends_by_time);
	tcase_add_test(tcase, nothing_is_read_while_the_guest_has_no_buffers);
	suite_add_tcase(suite, tcase);
	return suite;
}
