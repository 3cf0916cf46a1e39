// SPDX-License-Identifier: Apache-2.0
/* A guest that sends anything at all. */
#include "tests.h"

#include <fcntl.h>
#include <unistd.h>

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

Suite *random_suite(void)
{
	Suite *suite = suite_create("tsi-peer random packets");
	TCase *tcase = tcase_create("random packets");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, no_sequence_of_packets_does_harm, 0, 4);
	suite_add_tcase(suite, tcase);
	return suite;
}
