// SPDX-License-Identifier: Apache-2.0
/* Items 46 and 50 of tests/tsi/CONFORMANCE.md, for the host. */
#include "tests.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"

static unsigned int open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int count = 0;

	ck_assert_ptr_nonnull(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

START_TEST(item_46_requests_without_a_proxy_are_answered)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_connect(&guest, ID, &address, sizeof(address));
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), -ECONNREFUSED);
	guest_listen(&guest, ID, ID, &address, sizeof(address));
	ck_assert_int_eq(guest_result(&guest, TSI_LISTEN), -EPERM);
	guest_accept(&guest, ID, 0);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EINVAL);
	guest_get_name(&guest, ID, TSI_STREAM_PORT);
	ck_assert_int_eq(guest_result(&guest, TSI_GETNAME), -EINVAL);
	guest_release(&guest, ID, TSI_STREAM_PORT);
	guest_free(&guest);
}
END_TEST

/* What cannot be read has neither an answer nor an effect. */
START_TEST(item_46_short_requests_have_no_answer)
{
	static const uint32_t opcodes[] = { TSI_CONNECT, TSI_GETNAME, TSI_LISTEN, TSI_ACCEPT };
	uint8_t bytes[144] = { 0 };
	struct guest guest;
	size_t i;

	guest_init(&guest);
	guest_start(&guest);
	put_le32(bytes, ID);
	put_le16(bytes + 4, TSI_INET);
	put_le16(bytes + 6, TSI_SOCK_STREAM);
	guest_datagram(&guest, CONTROL_PORT, TSI_PROXY_CREATE, bytes, 7);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	for (i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
		guest_datagram(&guest, CONTROL_PORT, opcodes[i], bytes,
			       message_size(opcodes[i]) - 1);
	guest_datagram(&guest, CONTROL_PORT, TSI_PROXY_CREATE, bytes, 8);
	ck_assert_uint_eq(guest.peer.table.count, 1);
	guest_datagram(&guest, CONTROL_PORT, TSI_PROXY_RELEASE, bytes, 7);
	ck_assert_uint_eq(guest.peer.table.count, 1);
	/* Every other port takes data, for which there is no socket. */
	guest_datagram(&guest, CONTROL_PORT, 1023, bytes, 8);
	guest_datagram(&guest, CONTROL_PORT, 1032, bytes, 8);
	guest_datagram(&guest, CONTROL_PORT, 0, bytes, 0);
	guest_free(&guest);
}
END_TEST

START_TEST(item_46_unreadable_addresses_have_no_answer)
{
	struct sockaddr unspecified = { .sa_family = AF_UNSPEC };
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_connect(&guest, ID, &unspecified, sizeof(unspecified));
	guest_listen(&guest, ID, ID, &unspecified, sizeof(unspecified));
	guest_connect(&guest, ID, &unspecified, 1);
	guest_free(&guest);
}
END_TEST

/* The address can be read but is useless: the host's kernel says so. */
START_TEST(item_46_useless_addresses_are_answered)
{
	struct sockaddr_in6 inet6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	struct sockaddr_in inet = { .sin_family = AF_INET };
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_connect(&guest, ID, &inet, 8);
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), -EINVAL);
	guest_connect(&guest, ID, &inet6, sizeof(inet6));
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), -EAFNOSUPPORT);
	guest_listen(&guest, ID, ID, &inet6, sizeof(inet6));
	ck_assert_int_eq(guest_result(&guest, TSI_LISTEN), -EAFNOSUPPORT);
	guest_free(&guest);
}
END_TEST

static void connect_and_name(struct guest *guest, int family, uint32_t id)
{
	struct sockaddr_storage address;
	socklen_t length;
	int listener = host_listener(family, &address, &length);
	const struct guest_packet *packet;

	guest_create(guest, id, (uint16_t)family, TSI_SOCK_STREAM);
	guest_get_name(guest, id, TSI_STREAM_PORT);
	ck_assert_int_eq(guest_result(guest, TSI_GETNAME), -ENOTCONN);
	guest_connect(guest, id, &address, length);
	ck_assert_int_eq(guest_result(guest, TSI_CONNECT), 0);
	guest_connect(guest, id, &address, length);
	ck_assert_int_eq(guest_result(guest, TSI_CONNECT), -EISCONN);
	guest_get_name(guest, id, TSI_STREAM_PORT);
	packet = &guest->packets[guest->taken];
	ck_assert_int_eq(guest_result(guest, TSI_GETNAME), 0);
	ck_assert_uint_eq(get_le32(packet->payload + 4), length);
	ck_assert_mem_eq(packet->payload + 8, &address, length);
	close(listener);
}

START_TEST(item_46_connects_in_every_family)
{
	struct guest guest;

	guest_init(&guest);
	guest.options.unix_sockets = true;
	guest_start(&guest);
	connect_and_name(&guest, AF_INET, ID);
	connect_and_name(&guest, AF_INET6, ID + 1);
	connect_and_name(&guest, AF_UNIX, ID + 2);
	guest_free(&guest);
}
END_TEST

START_TEST(item_46_refused_connection_is_told_once)
{
	struct sockaddr_storage address;
	socklen_t length;
	struct guest guest;
	/* Bound, so that nothing else has the port, and not listening. */
	int bound = host_socket(AF_INET, SOCK_STREAM, &address, &length);

	guest_init(&guest);
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_connect(&guest, ID, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), -ECONNREFUSED);
	guest_connect(&guest, ID, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), -ECONNREFUSED);
	close(bound);
	guest_free(&guest);
}
END_TEST

START_TEST(what_is_not_lent_is_ignored)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_create(&guest, ID, TSI_UNIX, TSI_SOCK_STREAM);
	guest_create(&guest, ID, 16, TSI_SOCK_STREAM);
	guest_create(&guest, ID, TSI_INET, 3);
	guest_create(&guest, ID, TSI_INET, 0x801);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	guest.options.inet = false;
	/* A host that lends nothing does not know these messages at all. */
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_connect(&guest, ID, &address, sizeof(address));
	guest_free(&guest);
}
END_TEST

START_TEST(out_of_bounds_is_unreachable)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(0xc0000201),
	};
	struct guest guest;

	guest_init(&guest);
	guest.options.loopback_only = true;
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_connect(&guest, ID, &address, sizeof(address));
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), -ENETUNREACH);
	guest_free(&guest);
}
END_TEST

START_TEST(creating_again_closes_the_old_socket)
{
	struct guest guest;
	int connection;
	char byte;

	guest_init(&guest);
	guest_start(&guest);
	guest_stream_to_host(&guest, ID, &connection);
	guest_create(&guest, ID, TSI_INET6, TSI_SOCK_DGRAM);
	ck_assert_uint_eq(guest.peer.table.count, 1);
	ck_assert_int_eq(recv(connection, &byte, 1, 0), 0);
	close(connection);
	guest_free(&guest);
}
END_TEST

START_TEST(cycles_leave_nothing_behind)
{
	struct guest guest;
	unsigned int before;
	uint32_t i;

	guest_init(&guest);
	guest_start(&guest);
	before = open_descriptors();
	for (i = 0; i < 20000; i++) {
		guest_create(&guest, ID + i, TSI_INET, i & 1 ? TSI_SOCK_STREAM : TSI_SOCK_DGRAM);
		guest_release(&guest, ID + i, TSI_STREAM_PORT);
	}
	ck_assert_uint_eq(guest.peer.table.count, 0);
	ck_assert_uint_eq(open_descriptors(), before);
	guest_free(&guest);
}
END_TEST

START_TEST(the_table_is_bounded)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct guest guest;
	uint32_t i;

	guest_init(&guest);
	guest_start(&guest);
	guest.peer.table.limit = 100;
	for (i = 0; i < 200; i++)
		guest_create(&guest, ID + i, TSI_INET, TSI_SOCK_STREAM);
	ck_assert_uint_eq(guest.peer.table.count, 100);
	guest_connect(&guest, ID + 150, &address, sizeof(address));
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), -ECONNREFUSED);
	/* A guest whose driver starts anew has no sockets. */
	peer_start(&guest.peer);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	guest_free(&guest);
}
END_TEST

START_TEST(packets_of_others_are_dropped)
{
	struct packet_header header = {
		.src_cid = 4, .dst_cid = HOST_CID, .src_port = 1, .dst_port = 2,
		.type = PACKET_STREAM, .op = OP_REQUEST,
	};
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	peer_receive(&guest.peer, &header, NULL);
	header.src_cid = GUEST_CID;
	header.dst_cid = 1;
	peer_receive(&guest.peer, &header, NULL);
	header.dst_cid = HOST_CID;
	header.type = PACKET_SEQPACKET;
	peer_receive(&guest.peer, &header, NULL);
	header.type = 0xffff;
	peer_receive(&guest.peer, &header, NULL);
	guest_free(&guest);
}
END_TEST

/* ACCEPT without a proxy is answered at once, as a simple request. */
static void ask(struct guest *guest)
{
	guest_accept(guest, ID, 0);
}

START_TEST(item_50_no_answer)
{
	struct guest guest;

	guest_init(&guest);
	guest.options.misbehaviour = NO_ANSWER;
	guest_start(&guest);
	ask(&guest);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_only_one_kind_is_spoiled)
{
	struct guest guest;

	guest_init(&guest);
	guest.options.misbehaviour = NO_ANSWER;
	guest.options.misbehaviour_opcode = TSI_GETNAME;
	guest_start(&guest);
	ask(&guest);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EINVAL);
	guest_get_name(&guest, ID, TSI_STREAM_PORT);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_delayed_answer)
{
	struct guest guest;
	uint64_t asked;
	int i;

	guest_init(&guest);
	guest.options.misbehaviour = DELAYED_ANSWER;
	guest.options.delay_milliseconds = 200;
	guest_start(&guest);
	asked = monotonic_time();
	ask(&guest);
	guest_expect_nothing(&guest);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EINVAL);
	ck_assert_uint_ge(monotonic_time() - asked, 200000000);
	/* Neither without bound, nor left behind. */
	for (i = 0; i < 2 * DELAYED_MAX; i++)
		ask(&guest);
	ck_assert_uint_eq(guest.peer.delayed_count, DELAYED_MAX);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_duplicate_answer)
{
	struct guest guest;

	guest_init(&guest);
	guest.options.misbehaviour = DUPLICATE_ANSWER;
	guest_start(&guest);
	ask(&guest);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EINVAL);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EINVAL);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_stale_answer)
{
	struct guest guest;

	guest_init(&guest);
	guest.options.misbehaviour = STALE_ANSWER;
	guest_start(&guest);
	ask(&guest);
	ck_assert_int_eq(guest_result(&guest, TSI_GETNAME), -EIO);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EINVAL);
	guest_get_name(&guest, ID, TSI_STREAM_PORT);
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), -EIO);
	ck_assert_int_eq(guest_result(&guest, TSI_GETNAME), -EINVAL);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_wrong_source_port)
{
	struct guest guest;

	guest_init(&guest);
	guest.options.misbehaviour = WRONG_SOURCE_PORT;
	guest_start(&guest);
	ask(&guest);
	ck_assert_uint_eq(guest_take(&guest)->header.src_port, 1);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_short_answer)
{
	struct guest guest;

	guest_init(&guest);
	guest.options.misbehaviour = SHORT_ANSWER;
	guest_start(&guest);
	ask(&guest);
	ck_assert_uint_eq(guest_take(&guest)->header.len, RESULT_SIZE - 2);
	guest_get_name(&guest, ID, TSI_STREAM_PORT);
	ck_assert_uint_eq(guest_take(&guest)->header.len, NAME_SIZE - 2);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_long_answer)
{
	struct guest guest;

	guest_init(&guest);
	guest.options.misbehaviour = LONG_ANSWER;
	guest_start(&guest);
	ask(&guest);
	/* The device does the rest: see the tests of the rings. */
	ck_assert(guest_take(&guest)->fill);
	guest_free(&guest);
}
END_TEST

START_TEST(requests_fail_as_told)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct guest guest;

	guest_init(&guest);
	guest.options.fail_with = EHOSTUNREACH;
	guest.options.misbehaviour_opcode = TSI_LISTEN;
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	ck_assert_uint_eq(guest.peer.table.count, 1);
	guest_listen(&guest, ID, ID, &address, sizeof(address));
	ck_assert_int_eq(guest_result(&guest, TSI_LISTEN), -EHOSTUNREACH);
	ck_assert_int_eq(LIST_FIRST(&guest.peer.table.all)->state, PROXY_IDLE);
	ask(&guest);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EINVAL);
	guest.options.misbehaviour_opcode = 0;
	ask(&guest);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EHOSTUNREACH);
	guest_get_name(&guest, ID, TSI_STREAM_PORT);
	ck_assert_int_eq(guest_result(&guest, TSI_GETNAME), -EHOSTUNREACH);
	guest_connect(&guest, ID, &address, sizeof(address));
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), -EHOSTUNREACH);
	guest_release(&guest, ID, TSI_STREAM_PORT);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	guest_free(&guest);
}
END_TEST

START_TEST(time_is_sent_at_once_and_again)
{
	const struct guest_packet *packet;
	struct timespec now;
	struct guest guest;
	uint64_t first, second;

	guest_init(&guest);
	guest.options.time_sync = 1;
	guest_start(&guest);
	packet = guest_take(&guest);
	clock_gettime(CLOCK_REALTIME, &now);
	ck_assert_uint_eq(packet->header.type, PACKET_DATAGRAM);
	ck_assert_uint_eq(packet->header.src_port, TSI_TIME_SYNC_PORT);
	ck_assert_uint_eq(packet->header.dst_port, TSI_TIME_SYNC_PORT);
	ck_assert_uint_eq(packet->header.len, 8);
	first = get_le64(packet->payload);
	ck_assert_uint_le((uint64_t)now.tv_sec - first / 1000000000, 1);
	second = get_le64(guest_take(&guest)->payload);
	ck_assert_uint_ge(second - first, 900000000);
	ck_assert_uint_le(second - first, 2000000000);
	guest_free(&guest);
}
END_TEST

Suite *control_suite(void)
{
	Suite *suite = suite_create("tsi-peer control");
	TCase *tcase = tcase_create("control");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, item_46_requests_without_a_proxy_are_answered);
	tcase_add_test(tcase, item_46_short_requests_have_no_answer);
	tcase_add_test(tcase, item_46_unreadable_addresses_have_no_answer);
	tcase_add_test(tcase, item_46_useless_addresses_are_answered);
	tcase_add_test(tcase, item_46_connects_in_every_family);
	tcase_add_test(tcase, item_46_refused_connection_is_told_once);
	tcase_add_test(tcase, what_is_not_lent_is_ignored);
	tcase_add_test(tcase, out_of_bounds_is_unreachable);
	tcase_add_test(tcase, creating_again_closes_the_old_socket);
	tcase_add_test(tcase, cycles_leave_nothing_behind);
	tcase_add_test(tcase, the_table_is_bounded);
	tcase_add_test(tcase, packets_of_others_are_dropped);
	tcase_add_test(tcase, item_50_no_answer);
	tcase_add_test(tcase, item_50_only_one_kind_is_spoiled);
	tcase_add_test(tcase, item_50_delayed_answer);
	tcase_add_test(tcase, item_50_duplicate_answer);
	tcase_add_test(tcase, item_50_stale_answer);
	tcase_add_test(tcase, item_50_wrong_source_port);
	tcase_add_test(tcase, item_50_short_answer);
	tcase_add_test(tcase, item_50_long_answer);
	tcase_add_test(tcase, requests_fail_as_told);
	tcase_add_test(tcase, time_is_sent_at_once_and_again);
	suite_add_tcase(suite, tcase);
	return suite;
}
