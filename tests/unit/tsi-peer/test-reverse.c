// SPDX-License-Identifier: Apache-2.0
/* Item 48 of tests/tsi/CONFORMANCE.md: what listens for the guest, and who connects. */
#include "tests.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bytes.h"

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

/* The guest asks to listen at the port of all addresses, for its socket ID. */
static void guest_listens(struct guest *guest, uint32_t id, uint16_t family, in_port_t port, int result)
{
	struct sockaddr_in inet = { .sin_family = AF_INET, .sin_port = port };
	struct sockaddr_in6 inet6 = { .sin6_family = AF_INET6, .sin6_port = port };

	guest_create(guest, id, family, TSI_SOCK_STREAM);
	if (family == TSI_INET)
		guest_listen(guest, id, id, &inet, sizeof(inet));
	else
		guest_listen(guest, id, id, &inet6, sizeof(inet6));
	ck_assert_int_eq(guest_result(guest, TSI_LISTEN), result);
}

/* Which of the guest's sockets a connection to the loopback address of the family reaches */
static uint32_t reached(struct guest *guest, int family, in_port_t port)
{
	struct sockaddr_in inet = {
		.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 inet6 = {
		.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = in6addr_loopback,
	};
	const struct guest_packet *packet;
	int client = socket(family, SOCK_STREAM, 0);
	uint32_t id, host_port;

	ck_assert_int_eq(family == AF_INET ?
			 connect(client, (struct sockaddr *)&inet, sizeof(inet)) :
			 connect(client, (struct sockaddr *)&inet6, sizeof(inet6)), 0);
	packet = guest_take(guest);
	ck_assert_uint_eq(packet->header.op, OP_REQUEST);
	id = packet->header.dst_port;
	host_port = packet->header.src_port;
	/* A socket of IPv6 has names of IPv6. */
	packet = &guest->packets[guest->taken];
	guest_get_name(guest, id, host_port);
	ck_assert_int_eq(guest_result(guest, TSI_GETNAME), 0);
	ck_assert_uint_eq(get_le16(packet->payload + 8), id == ID ? TSI_INET6 : TSI_INET);
	guest_stream(guest, id, host_port, OP_RST, 0, NULL, 0);
	close(client);
	return id;
}

START_TEST(both_families_have_the_port)
{
	struct sockaddr_storage address;
	socklen_t length;
	struct guest guest;
	in_port_t port;

	/* One that was free a moment ago; it is at the same place in both families. */
	close(host_listener(AF_INET, &address, &length));
	port = ((struct sockaddr_in *)&address)->sin_port;
	guest_init(&guest);
	guest_start(&guest);
	guest_listens(&guest, ID, TSI_INET6, port, 0);
	ck_assert_uint_eq(reached(&guest, AF_INET6, port), ID);
	ck_assert_uint_eq(reached(&guest, AF_INET, port), ID);
	guest_listens(&guest, ID + 1, TSI_INET, port, 0);
	ck_assert_uint_eq(reached(&guest, AF_INET6, port), ID);
	ck_assert_uint_eq(reached(&guest, AF_INET, port), ID + 1);
	guest_listens(&guest, ID + 2, TSI_INET, port, -EADDRINUSE);
	guest_release(&guest, ID, TSI_STREAM_PORT);
	guest_listens(&guest, ID, TSI_INET6, port, 0);
	ck_assert_uint_eq(reached(&guest, AF_INET6, port), ID);
	ck_assert_uint_eq(reached(&guest, AF_INET, port), ID + 1);
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
	char directory[] = "tests-scratch.XXXXXX";
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
	char directory[] = "tests-scratch.XXXXXX", host_path[64];
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

Suite *reverse_suite(void)
{
	Suite *suite = suite_create("tsi-peer reverse connections");
	TCase *tcase = tcase_create("reverse connections");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, item_48_reverse_connection_over_ipv4);
	tcase_add_test(tcase, item_48_reverse_connection_over_ipv6);
	tcase_add_test(tcase, item_48_reverse_connection_over_unix);
	tcase_add_test(tcase, item_46_accept_is_answered_once);
	tcase_add_test(tcase, refused_reverse_connection_hangs_up);
	tcase_add_test(tcase, unanswered_reverse_connection_ends_by_time);
	tcase_add_test(tcase, listen_tells_what_is_in_the_way);
	tcase_add_test(tcase, both_families_have_the_port);
	tcase_add_test(tcase, unix_sockets_leave_nothing_behind);
	tcase_add_test(tcase, plain_ports_reach_unix_sockets_both_ways);
	suite_add_tcase(suite, tcase);
	return suite;
}
