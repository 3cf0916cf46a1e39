// SPDX-License-Identifier: Apache-2.0
/* Items 48 to 50 of the protocol's checklist, for the host. */
#include "tests.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bytes.h"

#define ID 5000

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

static void expect_bytes(int fd, const char *bytes)
{
	char buffer[64] = "";

	ck_assert_int_eq(recv(fd, buffer, sizeof(buffer), 0), (ssize_t)strlen(bytes));
	ck_assert_str_eq(buffer, bytes);
}

static void expect_hang_up(int fd)
{
	char byte;

	ck_assert_int_le(recv(fd, &byte, 1, 0), 0);
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

/* Listens at a port that the host chooses, and connects to it. */
static int listen_and_connect(struct guest *guest, int family)
{
	struct sockaddr_storage address;
	socklen_t length;
	int fd = host_socket(family, SOCK_STREAM, &address, &length), client;

	/* A port that was free a moment ago. */
	close(fd);
	guest_create(guest, ID, (uint16_t)family, TSI_SOCK_STREAM);
	guest_listen(guest, ID, ID, &address, length);
	ck_assert_int_eq(guest_result(guest, TSI_LISTEN), 0);
	client = socket(family, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&address, length), 0);
	return client;
}

/* Takes the REQUEST of a reverse connection, and returns its port of the host. */
static uint32_t take_request(struct guest *guest)
{
	const struct packet_header *header = &guest_take(guest)->header;

	ck_assert_uint_eq(header->type, PACKET_STREAM);
	ck_assert_uint_eq(header->op, OP_REQUEST);
	ck_assert_uint_eq(header->src_cid, HOST_CID);
	ck_assert_uint_eq(header->dst_port, ID);
	ck_assert_uint_ge(header->src_port, 1024);
	ck_assert_uint_eq(header->buf_alloc, STREAM_WINDOW);
	return header->src_port;
}

static void reverse_connection(int family)
{
	const struct guest_packet *packet;
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	struct guest guest;
	uint32_t port;
	int client;

	guest_init(&guest);
	guest.options.unix_sockets = true;
	guest_start(&guest);
	client = listen_and_connect(&guest, family);
	port = take_request(&guest);
	/* No data before the RESPONSE. */
	ck_assert_int_eq(send(client, "hello", 5, 0), 5);
	guest_expect_nothing(&guest);
	guest_stream(&guest, ID, port, OP_RESPONSE, 0, NULL, 0);
	ck_assert_uint_eq(guest_expect(&guest, OP_RW, port, ID)->header.len, 5);
	guest_stream(&guest, ID, port, OP_RW, 0, "welcome", 7);
	expect_bytes(client, "welcome");
	packet = &guest.packets[guest.taken];
	guest_get_name(&guest, ID, port);
	ck_assert_int_eq(guest_result(&guest, TSI_GETNAME), 0);
	getsockname(client, (struct sockaddr *)&address, &length);
	ck_assert_uint_eq(get_le32(packet->payload + 4), length);
	ck_assert_mem_eq(packet->payload + 8, &address, length);
	guest_release(&guest, ID, port);
	guest_stream(&guest, ID, port, OP_SHUTDOWN, SHUTDOWN_BOTH, NULL, 0);
	guest_expect(&guest, OP_RST, port, ID);
	expect_hang_up(client);
	close(client);
	guest_release(&guest, ID, TSI_STREAM_PORT);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	guest_free(&guest);
}

START_TEST(item_48_reverse_connection_over_ipv4)
{
	reverse_connection(AF_INET);
}
END_TEST

START_TEST(item_48_reverse_connection_over_ipv6)
{
	reverse_connection(AF_INET6);
}
END_TEST

START_TEST(item_48_reverse_connection_over_unix)
{
	reverse_connection(AF_UNIX);
}
END_TEST

START_TEST(item_46_accept_is_answered_once)
{
	struct guest guest;
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int client, second;
	uint32_t port;

	guest_init(&guest);
	guest_start(&guest);
	client = listen_and_connect(&guest, AF_INET);
	port = take_request(&guest);
	guest_accept(&guest, ID, TSI_NONBLOCK);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EAGAIN);
	guest_stream(&guest, ID, port, OP_RESPONSE, 0, NULL, 0);
	guest_accept(&guest, ID, 0);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), 0);
	/* Two that wait are one, which a second LISTEN does not forget. */
	guest_accept(&guest, ID, 0);
	guest_accept(&guest, ID, 0);
	guest_expect_nothing(&guest);
	getpeername(client, (struct sockaddr *)&address, &length);
	guest_listen(&guest, ID, ID, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_LISTEN), 0);
	second = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(second, (struct sockaddr *)&address, length), 0);
	port = take_request(&guest);
	guest_stream(&guest, ID, port, OP_RESPONSE, 0, NULL, 0);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), 0);
	guest_accept(&guest, ID, TSI_NONBLOCK);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EAGAIN);
	/* The listener goes at once, what it accepted stays. */
	guest_release(&guest, ID, TSI_STREAM_PORT);
	ck_assert_uint_eq(guest.peer.table.count, 2);
	close(client);
	close(second);
	guest_take(&guest);
	guest_take(&guest);
	guest_free(&guest);
}
END_TEST

START_TEST(refused_reverse_connection_hangs_up)
{
	struct guest guest;
	uint32_t port;
	int client;

	guest_init(&guest);
	guest_start(&guest);
	client = listen_and_connect(&guest, AF_INET);
	port = take_request(&guest);
	guest_stream(&guest, ID, port, OP_RST, 0, NULL, 0);
	expect_hang_up(client);
	close(client);
	guest_accept(&guest, ID, TSI_NONBLOCK);
	ck_assert_int_eq(guest_result(&guest, TSI_ACCEPT), -EAGAIN);
	guest_free(&guest);
}
END_TEST

START_TEST(unanswered_reverse_connection_ends_by_time)
{
	struct guest guest;
	struct proxy *proxy;
	uint32_t port;
	int client;

	guest_init(&guest);
	guest_start(&guest);
	client = listen_and_connect(&guest, AF_INET);
	port = take_request(&guest);
	proxy = proxy_find(&guest.peer.table, ID, port);
	ck_assert_ptr_nonnull(proxy);
	proxy->deadline = 1;
	guest_expect(&guest, OP_RST, port, ID);
	expect_hang_up(client);
	close(client);
	guest_free(&guest);
}
END_TEST

START_TEST(listen_tells_what_is_in_the_way)
{
	struct sockaddr_storage address;
	socklen_t length;
	int taken = host_listener(AF_INET, &address, &length);
	struct guest guest;

	guest_init(&guest);
	guest_start(&guest);
	guest_create(&guest, ID, TSI_INET, TSI_SOCK_STREAM);
	guest_listen(&guest, ID, ID, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_LISTEN), -EADDRINUSE);
	guest_listen(&guest, ID, 0, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_LISTEN), -EINVAL);
	guest.options.mapped_only = true;
	guest_listen(&guest, ID, ID, &address, length);
	ck_assert_int_eq(guest_result(&guest, TSI_LISTEN), -EPERM);
	close(taken);
	guest_free(&guest);
}
END_TEST

static void make_unix_address(struct sockaddr_un *address, const char *directory)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/socket", directory);
}

START_TEST(unix_sockets_leave_nothing_behind)
{
	char directory[] = "/tmp/test-tsi-peer.XXXXXX";
	struct sockaddr_un address;
	struct stat status;
	struct guest guest;
	int other, file, i;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	make_unix_address(&address, directory);
	guest_init(&guest);
	guest.options.unix_sockets = true;
	guest_start(&guest);
	guest_create(&guest, ID, TSI_UNIX, TSI_SOCK_STREAM);

	/* Somebody listens there: not ours to take, even when too many wait for it already. */
	other = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(other, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(other, 1), 0);
	for (i = 0; i < 5; i++) {
		guest_listen(&guest, ID, ID, &address, sizeof(address));
		ck_assert_int_eq(guest_result(&guest, TSI_LISTEN), -EADDRINUSE);
	}

	/* Nobody does any more. */
	close(other);
	guest_listen(&guest, ID, ID, &address, sizeof(address));
	ck_assert_int_eq(guest_result(&guest, TSI_LISTEN), 0);
	guest_release(&guest, ID, TSI_STREAM_PORT);
	ck_assert_int_eq(stat(address.sun_path, &status), -1);

	/* A file is not a socket. */
	file = open(address.sun_path, O_CREAT | O_WRONLY, 0600);
	close(file);
	guest_create(&guest, ID, TSI_UNIX, TSI_SOCK_STREAM);
	guest_listen(&guest, ID, ID, &address, sizeof(address));
	ck_assert_int_eq(guest_result(&guest, TSI_LISTEN), -EADDRINUSE);
	ck_assert_int_eq(unlink(address.sun_path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
	guest_free(&guest);
}
END_TEST

START_TEST(plain_ports_reach_unix_sockets_both_ways)
{
	char directory[] = "/tmp/test-tsi-peer.XXXXXX", host_path[64];
	struct sockaddr_un address, guest_address;
	int listener, connection, client;
	struct guest guest;
	uint32_t port;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(host_path, sizeof(host_path), "%s/host", directory);
	make_unix_address(&guest_address, directory);
	address = guest_address;
	strcpy(address.sun_path, host_path);
	guest_init(&guest);
	guest.options.host_ports[guest.options.host_port_count++] =
		(struct path_mapping){ 700, host_path };
	guest.options.guest_ports[guest.options.guest_port_count++] =
		(struct path_mapping){ ID, guest_address.sun_path };
	guest_start(&guest);

	guest_stream(&guest, 8000, 700, OP_REQUEST, 0, NULL, 0);
	guest_expect(&guest, OP_RST, 700, 8000);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	guest_stream(&guest, 8000, 700, OP_REQUEST, 0, NULL, 0);
	guest_expect(&guest, OP_RESPONSE, 700, 8000);
	connection = accept(listener, NULL, NULL);
	guest_stream(&guest, 8000, 700, OP_RW, 0, "plain", 5);
	expect_bytes(connection, "plain");
	guest_stream(&guest, 8000, 700, OP_SHUTDOWN, SHUTDOWN_BOTH, NULL, 0);
	guest_expect(&guest, OP_RST, 700, 8000);

	client = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&guest_address,
				 sizeof(guest_address)), 0);
	port = take_request(&guest);
	guest_stream(&guest, ID, port, OP_RESPONSE, 0, NULL, 0);
	guest_stream(&guest, ID, port, OP_RW, 0, "back", 4);
	expect_bytes(client, "back");
	guest_stream(&guest, ID, port, OP_RST, 0, NULL, 0);
	expect_hang_up(client);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	close(client);
	close(connection);
	close(listener);
	guest_free(&guest);
	ck_assert_int_eq(unlink(host_path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

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

/* A small generator of its own, so that a failure comes again. */
static uint32_t random_below(uint64_t *state, uint32_t limit)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*state >> 33) % limit;
}

/* Somebody of the host connects to whatever listens for the guest. */
static void connect_to_listeners(struct guest *guest)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	struct proxy *proxy;
	int client;

	LIST_FOREACH(proxy, &guest->peer.table.all, all) {
		if (proxy->state != PROXY_LISTENING)
			continue;
		getsockname(proxy->watch.fd, (struct sockaddr *)&address, &length);
		client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(client, (struct sockaddr *)&address, length);
		close(client);
	}
}

static void random_request(struct guest *guest, uint64_t *state, uint32_t id,
			   const struct sockaddr_storage *server)
{
	struct sockaddr_storage address = *server;

	switch (random_below(state, 7)) {
	case 0:
		guest_create(guest, id, TSI_INET, (uint16_t)(1 + random_below(state, 2)));
		break;
	case 1:
		guest_connect(guest, id, &address, sizeof(struct sockaddr_in));
		break;
	case 2:
		((struct sockaddr_in *)&address)->sin_port = 0;
		guest_listen(guest, id, ID + random_below(state, 8), &address,
			     sizeof(struct sockaddr_in));
		connect_to_listeners(guest);
		break;
	case 3:
		guest_accept(guest, id, random_below(state, 2) ? TSI_NONBLOCK : 0);
		break;
	case 4:
		guest_get_name(guest, id, TSI_STREAM_PORT);
		break;
	case 5:
		guest_release(guest, id, TSI_STREAM_PORT);
		break;
	default:
		guest_datagram(guest, id, TSI_SENDTO_DATA, &address, random_below(state, 100));
	}
}

/* Of any operation, with any credit, to any proxy there is or to none. */
static void random_packet(struct guest *guest, uint64_t *state, uint32_t id)
{
	static const uint8_t data[4000];
	struct packet_header header = {
		.src_cid = GUEST_CID, .dst_cid = HOST_CID,
		.src_port = id, .dst_port = TSI_STREAM_PORT, .type = PACKET_STREAM,
		.op = (uint16_t)random_below(state, 9), .flags = random_below(state, 5),
		.buf_alloc = random_below(state, 3) * 100000, .fwd_cnt = random_below(state, 3000),
	};
	struct proxy *proxy;
	uint32_t skip = random_below(state, 8);

	LIST_FOREACH(proxy, &guest->peer.table.all, all) {
		if (skip-- == 0) {
			header.src_port = proxy->guest_port;
			header.dst_port = proxy->host_port;
			break;
		}
	}
	if (header.op == OP_RW)
		header.len = random_below(state, sizeof(data));
	peer_receive(&guest->peer, &header, data);
}

/* What comes back is of no interest, but for the sanitizers, who must stay silent. */
START_TEST(no_sequence_of_packets_does_harm)
{
	struct sockaddr_storage address;
	socklen_t length;
	int listener = host_listener(AF_INET, &address, &length), connection;
	uint64_t state = (uint64_t)_i;
	struct guest guest;
	uint32_t i, id;

	fcntl(listener, F_SETFL, O_NONBLOCK);
	guest_init(&guest);
	guest.options.loopback_only = true;
	guest_start(&guest);
	guest.peer.table.limit = 64;
	for (i = 0; i < 10000; i++) {
		id = ID + random_below(&state, 8);
		if (random_below(&state, 3))
			random_packet(&guest, &state, id);
		else
			random_request(&guest, &state, id, &address);
		if (random_below(&state, 8) == 0) {
			guest.room = random_below(&state, 4) ? 3732 : 0;
			guest_turn(&guest);
			connection = accept(listener, NULL, NULL);
			if (connection >= 0) {
				ck_assert_int_eq(send(connection, "hello", 5, MSG_NOSIGNAL), 5);
				close(connection);
			}
		}
		ck_assert_uint_le(guest.peer.table.count, 64);
		guest.received = guest.taken = 0;
	}
	peer_start(&guest.peer);
	ck_assert_uint_eq(guest.peer.table.count, 0);
	ck_assert_ptr_null(TAILQ_FIRST(&guest.peer.table.expiring));
	close(listener);
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
	tcase_add_test(tcase, item_48_reverse_connection_over_ipv4);
	tcase_add_test(tcase, item_48_reverse_connection_over_ipv6);
	tcase_add_test(tcase, item_48_reverse_connection_over_unix);
	tcase_add_test(tcase, item_46_accept_is_answered_once);
	tcase_add_test(tcase, refused_reverse_connection_hangs_up);
	tcase_add_test(tcase, unanswered_reverse_connection_ends_by_time);
	tcase_add_test(tcase, listen_tells_what_is_in_the_way);
	tcase_add_test(tcase, unix_sockets_leave_nothing_behind);
	tcase_add_test(tcase, plain_ports_reach_unix_sockets_both_ways);
	tcase_add_test(tcase, item_50_reset_instead_of_response);
	tcase_add_test(tcase, item_50_no_response);
	tcase_add_test(tcase, item_50_reset_after_response);
	tcase_add_test(tcase, item_50_reset_after_data);
	tcase_add_test(tcase, item_50_reset_after_shutdown);
	tcase_add_test(tcase, item_50_reset_of_a_reverse_request);
	tcase_add_test(tcase, item_50_reset_of_an_accepted_connection);
	tcase_add_loop_test(tcase, no_sequence_of_packets_does_harm, 0, 4);
	suite_add_tcase(suite, tcase);
	return suite;
}
