// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"

static void send_to(struct guest *guest, const struct sockaddr_storage *address, socklen_t length,
		    const char *data)
{
	uint8_t bytes[136] = { 0 };

	put_le32(bytes, ID);
	put_le32(bytes + 4, length);
	memcpy(bytes + 8, address, length);
	guest_datagram(guest, CONTROL_PORT, TSI_SENDTO_ADDRESS, bytes, sizeof(bytes));
	guest_datagram(guest, ID, TSI_SENDTO_DATA, data, strlen(data));
}

/* What the host received, and from where. */
static void expect_datagram(int fd, const char *data, struct sockaddr_storage *from,
			    socklen_t *length)
{
	char buffer[64] = "";

	*length = sizeof(*from);
	ck_assert_int_eq(recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)from, length),
			 (ssize_t)strlen(data));
	ck_assert_str_eq(buffer, data);
}

static void reply(int fd, const struct sockaddr_storage *to, socklen_t length, const char *data)
{
	ck_assert_int_eq(sendto(fd, data, strlen(data), 0, (const struct sockaddr *)to, length),
			 (ssize_t)strlen(data));
}

static const struct guest_packet *take_datagram(struct guest *guest, const char *data)
{
	const struct guest_packet *packet = guest_take(guest);

	ck_assert_uint_eq(packet->header.type, PACKET_DATAGRAM);
	ck_assert_uint_eq(packet->header.op, OP_RW);
	ck_assert_uint_eq(packet->header.dst_port, ID);
	ck_assert_uint_eq(packet->header.len, strlen(data));
	ck_assert_mem_eq(packet->payload, data, strlen(data));
	return packet;
}

static void unconnected(int family)
{
	struct sockaddr_storage address, from;
	socklen_t length, from_length;
	int server = host_socket(family, SOCK_DGRAM, &address, &length);
	const struct guest_packet *packet;
	struct guest guest;

	guest_init(&guest);
	guest.options.unix_sockets = true;
	guest.options.loopback_only = true;
	guest_start(&guest);
	guest_create(&guest, ID, (uint16_t)family, TSI_SOCK_DGRAM);
	/* Before there is an address, data is dropped. */
	guest_datagram(&guest, ID, TSI_SENDTO_DATA, "lost", 4);
	send_to(&guest, &address, length, "question");
	expect_datagram(server, "question", &from, &from_length);
	reply(server, &from, from_length, "answer");
	packet = take_datagram(&guest, "answer");
	ck_assert_uint_eq(packet->header.src_cid, HOST_CID);
	ck_assert_uint_eq(packet->header.dst_cid, GUEST_CID);
	ck_assert_uint_eq(packet->header.flags, 0);
	ck_assert_uint_eq(packet->header.buf_alloc, 0);
	ck_assert_uint_eq(packet->header.fwd_cnt, 0);
	/* Empty ones count, both ways. */
	send_to(&guest, &address, length, "");
	expect_datagram(server, "", &from, &from_length);
	reply(server, &from, from_length, "");
	take_datagram(&guest, "");
	guest_release(&guest, ID, TSI_STREAM_PORT);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	guest_datagram(&guest, ID, TSI_SENDTO_DATA, "lost", 4);
	close(server);
	guest_free(&guest);
}

START_TEST(unconnected_over_ipv4)
{
	unconnected(AF_INET);
}
END_TEST

START_TEST(unconnected_over_ipv6)
{
	unconnected(AF_INET6);
}
END_TEST

START_TEST(unconnected_over_unix)
{
	unconnected(AF_UNIX);
}
END_TEST

START_TEST(connected_data_goes_to_any_other_port)
{
	struct sockaddr_storage address, from;
	socklen_t length, from_length;
	int server = host_socket(AF_INET, SOCK_DGRAM, &address, &length);
	const struct guest_packet *packet;
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_DGRAM);
	guest_connect(&guest, ID, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), 0);
	guest_datagram(&guest, ID, ID, "question", 8);
	expect_datagram(server, "question", &from, &from_length);
	reply(server, &from, from_length, "answer");
	take_datagram(&guest, "answer");
	packet = &guest.packets[guest.taken];
	guest_get_name(&guest, ID, TSI_STREAM_PORT);
	ck_assert_int_eq(guest_result(&guest, TSI_GETNAME), 0);
	ck_assert_uint_eq(get_le32(packet->payload + 4), sizeof(struct sockaddr_in));
	close(server);
	guest_free(&guest);
}
END_TEST

START_TEST(item_46_listen_and_accept_have_no_answer)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_DGRAM);
	guest_listen(&guest, ID, ID, &address, sizeof(address));
	guest_accept(&guest, ID, 0);
	guest_accept(&guest, ID, TSI_NONBLOCK);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_a_name_as_long_as_its_storage)
{
	struct sockaddr_storage address;
	const struct guest_packet *packet;
	socklen_t length;
	int server = host_socket(AF_INET, SOCK_DGRAM, &address, &length);
	struct guest guest;

	guest_init(&guest);
	guest.options.misbehaviour = STORAGE_LENGTH;
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_DGRAM);
	guest_connect(&guest, ID, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_CONNECT), 0);
	packet = &guest.packets[guest.taken];
	guest_get_name(&guest, ID, TSI_STREAM_PORT);
	ck_assert_int_eq(guest_result(&guest, TSI_GETNAME), 0);
	ck_assert_uint_eq(get_le32(packet->payload + 4), TSI_ADDRESS_SIZE);
	ck_assert_mem_eq(packet->payload + 8, &address, length);
	close(server);
	guest_free(&guest);
}
END_TEST

START_TEST(item_50_swapped_cids)
{
	struct sockaddr_storage address, from;
	socklen_t length, from_length;
	int server = host_socket(AF_INET, SOCK_DGRAM, &address, &length);
	const struct guest_packet *packet;
	struct guest guest;

	guest_init(&guest);
	guest.options.misbehaviour = SWAPPED_CIDS;
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_DGRAM);
	send_to(&guest, &address, length, "question");
	expect_datagram(server, "question", &from, &from_length);
	reply(server, &from, from_length, "answer");
	packet = take_datagram(&guest, "answer");
	ck_assert_uint_eq(packet->header.src_cid, GUEST_CID);
	ck_assert_uint_eq(packet->header.dst_cid, HOST_CID);
	ck_assert_uint_eq(packet->header.src_port, 0);
	close(server);
	guest_free(&guest);
}
END_TEST

START_TEST(large_datagrams_are_cut_to_the_guests_buffer)
{
	struct sockaddr_storage address, from;
	socklen_t length, from_length;
	int server = host_socket(AF_INET, SOCK_DGRAM, &address, &length);
	struct guest guest;

	guest_init(&guest);
	guest.room = 3;
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_DGRAM);
	send_to(&guest, &address, length, "question");
	expect_datagram(server, "question", &from, &from_length);
	reply(server, &from, from_length, "answer");
	take_datagram(&guest, "ans");
	close(server);
	guest_free(&guest);
}
END_TEST

/* Nothing goes where it was not meant to go. */
START_TEST(a_refused_destination_is_none)
{
	struct sockaddr_storage address, far, from;
	socklen_t length, from_length;
	int server = host_socket(AF_INET, SOCK_DGRAM, &address, &length);
	struct guest guest;

	guest_init(&guest);
	guest.options.loopback_only = true;
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_DGRAM);
	send_to(&guest, &address, length, "first");
	far = address;
	((struct sockaddr_in *)&far)->sin_addr.s_addr = htonl(0xc0000201);
	send_to(&guest, &far, length, "second");
	send_to(&guest, &address, length, "third");
	expect_datagram(server, "first", &from, &from_length);
	expect_datagram(server, "third", &from, &from_length);
	close(server);
	guest_free(&guest);
}
END_TEST

Suite *datagram_suite(void)
{
	Suite *suite = suite_create("tsi-peer datagrams");
	TCase *tcase = tcase_create("datagrams");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, unconnected_over_ipv4);
	tcase_add_test(tcase, unconnected_over_ipv6);
	tcase_add_test(tcase, unconnected_over_unix);
	tcase_add_test(tcase, connected_data_goes_to_any_other_port);
	tcase_add_test(tcase, item_46_listen_and_accept_have_no_answer);
	tcase_add_test(tcase, item_50_a_name_as_long_as_its_storage);
	tcase_add_test(tcase, item_50_swapped_cids);
	tcase_add_test(tcase, large_datagrams_are_cut_to_the_guests_buffer);
	tcase_add_test(tcase, a_refused_destination_is_none);
	suite_add_tcase(suite, tcase);
	return suite;
}
