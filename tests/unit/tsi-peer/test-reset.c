// SPDX-License-Identifier: Apache-2.0
/* A host that forgets the guest's sockets, and tells the guest. */
#include "monitor.h"
#include "reset.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"

/* Where the event ring and its buffers are, of four bytes each. */
#define EVENT_RING_OFFSET 0x40000u
#define EVENTS_OFFSET 0x50000u
#define EVENT_RING_SIZE 128u
#define EVENTS 8u
#define EVENT_BYTES 4u

static struct vring events;

static struct event_ring make_event_ring(struct monitor *monitor)
{
	uint8_t *at = monitor->memory + EVENT_RING_OFFSET;
	uint32_t i;

	vring_init(&events, EVENT_RING_SIZE, at, 4096);
	for (i = 0; i < EVENTS; i++) {
		events.desc[i] = make_descriptor(EVENTS_OFFSET + i * EVENT_BYTES, EVENT_BYTES,
						 VRING_DESC_F_WRITE, 0);
		events.avail->ring[i] = (uint16_t)i;
	}
	events.avail->idx = EVENTS;
	memset(monitor->memory + EVENTS_OFFSET, 0xff, EVENTS * EVENT_BYTES);
	return (struct event_ring){
		.size = EVENT_RING_SIZE,
		.descriptors = GUEST_ADDRESS + EVENT_RING_OFFSET,
		.available = GUEST_ADDRESS + (uint64_t)((uint8_t *)events.avail - monitor->memory),
		.used = GUEST_ADDRESS + (uint64_t)((uint8_t *)events.used - monitor->memory),
	};
}

/* The guest has got this many events, and was interrupted for the last one. */
static void expect_events(struct monitor *monitor, uint16_t count)
{
	const uint8_t *event = monitor->memory + EVENTS_OFFSET + (count - 1) * EVENT_BYTES;

	ck_assert_uint_eq(events.used->idx, count);
	ck_assert_uint_eq(events.used->ring[count - 1].id, count - 1u);
	ck_assert_uint_eq(events.used->ring[count - 1].len, EVENT_BYTES);
	ck_assert_uint_eq(get_le32(event), 0);
	ck_assert(monitor_called(monitor, RING_TO_GUEST));
}

/* The guest's socket ID listens at a port that is free. Returns the port. */
static in_port_t listen_anywhere(struct monitor *monitor)
{
	static const uint8_t create[8] = { 0x88, 0x13, 0, 0, TSI_INET, 0, TSI_SOCK_STREAM };
	struct packet_header header = {
		.src_port = 2000, .dst_port = TSI_PROXY_CREATE, .len = sizeof(create),
		.type = PACKET_DATAGRAM, .op = OP_RW,
	};
	struct sockaddr_storage address;
	socklen_t length;
	int listener = host_listener(AF_INET, &address, &length);
	uint8_t listening[144] = { 0x88, 0x13, 0, 0, 0x88, 0x13, 0, 0, 1 };
	uint32_t used;

	close(listener);
	send_packet(monitor, header, create);
	put_le32(listening + 12, length);
	memcpy(listening + 16, &address, length);
	header.dst_port = TSI_LISTEN;
	header.len = sizeof(listening);
	offer_buffer(monitor, 4096, 0);
	send_packet(monitor, header, listening);
	ck_assert_int_eq((int)get_le32(take_packet(monitor, &header, &used)), 0);
	ck_assert(monitor_called(monitor, RING_TO_GUEST));
	return ((struct sockaddr_in *)&address)->sin_port;
}

static bool can_connect(struct monitor *monitor, in_port_t port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = port,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool connected = !connect(fd, (struct sockaddr *)&in, sizeof(in));

	close(fd);
	/* The peer accepts it, and has room for the next one. */
	monitor_turn(monitor);
	return connected;
}

START_TEST(a_reset_forgets_and_tells)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	struct event_ring ring = make_event_ring(monitor);
	in_port_t port = listen_anywhere(monitor);

	ck_assert(can_connect(monitor, port));
	/* The REQUEST of that connection waits for a buffer. */
	ck_assert_uint_eq(monitor->device.parked_count, 1);
	ck_assert_ptr_null(device_reset(&monitor->device, &ring));
	expect_events(monitor, 1);
	ck_assert_uint_eq(monitor->device.parked_count, 0);
	ck_assert(!can_connect(monitor, port));
	/* Once more, with the next buffer. */
	ck_assert_ptr_null(device_reset(&monitor->device, &ring));
	expect_events(monitor, 2);
	monitor_free(monitor);
}
END_TEST

START_TEST(a_reset_disturbs_no_ring)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	struct event_ring ring = make_event_ring(monitor);

	/* A buffer that is taken already is still the next one. */
	offer_buffer(monitor, 4096, 0);
	ck_assert_uint_gt(device_room(&monitor->device), 0);
	ck_assert_ptr_null(device_reset(&monitor->device, &ring));
	expect_events(monitor, 1);
	ck_assert_uint_ne(listen_anywhere(monitor), 0);
	monitor_free(monitor);
}
END_TEST

START_TEST(a_guest_may_want_no_interrupt)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	struct event_ring ring = make_event_ring(monitor);

	events.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	ck_assert_ptr_null(device_reset(&monitor->device, &ring));
	ck_assert_uint_eq(events.used->idx, 1);
	ck_assert(!monitor_called(monitor, RING_TO_GUEST));
	monitor_free(monitor);
}
END_TEST

/* Nothing is forgotten, and nothing is written. */
static void expect_refused(struct monitor *monitor, struct event_ring ring, in_port_t port)
{
	uint16_t index = events.used->idx;

	ck_assert_ptr_nonnull(device_reset(&monitor->device, &ring));
	ck_assert_uint_eq(events.used->idx, index);
	ck_assert(can_connect(monitor, port));
}

START_TEST(what_cannot_be_the_event_ring_is_refused)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	struct event_ring ring = make_event_ring(monitor), bad;
	in_port_t port = listen_anywhere(monitor);

	bad = ring, bad.size = 0;
	expect_refused(monitor, bad, port);
	bad = ring, bad.size = 100;
	expect_refused(monitor, bad, port);
	bad = ring, bad.descriptors += 8;
	expect_refused(monitor, bad, port);
	bad = ring, bad.available = GUEST_ADDRESS - 2;
	expect_refused(monitor, bad, port);
	bad = ring, bad.used = GUEST_ADDRESS + MEMORY_SIZE;
	expect_refused(monitor, bad, port);
	bad = ring, bad.used = GUEST_ADDRESS + MEMORY_SIZE - 4;
	expect_refused(monitor, bad, port);

	events.desc[0].len = EVENT_BYTES - 1;
	expect_refused(monitor, ring, port);
	events.desc[0].flags = 0;
	events.desc[0].len = EVENT_BYTES;
	expect_refused(monitor, ring, port);
	events.desc[0].addr = GUEST_ADDRESS + MEMORY_SIZE;
	expect_refused(monitor, ring, port);
	events.used->idx = EVENTS;
	expect_refused(monitor, ring, port);
	monitor_free(monitor);
}
END_TEST

START_TEST(without_rings_there_is_no_reset)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	struct event_ring ring = make_event_ring(monitor);

	send_state(monitor, 18, RING_TO_GUEST, 0);
	ck_assert_ptr_nonnull(device_reset(&monitor->device, &ring));
	ck_assert_uint_eq(events.used->idx, 0);
	monitor_free(monitor);
}
END_TEST

static void command(struct monitor *monitor, int fifo, const char *text)
{
	ck_assert_int_eq(write(fifo, text, strlen(text)), (ssize_t)strlen(text));
	monitor_turn(monitor);
}

START_TEST(commands_come_through_a_fifo)
{
	static const char *const bad_commands[] = {
		"\n", "128\n", "128 1 2\n", "128 1 2 3 4\n", "128 1 2 3", "128  1 2 3\n",
		"-128 1 2 3\n", "x 1 2 3\n", "128 1 2 99999999999999999999\n",
	};
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	struct event_ring ring = make_event_ring(monitor);
	struct reset reset;
	char directory[] = "/tmp/tsi-peer.XXXXXX", path[64], text[128];
	uint16_t count;
	size_t i;
	int fifo;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/fifo", directory);
	ck_assert_int_eq(reset_open(&reset, path, &monitor->loop, &monitor->device), -1);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(reset_open(&reset, path, &monitor->loop, &monitor->device), 0);

	for (count = 1; count <= 2; count++) {
		/* A writer for each, as with "echo". */
		fifo = open(path, O_WRONLY);
		for (i = 0; i < sizeof(bad_commands) / sizeof(bad_commands[0]); i++)
			command(monitor, fifo, bad_commands[i]);
		ck_assert_uint_eq(events.used->idx, count - 1u);
		snprintf(text, sizeof(text), "%u %llu %llu %llu\n", ring.size,
			 (unsigned long long)ring.descriptors,
			 (unsigned long long)ring.available, (unsigned long long)ring.used);
		command(monitor, fifo, text);
		expect_events(monitor, count);
		close(fifo);
		monitor_turn(monitor);
	}
	loop_drop(&monitor->loop, &reset.fifo);
	unlink(path);
	rmdir(directory);
	monitor_free(monitor);
}
END_TEST

Suite *reset_suite(void)
{
	Suite *suite = suite_create("tsi-peer reset");
	TCase *tcase = tcase_create("reset");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_reset_forgets_and_tells);
	tcase_add_test(tcase, a_reset_disturbs_no_ring);
	tcase_add_test(tcase, a_guest_may_want_no_interrupt);
	tcase_add_test(tcase, what_cannot_be_the_event_ring_is_refused);
	tcase_add_test(tcase, without_rings_there_is_no_reset);
	tcase_add_test(tcase, commands_come_through_a_fifo);
	suite_add_tcase(suite, tcase);
	return suite;
}
