// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "byte_queue.h"
#include "bytes.h"
#include "policy.h"

START_TEST(header_has_the_layout_of_virtio_vsock)
{
	static const uint8_t expected[PACKET_HEADER_SIZE] = {
		1, 2, 3, 4, 5, 6, 7, 8,
		9, 10, 11, 12, 13, 14, 15, 16,
		17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
		29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
	};
	const struct packet_header header = {
		.src_cid = 0x0807060504030201, .dst_cid = 0x100f0e0d0c0b0a09,
		.src_port = 0x14131211, .dst_port = 0x18171615, .len = 0x1c1b1a19,
		.type = 0x1e1d, .op = 0x201f, .flags = 0x24232221,
		.buf_alloc = 0x28272625, .fwd_cnt = 0x2c2b2a29,
	};
	uint8_t bytes[PACKET_HEADER_SIZE];
	struct packet_header decoded;

	packet_header_encode(bytes, &header);
	ck_assert_mem_eq(bytes, expected, sizeof(bytes));
	packet_header_decode(&decoded, bytes);
	/* All but the padding at the end. */
	ck_assert_mem_eq(&decoded, &header,
			 offsetof(struct packet_header, fwd_cnt) + sizeof(header.fwd_cnt));
}
END_TEST

/* A request of each kind that is right in full size. */
static void valid_request(uint8_t bytes[TSI_ADDRESS_SIZE + 16], enum opcode opcode)
{
	uint8_t *address = NULL;

	memset(bytes, 0, TSI_ADDRESS_SIZE + 16);
	put_le32(bytes, 5000);
	if (opcode == TSI_CONNECT || opcode == TSI_SENDTO_ADDRESS)
		address = bytes + 4;
	if (opcode == TSI_LISTEN)
		address = bytes + 12;
	if (address) {
		put_le32(address, 16);
		put_le16(address + 4, TSI_INET);
	}
}

START_TEST(requests_need_their_full_size)
{
	static const size_t sizes[] = { 8, 136, 12, 136, 0, 144, 8, 8 };
	uint8_t bytes[TSI_ADDRESS_SIZE + 16];
	struct message message;
	uint32_t opcode;
	size_t size;

	for (opcode = TSI_PROXY_CREATE; opcode <= TSI_PROXY_RELEASE; opcode++) {
		ck_assert_uint_eq(message_size(opcode), sizes[opcode - TSI_PROXY_CREATE]);
		valid_request(bytes, opcode);
		for (size = 0; size <= sizeof(bytes); size++) {
			const char *problem = message_decode(&message, opcode, bytes, size);

			if (!message_size(opcode) || size < message_size(opcode))
				ck_assert_ptr_nonnull(problem);
			else
				ck_assert_ptr_null(problem);
		}
	}
}
END_TEST

START_TEST(every_field_is_where_the_protocol_says)
{
	uint8_t bytes[TSI_ADDRESS_SIZE + 16];
	struct message message;

	valid_request(bytes, TSI_LISTEN);
	put_le32(bytes + 4, 6000);
	put_le32(bytes + 8, 128);
	memcpy(bytes + 18, "\x1f\x90\x7f\0\0\1", 6);
	ck_assert_ptr_null(message_decode(&message, TSI_LISTEN, bytes, 144));
	ck_assert_uint_eq(message.port, 5000);
	ck_assert_uint_eq(message.vm_port, 6000);
	ck_assert_uint_eq(message.backlog, 128);
	ck_assert_uint_eq(message.address.length, 16);
	ck_assert_uint_eq(ntohs(((struct sockaddr_in *)&message.address.storage)->sin_port), 8080);

	valid_request(bytes, TSI_PROXY_CREATE);
	put_le16(bytes + 4, TSI_INET6);
	put_le16(bytes + 6, TSI_SOCK_DGRAM);
	ck_assert_ptr_null(message_decode(&message, TSI_PROXY_CREATE, bytes, 8));
	ck_assert_uint_eq(message.family, TSI_INET6);
	ck_assert_uint_eq(message.type, TSI_SOCK_DGRAM);

	put_le32(bytes + 4, 620);
	put_le32(bytes + 8, 2);
	ck_assert_ptr_null(message_decode(&message, TSI_GETNAME, bytes, 12));
	ck_assert_uint_eq(message.host_port, 620);
	ck_assert_uint_eq(message.selector, 2);
	ck_assert_ptr_null(message_decode(&message, TSI_PROXY_RELEASE, bytes, 8));
	ck_assert_uint_eq(message.host_port, 620);
	ck_assert_ptr_null(message_decode(&message, TSI_ACCEPT, bytes, 8));
	ck_assert_uint_eq(message.flags, 620);
}
END_TEST

START_TEST(addresses_are_checked)
{
	static const uint32_t bad_lengths[] = { 0, 1, 129, 0x80000000, UINT32_MAX };
	static const uint16_t bad_families[] = { 0, 3, 16, 40, 256 * TSI_INET, UINT16_MAX };
	uint8_t bytes[TSI_ADDRESS_SIZE + 16];
	struct message message;
	size_t i;

	for (i = 0; i < sizeof(bad_lengths) / sizeof(bad_lengths[0]); i++) {
		valid_request(bytes, TSI_CONNECT);
		put_le32(bytes + 4, bad_lengths[i]);
		ck_assert_ptr_nonnull(message_decode(&message, TSI_CONNECT, bytes, 136));
	}
	for (i = 0; i < sizeof(bad_families) / sizeof(bad_families[0]); i++) {
		valid_request(bytes, TSI_LISTEN);
		put_le16(bytes + 16, bad_families[i]);
		ck_assert_ptr_nonnull(message_decode(&message, TSI_LISTEN, bytes, 144));
	}
	valid_request(bytes, TSI_SENDTO_ADDRESS);
	put_le32(bytes + 4, TSI_ADDRESS_SIZE);
	ck_assert_ptr_null(message_decode(&message, TSI_SENDTO_ADDRESS, bytes, 136));
	/* What is beyond the length is not read. */
	memset(bytes + 8, 0xff, TSI_ADDRESS_SIZE);
	put_le16(bytes + 8, TSI_UNIX);
	put_le32(bytes + 4, 2);
	ck_assert_ptr_null(message_decode(&message, TSI_SENDTO_ADDRESS, bytes, 136));
	ck_assert_uint_eq(((uint8_t *)&message.address.storage)[2], 0);
	ck_assert(message.dirty);
}
END_TEST

START_TEST(item_11_what_follows_an_address_is_zero)
{
	static const struct {
		enum opcode opcode;
		size_t address;
	} requests[] = { { TSI_CONNECT, 8 }, { TSI_SENDTO_ADDRESS, 8 }, { TSI_LISTEN, 16 } };
	uint8_t bytes[TSI_ADDRESS_SIZE + 16];
	struct message message;
	size_t i, size;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		size = requests[i].address + TSI_ADDRESS_SIZE;
		valid_request(bytes, requests[i].opcode);
		bytes[requests[i].address + 15] = 1;
		ck_assert_ptr_null(message_decode(&message, requests[i].opcode, bytes, size));
		ck_assert(!message.dirty);
		bytes[requests[i].address + 16] = 1;
		ck_assert_ptr_null(message_decode(&message, requests[i].opcode, bytes, size));
		ck_assert(message.dirty);
		bytes[requests[i].address + 16] = 0;
		bytes[size - 1] = 1;
		ck_assert_ptr_null(message_decode(&message, requests[i].opcode, bytes, size));
		ck_assert(message.dirty);
	}
}
END_TEST

START_TEST(socket_ports_are_checked)
{
	static const uint32_t bad[] = { 0, 1024, 1028, 1031, UINT32_MAX };
	uint8_t bytes[TSI_ADDRESS_SIZE + 16];
	struct message message;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		valid_request(bytes, TSI_PROXY_CREATE);
		put_le32(bytes, bad[i]);
		ck_assert_ptr_nonnull(message_decode(&message, TSI_PROXY_CREATE, bytes, 8));
	}
	put_le32(bytes, 1032);
	ck_assert_ptr_null(message_decode(&message, TSI_PROXY_CREATE, bytes, 8));
	/* The reference guest releases sockets that never had a proxy. */
	put_le32(bytes, 0);
	ck_assert_ptr_null(message_decode(&message, TSI_PROXY_RELEASE, bytes, 8));
}
END_TEST

START_TEST(opcodes_have_names_and_others_have_none)
{
	ck_assert_str_eq(opcode_name(1023), "?");
	ck_assert_str_eq(opcode_name(1024), "PROXY_CREATE");
	ck_assert_str_eq(opcode_name(1031), "PROXY_RELEASE");
	ck_assert_str_eq(opcode_name(1032), "?");
	ck_assert_str_eq(packet_op_name(0), "?");
	ck_assert_str_eq(packet_op_name(8), "?");
}
END_TEST

START_TEST(a_name_is_136_bytes_and_cut_to_fit)
{
	struct sockaddr_storage address;
	uint8_t bytes[NAME_SIZE];

	memset(&address, 0xaa, sizeof(address));
	name_encode(bytes, 0, &address, 1000);
	ck_assert_uint_eq(get_le32(bytes + 4), TSI_ADDRESS_SIZE);
	name_encode(bytes, 0, &address, 16);
	ck_assert_uint_eq(get_le32(bytes + 4), 16);
	ck_assert_uint_eq(bytes[8 + 15], 0xaa);
	ck_assert_uint_eq(bytes[8 + 16], 0);
	name_encode(bytes, -EINVAL, &address, 16);
	ck_assert_int_eq((int)get_le32(bytes), -22);
	ck_assert_uint_eq(bytes[8], 0);
}
END_TEST

static void text_of(const void *bytes, size_t size, const char *expected)
{
	struct message_address address = { .length = (socklen_t)size };
	char text[ADDRESS_TEXT_SIZE];

	memcpy(&address.storage, bytes, size);
	address_text(text, &address);
	ck_assert_str_eq(text, expected);
}

START_TEST(addresses_in_words)
{
	struct sockaddr_un long_path = { .sun_family = AF_UNIX };

	text_of("\2\0\x1f\x90\x7f\0\0\1\0\0\0\0\0\0\0", 16, "127.0.0.1:8080");
	text_of("\x0a\0\0\x50\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 28, "[::1]:80");
	text_of("\1\0/run/x", 9, "unix:/run/x");
	text_of("\1\0\0name", 7, "unix:@name");
	text_of("\1\0/a\nb\x7f", 7, "unix:/a?b?");
	text_of("\1\0", 2, "unix:");
	memset(long_path.sun_path, 'a', sizeof(long_path.sun_path));
	text_of(&long_path, sizeof(long_path),
		"unix:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}
END_TEST

static void expect_log(const struct packet_header *header, bool from_guest, const void *payload,
		       const char *expected)
{
	struct log log = { 0 };
	char *text = NULL, *rest;
	size_t size;

	log.file = open_memstream(&text, &size);
	if (from_guest)
		log_from_guest(&log, header, payload);
	else
		log_to_guest(&log, header, payload);
	fclose(log.file);
	/* The time comes first. */
	rest = strchr(text, ' ');
	ck_assert_ptr_nonnull(rest);
	ck_assert_str_eq(rest + 1, expected);
	free(text);
}

START_TEST(log_has_a_line_for_each_packet)
{
	struct packet_header header = {
		.src_cid = 3, .dst_cid = 2, .src_port = 2000, .dst_port = TSI_CONNECT,
		.len = 136, .type = PACKET_DATAGRAM, .op = OP_RW,
	};
	uint8_t bytes[TSI_ADDRESS_SIZE + 16];

	valid_request(bytes, TSI_CONNECT);
	memcpy(bytes + 10, "\0\x50\x7f\0\0\1", 6);
	expect_log(&header, true, bytes, "guest>host datagram RW 3:2000 -> 2:1025 len=136 | "
		   "CONNECT socket=5000 address=127.0.0.1:80/16\n");
	header.len = 135;
	expect_log(&header, true, bytes, "guest>host datagram RW 3:2000 -> 2:1025 len=135 | "
		   "CONNECT ignored: it is too short\n");
	header.dst_port = 2000;
	header.src_port = TSI_GETNAME;
	header.len = NAME_SIZE;
	name_encode(bytes, -EINVAL, NULL, 0);
	expect_log(&header, false, bytes, "host>guest datagram RW 3:1026 -> 2:2000 len=136 | "
		   "GETNAME result=-22\n");
	/* As far as a short answer goes. */
	header.len = 2;
	expect_log(&header, false, bytes, "host>guest datagram RW 3:1026 -> 2:2000 len=2 | "
		   "GETNAME\n");
	header = (struct packet_header){
		.src_cid = 3, .dst_cid = 2, .src_port = 5000, .dst_port = 620,
		.type = PACKET_STREAM, .op = OP_SHUTDOWN, .flags = 3, .buf_alloc = 4, .fwd_cnt = 5,
	};
	expect_log(&header, true, NULL, "guest>host stream SHUTDOWN 3:5000 -> 2:620 len=0 "
		   "flags=0x3 buf_alloc=4 fwd_cnt=5\n");
	header.type = 9;
	header.op = 99;
	expect_log(&header, true, NULL, "guest>host ? ? 3:5000 -> 2:620 len=0 flags=0x3\n");
}
END_TEST

static struct message_address inet_address(uint32_t host, uint16_t port)
{
	struct message_address address = { .length = sizeof(struct sockaddr_in) };
	struct sockaddr_in inet = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(host),
	};

	memcpy(&address.storage, &inet, sizeof(inet));
	return address;
}

static uint16_t port_of(const struct message_address *address)
{
	return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
}

START_TEST(policy_keeps_to_loopback)
{
	struct message_address near = inet_address(INADDR_LOOPBACK, 80);
	struct message_address far = inet_address(0xc0000201, 80);
	struct message_address all = inet_address(INADDR_ANY, 80);
	struct options options;

	options_default(&options);
	ck_assert_int_eq(policy_destination(&options, &far), 0);
	ck_assert_int_eq(policy_listen(&options, &far), 0);
	options.loopback_only = true;
	ck_assert_int_eq(policy_destination(&options, &near), 0);
	ck_assert_int_eq(policy_destination(&options, &all), 0);
	ck_assert_int_eq(policy_destination(&options, &far), -ENETUNREACH);
	ck_assert_int_eq(policy_listen(&options, &far), -EADDRNOTAVAIL);
	ck_assert_int_eq(policy_listen(&options, &all), 0);
	ck_assert_mem_eq(&all, &near, sizeof(near));
}
END_TEST

START_TEST(policy_knows_loopback_of_ipv6)
{
	static const struct {
		const char *text;
		int result;
	} destinations[] = {
		{ "::1", 0 },
		{ "::", 0 },
		{ "::ffff:127.0.0.1", 0 },
		{ "::ffff:192.0.2.1", -ENETUNREACH },
		{ "2001:db8::1", -ENETUNREACH },
		{ "fe80::1", -ENETUNREACH },
	};
	struct message_address address = { .length = sizeof(struct sockaddr_in6) };
	struct sockaddr_in6 inet6 = { .sin6_family = AF_INET6 };
	struct options options;
	size_t i;

	options_default(&options);
	options.loopback_only = true;
	for (i = 0; i < sizeof(destinations) / sizeof(destinations[0]); i++) {
		ck_assert_int_eq(inet_pton(AF_INET6, destinations[i].text, &inet6.sin6_addr), 1);
		memcpy(&address.storage, &inet6, sizeof(inet6));
		ck_assert_int_eq(policy_destination(&options, &address), destinations[i].result);
	}
	inet6.sin6_addr = in6addr_any;
	memcpy(&address.storage, &inet6, sizeof(inet6));
	ck_assert_int_eq(policy_listen(&options, &address), 0);
	ck_assert(IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&address.storage)->sin6_addr));
}
END_TEST

START_TEST(policy_maps_ports)
{
	struct message_address mapped = inet_address(INADDR_LOOPBACK, 80);
	struct message_address other = inet_address(INADDR_LOOPBACK, 81);
	struct options options;

	options_default(&options);
	options.mappings[0] = (struct port_mapping){ 80, 8080 };
	options.mapping_count = 1;
	ck_assert_int_eq(policy_listen(&options, &mapped), 0);
	ck_assert_uint_eq(port_of(&mapped), 8080);
	ck_assert_int_eq(policy_listen(&options, &other), 0);
	ck_assert_uint_eq(port_of(&other), 81);
	options.mapped_only = true;
	ck_assert_int_eq(policy_listen(&options, &other), -EPERM);
}
END_TEST

static enum options_outcome parse(struct options *options, const char *first, const char *second)
{
	char name[] = "tsi-peer", socket[] = "--socket=/s";
	char *argv[] = { name, socket, (char *)first, (char *)second, NULL };

	/* getopt_long() begins anew. */
	optind = 0;
	return options_parse(options, second ? 4 : first ? 3 : 2, argv);
}

START_TEST(options_are_checked)
{
	static const char *const bad[] = {
		"--cid=2", "--cid=x", "--cid=", "--cid=4294967296", "--families=inet6",
		"--map=80", "--map=80:", "--map=0:80", "--map=80:65536", "--host-port=1",
		"--host-port=1=", "--host-port=620=/x", "--guest-port=-1=/x", "--time-sync=0",
		"--misbehave=well", "--only=release", "--delay=-1", "--fail=0", "--unknown", "left-over",
		"--which=2", "--which=0-1", "--which=3-2",
	};
	struct options options;
	size_t i;

	/* What they say is not of interest. */
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(parse(&options, bad[i], NULL), OPTIONS_BAD);
	ck_assert_int_eq(parse(&options, NULL, NULL), OPTIONS_RUN);
	ck_assert(options.inet && !options.unix_sockets);
	ck_assert_uint_eq(options.guest_cid, 3);
	ck_assert_int_eq(parse(&options, "--help", NULL), OPTIONS_HELP);
	ck_assert_int_eq(parse(&options, "--map=80:8080", "--host-port=5=/a=b"), OPTIONS_RUN);
	ck_assert_uint_eq(options.mappings[0].host, 8080);
	ck_assert_str_eq(options.host_ports[0].path, "/a=b");
	ck_assert_int_eq(parse(&options, "--misbehave=no-answer", "--only=listen"), OPTIONS_RUN);
	ck_assert_uint_eq(options.misbehaviour, NO_ANSWER);
	ck_assert_uint_eq(options.misbehaviour_opcode, TSI_LISTEN);
	ck_assert_int_eq(parse(&options, "--families=none", NULL), OPTIONS_RUN);
	ck_assert(!options.inet && !options.unix_sockets);
}
END_TEST

START_TEST(byte_queue_keeps_order)
{
	struct byte_queue queue = { 0 };
	uint8_t bytes[1000], next = 0, expected = 0;
	unsigned int round, i;

	for (round = 0; round < 200; round++) {
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = next++;
		ck_assert_int_eq(byte_queue_append(&queue, bytes, sizeof(bytes)), 0);
		for (i = 0; i < 700; i++)
			ck_assert_uint_eq(queue.bytes[queue.start + i], expected++);
		byte_queue_consume(&queue, 700);
	}
	ck_assert_uint_eq(queue.length, 200 * 300);
	byte_queue_consume(&queue, queue.length);
	ck_assert_ptr_null(queue.bytes);
}
END_TEST

Suite *messages_suite(void)
{
	Suite *suite = suite_create("tsi-peer messages");
	TCase *tcase = tcase_create("messages");

	tcase_add_test(tcase, header_has_the_layout_of_virtio_vsock);
	tcase_add_test(tcase, requests_need_their_full_size);
	tcase_add_test(tcase, every_field_is_where_the_protocol_says);
	tcase_add_test(tcase, addresses_are_checked);
	tcase_add_test(tcase, item_11_what_follows_an_address_is_zero);
	tcase_add_test(tcase, socket_ports_are_checked);
	tcase_add_test(tcase, opcodes_have_names_and_others_have_none);
	tcase_add_test(tcase, a_name_is_136_bytes_and_cut_to_fit);
	tcase_add_test(tcase, addresses_in_words);
	tcase_add_test(tcase, log_has_a_line_for_each_packet);
	tcase_add_test(tcase, policy_keeps_to_loopback);
	tcase_add_test(tcase, policy_knows_loopback_of_ipv6);
	tcase_add_test(tcase, policy_maps_ports);
	tcase_add_test(tcase, options_are_checked);
	tcase_add_test(tcase, byte_queue_keeps_order);
	suite_add_tcase(suite, tcase);
	return suite;
}
