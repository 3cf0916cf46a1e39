// SPDX-License-Identifier: Apache-2.0
/* The device, from the side of a guest; item 47 of tests/tsi/CONFORMANCE.md. */
#include "monitor.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bytes.h"

static const struct packet_header accept_request = {
	.src_port = 2000, .dst_port = TSI_ACCEPT, .len = 8, .type = PACKET_DATAGRAM, .op = OP_RW,
};
static const uint8_t accept_payload[8] = { 0x88, 0x13 };

static void expect_accept_answer(struct monitor *monitor)
{
	struct packet_header header;
	uint32_t used;
	const uint8_t *payload = take_packet(monitor, &header, &used);

	ck_assert_uint_eq(header.src_port, TSI_ACCEPT);
	ck_assert_uint_eq(header.dst_port, 2000);
	ck_assert_uint_eq(header.len, RESULT_SIZE);
	ck_assert_uint_eq(used, PACKET_HEADER_SIZE + RESULT_SIZE);
	ck_assert_int_eq((int)get_le32(payload), -EINVAL);
}

/* How a guest may cut a packet: the first piece, the others, indirect or not. */
static const struct form {
	uint32_t size, first, others;
	bool indirect;
} forms[] = {
	{ 1, 45, 0, false },			/* combined */
	{ 32768, 32812, 0, false },
	{ 1, 44, 1, false },			/* classic */
	{ 65536, 44, 65536, false },
	{ 65536, 44, 4096, false },		/* scattered: 1 + 16 */
	{ 65536, 44, 3732, false },		/* 1 + 18 */
	{ 65536, 100, 3000, false },		/* data in the first, too */
	{ 65536, 20, 1000, false },		/* a header in two */
	{ 65536, 44, 4096, true },
	{ 1, 44, 1, true },
	{ 32769, 44, 32768, true },
};

static int connect_stream(struct monitor *monitor)
{
	static const uint8_t create[8] = { 0x88, 0x13, 0, 0, TSI_INET, 0, TSI_SOCK_STREAM };
	struct packet_header header = {
		.src_port = 2000, .type = PACKET_DATAGRAM, .op = OP_RW,
	};
	struct sockaddr_storage address;
	socklen_t length;
	int listener = host_listener(AF_INET, &address, &length), connection;
	uint8_t connect[136] = { 0x88, 0x13, 0, 0, sizeof(struct sockaddr_in) };
	uint32_t used;

	offer_buffer(monitor, 4096, 0);
	offer_buffer(monitor, 4096, 0);
	header.dst_port = TSI_PROXY_CREATE;
	header.len = sizeof(create);
	send_packet(monitor, header, create);
	memcpy(connect + 8, &address, length);
	header.dst_port = TSI_CONNECT;
	header.len = sizeof(connect);
	send_packet(monitor, header, connect);
	connection = accept(listener, NULL, NULL);
	close(listener);
	ck_assert_uint_eq(get_le32(take_packet(monitor, &header, &used)), 0);
	/* A header alone. */
	send_packet(monitor, (struct packet_header){
		.src_port = 5000, .dst_port = TSI_STREAM_PORT, .type = PACKET_STREAM,
		.op = OP_REQUEST, .buf_alloc = 262144,
	}, NULL);
	take_packet(monitor, &header, &used);
	ck_assert_uint_eq(header.op, OP_RESPONSE);
	ck_assert_uint_eq(used, PACKET_HEADER_SIZE);
	return connection;
}

START_TEST(item_47_packets_in_every_form)
{
	static uint8_t bytes[PACKET_HEADER_SIZE + PACKET_PAYLOAD_MAX], payload[PACKET_PAYLOAD_MAX];
	const struct form *form = &forms[_i];
	struct monitor *monitor = monitor_new(0, BASE_FEATURES | INDIRECT_FEATURE);
	struct vring_used *from_guest = monitor->rings[RING_FROM_GUEST].used;
	int connection = connect_stream(monitor);
	uint16_t index = from_guest->idx;
	size_t total = 0, i;
	ssize_t size;

	for (i = 0; i < form->size; i++)
		payload[i] = (uint8_t)(i * 7 + i / 251);
	make_packet(bytes, (struct packet_header){
		.src_port = 5000, .dst_port = TSI_STREAM_PORT, .type = PACKET_STREAM,
		.op = OP_RW, .buf_alloc = 262144, .len = form->size,
	}, payload);
	send_pieces(monitor, bytes, PACKET_HEADER_SIZE + form->size, form->first, form->others,
		    form->indirect);
	monitor_kick(monitor, RING_FROM_GUEST);
	ck_assert_uint_eq(from_guest->idx, (uint16_t)(index + 1));
	ck_assert_uint_eq(from_guest->ring[index].len, 0);
	while (total < form->size) {
		size = recv(connection, bytes, sizeof(bytes), 0);
		ck_assert_int_gt(size, 0);
		ck_assert_mem_eq(bytes, payload + total, (size_t)size);
		total += (size_t)size;
		monitor_turn(monitor);
	}
	ck_assert_int_eq(recv(connection, bytes, 1, MSG_DONTWAIT), -1);
	close(connection);
	monitor_free(monitor);
}
END_TEST

START_TEST(item_47_exactly_as_much_as_the_header_says)
{
	struct packet_header header = {
		.src_cid = GUEST_CID, .dst_cid = HOST_CID, .src_port = 5000,
		.dst_port = TSI_STREAM_PORT, .type = PACKET_STREAM, .op = OP_RW, .len = 5,
	};
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	struct vring_used *from_guest = monitor->rings[RING_FROM_GUEST].used;
	uint8_t bytes[PACKET_HEADER_SIZE + 8] = { 0 }, received[8];
	int connection = connect_stream(monitor);
	uint16_t index = from_guest->idx;

	memcpy(bytes + PACKET_HEADER_SIZE, "exactly!", 8);
	/* Less, too much, no header, more. */
	packet_header_encode(bytes, &header);
	send_pieces(monitor, bytes, PACKET_HEADER_SIZE + 4, 44, 4, false);
	send_pieces(monitor, bytes, PACKET_HEADER_SIZE - 1, 43, 0, false);
	header.len = UINT32_MAX;
	packet_header_encode(bytes, &header);
	send_pieces(monitor, bytes, sizeof(bytes), 44, 8, false);
	header.len = 7;
	packet_header_encode(bytes, &header);
	send_pieces(monitor, bytes, sizeof(bytes), 44, 8, false);
	monitor_kick(monitor, RING_FROM_GUEST);
	/* All are given back. */
	ck_assert_uint_eq(from_guest->idx, (uint16_t)(index + 4));
	ck_assert_int_eq(recv(connection, received, sizeof(received), 0), 7);
	ck_assert_mem_eq(received, "exactly", 7);
	close(connection);
	monitor_free(monitor);
}
END_TEST

START_TEST(item_47_buffers_in_every_form)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	int i;

	offer_buffer(monitor, 3776, 0);
	offer_buffer(monitor, 44, 4096);
	offer_buffer(monitor, 46, 2);
	/* Without room for payload, a buffer is given back unused. */
	offer_buffer(monitor, 44, 0);
	offer_buffer(monitor, 10, 1000);
	monitor_kick(monitor, RING_TO_GUEST);
	ck_assert(!monitor_called(monitor, RING_TO_GUEST));
	for (i = 0; i < 3; i++) {
		send_packet(monitor, accept_request, accept_payload);
		expect_accept_answer(monitor);
	}
	ck_assert(monitor_called(monitor, RING_TO_GUEST));
	send_packet(monitor, accept_request, accept_payload);
	ck_assert_uint_eq(monitor->rings[RING_TO_GUEST].used->ring[3].len, 0);
	monitor->seen[RING_TO_GUEST]++;
	expect_accept_answer(monitor);
	monitor_free(monitor);
}
END_TEST

START_TEST(interrupts_come_when_they_are_wanted)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);

	offer_buffer(monitor, 100, 0);
	offer_buffer(monitor, 100, 0);
	monitor->rings[RING_TO_GUEST].avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	send_packet(monitor, accept_request, accept_payload);
	expect_accept_answer(monitor);
	ck_assert(!monitor_called(monitor, RING_TO_GUEST));
	ck_assert(monitor_called(monitor, RING_FROM_GUEST));
	monitor->rings[RING_TO_GUEST].avail->flags = 0;
	send_packet(monitor, accept_request, accept_payload);
	expect_accept_answer(monitor);
	ck_assert(monitor_called(monitor, RING_TO_GUEST));
	monitor_free(monitor);
}
END_TEST

START_TEST(item_50_long_answer_fills_the_buffer)
{
	struct monitor *monitor = monitor_new(LONG_ANSWER, BASE_FEATURES);
	struct packet_header header;
	const uint8_t *payload;
	uint8_t clear[3728] = { 0 };
	uint32_t used;

	offer_buffer(monitor, 3776, 0);
	send_packet(monitor, accept_request, accept_payload);
	payload = take_packet(monitor, &header, &used);
	ck_assert_uint_eq(header.len, 3732);
	ck_assert_uint_eq(used, 3776);
	ck_assert_int_eq((int)get_le32(payload), -EINVAL);
	ck_assert_mem_ne(payload + RESULT_SIZE, clear, sizeof(clear));
	monitor_free(monitor);
}
END_TEST

/* The guest asks and asks, and gives no buffers for the answers. */
START_TEST(answers_wait_for_buffers)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	struct vring_used *from_guest = monitor->rings[RING_FROM_GUEST].used;
	uint8_t bytes[PACKET_HEADER_SIZE + 8];
	uint32_t i;

	for (i = 0; i < 1000; i++) {
		uint32_t size = make_packet(bytes, accept_request, accept_payload);

		send_pieces(monitor, bytes, size, size, 0, false);
	}
	monitor_kick(monitor, RING_FROM_GUEST);
	ck_assert_uint_eq(from_guest->idx, PARKED_ENOUGH);
	for (i = 0; i < 1000; i++) {
		offer_buffer(monitor, 50, 0);
		if (i % 100 == 0)
			monitor_kick(monitor, RING_TO_GUEST);
	}
	monitor_kick(monitor, RING_TO_GUEST);
	ck_assert_uint_eq(from_guest->idx, 1000);
	for (i = 0; i < 512; i++)
		expect_accept_answer(monitor);
	monitor_free(monitor);
}
END_TEST

START_TEST(a_stopped_ring_keeps_its_place)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	uint8_t bytes[20];
	int i;

	for (i = 0; i < 3; i++)
		offer_buffer(monitor, 100, 0);
	send_packet(monitor, accept_request, accept_payload);
	expect_accept_answer(monitor);
	/* The peer holds the next buffer by now, and has not used it. */
	ck_assert_uint_gt(device_room(&monitor->device), 0);
	send_state(monitor, 11, RING_TO_GUEST, 0);
	ck_assert_int_eq(recv(monitor->socket, bytes, sizeof(bytes), MSG_DONTWAIT), 20);
	ck_assert_uint_eq(get_le32(bytes + 16), 1);
	ck_assert_uint_eq(device_room(&monitor->device), 0);
	/* And goes on from there. */
	send_state(monitor, 10, RING_TO_GUEST, 1);
	send_number(monitor, 12, RING_TO_GUEST, monitor->kick[RING_TO_GUEST]);
	ck_assert(monitor->user.started);
	send_packet(monitor, accept_request, accept_payload);
	expect_accept_answer(monitor);
	monitor_free(monitor);
}
END_TEST

/* What a guest can do to its rings. The peer stops the ring, and lives. */
static void spoil(struct monitor *monitor, int how)
{
	struct vring *ring = &monitor->rings[RING_FROM_GUEST];
	struct vring_desc *table = (struct vring_desc *)(monitor->memory + INDIRECT_OFFSET);

	ring->desc[0] = make_descriptor(BUFFERS_OFFSET, 44, 0, 0);
	/* Right but for one thing each. */
	table[0] = table[1] = ring->desc[0];
	switch (how) {
	case 0: /* A loop. */
		ring->desc[0] = make_descriptor(BUFFERS_OFFSET, 44, VRING_DESC_F_NEXT, 0);
		break;
	case 1: /* A next one that is none. */
		ring->desc[0] = make_descriptor(BUFFERS_OFFSET, 44, VRING_DESC_F_NEXT, RING_SIZE);
		break;
	case 2: /* Outside of the memory. */
		ring->desc[0] = make_descriptor(MEMORY_SIZE, 44, 0, 0);
		break;
	case 3: /* Its end is. */
		ring->desc[0] = make_descriptor(MEMORY_SIZE - 43, 44, 0, 0);
		break;
	case 4: /* So long that the end wraps around. */
		ring->desc[0] = make_descriptor(BUFFERS_OFFSET, UINT32_MAX, 0, 0);
		ring->desc[0].addr = UINT64_MAX - 10;
		break;
	case 5: /* Readable after writable. */
		ring->desc[0] = make_descriptor(BUFFERS_OFFSET, 44,
					   VRING_DESC_F_WRITE | VRING_DESC_F_NEXT, 1);
		ring->desc[1] = make_descriptor(BUFFERS_OFFSET, 44, 0, 0);
		break;
	case 6: /* A table of no whole number of descriptors. */
		ring->desc[0] = make_descriptor(INDIRECT_OFFSET, 17, VRING_DESC_F_INDIRECT, 0);
		break;
	case 7: /* A table in a table. */
		table[0] = make_descriptor(INDIRECT_OFFSET + 16, 16, VRING_DESC_F_INDIRECT, 0);
		ring->desc[0] = make_descriptor(INDIRECT_OFFSET, 16, VRING_DESC_F_INDIRECT, 0);
		break;
	case 8: /* A table outside of the memory. */
		ring->desc[0] = make_descriptor(MEMORY_SIZE - 16, 32, VRING_DESC_F_INDIRECT, 0);
		break;
	case 9: /* An index beyond the table. */
		table[0] = make_descriptor(BUFFERS_OFFSET, 44, VRING_DESC_F_NEXT, 1);
		ring->desc[0] = make_descriptor(INDIRECT_OFFSET, 16, VRING_DESC_F_INDIRECT, 0);
		break;
	case 10: /* A table and a next one. */
		ring->desc[0] = make_descriptor(INDIRECT_OFFSET, 16,
					   VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT, 0);
		break;
	case 11: /* A head that is none. */
		ring->avail->ring[0] = RING_SIZE;
		ring->avail->idx = 1;
		return;
	default: /* More entries than the ring has. */
		ring->avail->idx = RING_SIZE + 1;
		return;
	}
	offer_descriptor(monitor, RING_FROM_GUEST, 0);
}
#define WAYS_TO_SPOIL 13

START_TEST(item_47_spoiled_rings_stop)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES | INDIRECT_FEATURE);

	spoil(monitor, _i);
	monitor_kick(monitor, RING_FROM_GUEST);
	ck_assert(!monitor->user.rings[RING_FROM_GUEST].queue.running);
	ck_assert_uint_eq(monitor->rings[RING_FROM_GUEST].used->idx, 0);
	ck_assert_uint_le(monitor->device.from_guest.readable_count, CHAIN_MAX);
	monitor_kick(monitor, RING_FROM_GUEST);
	monitor_free(monitor);
}
END_TEST

START_TEST(indirect_descriptors_are_negotiated)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	struct vring *ring = &monitor->rings[RING_FROM_GUEST];
	struct vring_desc *table = (struct vring_desc *)(monitor->memory + INDIRECT_OFFSET);

	table[0] = make_descriptor(BUFFERS_OFFSET, 44, 0, 0);
	ring->desc[0] = make_descriptor(INDIRECT_OFFSET, 16, VRING_DESC_F_INDIRECT, 0);
	offer_descriptor(monitor, RING_FROM_GUEST, 0);
	monitor_kick(monitor, RING_FROM_GUEST);
	ck_assert(!monitor->user.rings[RING_FROM_GUEST].queue.running);
	monitor_free(monitor);
}
END_TEST

/* Descriptors that make sense often enough to get far. */
static struct vring_desc random_descriptor(uint64_t *state)
{
	static const uint32_t sizes[] = { 16, 44, 48, 64, 100, 4096, 100000, UINT32_MAX };
	uint32_t size = sizes[random_below(state, 8)];
	uint32_t offset = random_below(state, 16) ?
		INDIRECT_OFFSET + 16 * random_below(state, 64) :
		random_below(state, MEMORY_SIZE + 100);
	uint16_t flags = (uint16_t)random_below(state, 8);

	/* Most of them are neither tables nor to be written. */
	if (random_below(state, 4))
		flags &= VRING_DESC_F_NEXT;
	return make_descriptor(offset, size, flags, (uint16_t)random_below(state, 70));
}

START_TEST(item_47_no_ring_does_harm)
{
	uint64_t state = (uint64_t)_i + 1;
	struct monitor *monitor;
	uint32_t round, i;

	for (round = 0; round < 100; round++) {
		struct vring_desc *table;

		monitor = monitor_new(0, BASE_FEATURES | INDIRECT_FEATURE);
		monitor->options.loopback_only = true;
		table = (struct vring_desc *)(monitor->memory + INDIRECT_OFFSET);
		for (i = 0; i < 64; i++) {
			monitor->rings[RING_FROM_GUEST].desc[i] = random_descriptor(&state);
			monitor->rings[RING_TO_GUEST].desc[i] = random_descriptor(&state);
			table[i] = random_descriptor(&state);
		}
		for (i = 0; i < 64; i++) {
			offer_descriptor(monitor, random_below(&state, 2), (uint16_t)random_below(&state, 66));
			monitor_kick(monitor, random_below(&state, 2));
		}
		monitor_free(monitor);
	}
}
END_TEST

Suite *rings_suite(void)
{
	Suite *suite = suite_create("tsi-peer rings");
	TCase *tcase = tcase_create("rings");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, item_47_packets_in_every_form, 0,
			    sizeof(forms) / sizeof(forms[0]));
	tcase_add_test(tcase, item_47_exactly_as_much_as_the_header_says);
	tcase_add_test(tcase, item_47_buffers_in_every_form);
	tcase_add_test(tcase, interrupts_come_when_they_are_wanted);
	tcase_add_test(tcase, item_50_long_answer_fills_the_buffer);
	tcase_add_test(tcase, answers_wait_for_buffers);
	tcase_add_test(tcase, a_stopped_ring_keeps_its_place);
	tcase_add_loop_test(tcase, item_47_spoiled_rings_stop, 0, WAYS_TO_SPOIL);
	tcase_add_test(tcase, indirect_descriptors_are_negotiated);
	tcase_add_loop_test(tcase, item_47_no_ring_does_harm, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
