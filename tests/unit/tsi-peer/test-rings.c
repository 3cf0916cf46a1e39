// SPDX-License-Identifier: Apache-2.0
/* The device, from the side of a monitor and its guest; item 47 of the checklist. */
#include "tests.h"

#include <errno.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"
#include "device.h"

#define MEMORY_SIZE (4u << 20)
#define GUEST_ADDRESS UINT64_C(0x40000000)
#define USER_ADDRESS UINT64_C(0x7f0000000000)
#define RING_SIZE 1024u
/* Where things are in the guest's memory. */
#define RING_OFFSET 0x10000u
#define INDIRECT_OFFSET 0x30000u
#define BUFFERS_OFFSET 0x100000u
#define TO_GUEST_OFFSET 0x200000u

#define INDIRECT_FEATURE (UINT64_C(1) << 28)
#define BASE_FEATURES (UINT64_C(1) << 32 | UINT64_C(1) << 30)

struct monitor {
	struct options options;
	struct loop loop;
	struct log log;
	struct peer peer;
	struct vhost_user user;
	struct device device;
	int socket, memory_fd;
	int kick[RING_COUNT], call[RING_COUNT];
	uint8_t *memory;
	struct vring rings[RING_COUNT];
	/* Descriptors of the ring from the guest that are in use. */
	uint16_t next_descriptor;
	/* Bytes of buffers that are in use. */
	uint32_t next_buffer, next_to_guest;
	uint16_t seen[RING_COUNT];
};

static void turn(struct monitor *monitor)
{
	unsigned int i;

	for (i = 0; i < 10000; i++) {
		peer_expire(&monitor->peer);
		if (loop_turn(&monitor->loop, 0) <= 0)
			break;
	}
	device_signal(&monitor->device);
}

static void send_message(struct monitor *monitor, uint32_t request, uint32_t flags,
			 const void *payload, uint32_t size, int fd)
{
	uint8_t bytes[12 + 600];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { bytes, 12 + size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	put_le32(bytes, request);
	put_le32(bytes + 4, 1 | flags);
	put_le32(bytes + 8, size);
	if (size)
		memcpy(bytes + 12, payload, size);
	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(int));
	}
	ck_assert_int_eq(sendmsg(monitor->socket, &message, 0), (ssize_t)part.iov_len);
	turn(monitor);
}

static uint64_t reply_number(struct monitor *monitor)
{
	uint8_t bytes[20];

	ck_assert_int_eq(recv(monitor->socket, bytes, sizeof(bytes), MSG_DONTWAIT), 20);
	ck_assert_uint_eq(get_le32(bytes + 4), 5);
	ck_assert_uint_eq(get_le32(bytes + 8), 8);
	return get_le64(bytes + 12);
}

static void send_number(struct monitor *monitor, uint32_t request, uint64_t number, int fd)
{
	uint8_t payload[8];

	put_le64(payload, number);
	send_message(monitor, request, 0, payload, sizeof(payload), fd);
}

static void send_state(struct monitor *monitor, uint32_t request, uint32_t ring, uint32_t value)
{
	send_number(monitor, request, (uint64_t)value << 32 | ring, -1);
}

static void send_memory(struct monitor *monitor, uint64_t size)
{
	uint8_t payload[40] = { 1 };

	put_le64(payload + 8, GUEST_ADDRESS);
	put_le64(payload + 16, size);
	put_le64(payload + 24, USER_ADDRESS);
	send_message(monitor, 5, 0, payload, sizeof(payload), monitor->memory_fd);
}

static uint64_t user_address(const struct monitor *monitor, const void *pointer)
{
	return USER_ADDRESS + (uint64_t)((const uint8_t *)pointer - monitor->memory);
}

static void set_up_ring(struct monitor *monitor, uint32_t ring)
{
	struct vring *vring = &monitor->rings[ring];
	uint8_t payload[40] = { (uint8_t)ring };

	vring_init(vring, RING_SIZE, monitor->memory + RING_OFFSET * (ring + 1), 4096);
	send_state(monitor, 8, ring, RING_SIZE);
	send_state(monitor, 10, ring, 0);
	put_le64(payload + 8, user_address(monitor, vring->desc));
	put_le64(payload + 16, user_address(monitor, vring->used));
	put_le64(payload + 24, user_address(monitor, vring->avail));
	send_message(monitor, 9, 0, payload, sizeof(payload), -1);
	send_number(monitor, 12, ring, monitor->kick[ring]);
	send_number(monitor, 13, ring, monitor->call[ring]);
	send_state(monitor, 18, ring, 1);
}

static void monitor_begin(struct monitor *monitor)
{
	const struct wire wire = { &monitor->device, device_room, device_send };
	int sockets[2], i;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	monitor->socket = sockets[0];
	monitor->memory_fd = memfd_create("guest", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(monitor->memory_fd, MEMORY_SIZE), 0);
	monitor->memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			       monitor->memory_fd, 0);
	ck_assert_ptr_ne(monitor->memory, MAP_FAILED);
	for (i = 0; i < RING_COUNT; i++) {
		monitor->kick[i] = eventfd(0, EFD_NONBLOCK);
		monitor->call[i] = eventfd(0, EFD_NONBLOCK);
	}
	ck_assert_int_eq(loop_open(&monitor->loop), 0);
	device_init(&monitor->device, &monitor->user, &monitor->peer, &monitor->log);
	ck_assert_int_eq(peer_init(&monitor->peer, &monitor->options, &monitor->loop, &wire,
				   &monitor->log), 0);
	vhost_user_init(&monitor->user, sockets[1], &monitor->loop, &monitor->device.callbacks,
			GUEST_CID, !monitor->options.no_datagrams);
}

static bool called(struct monitor *monitor, enum ring ring)
{
	uint64_t count;

	return read(monitor->call[ring], &count, sizeof(count)) == sizeof(count);
}

/* Up to a device that runs. */
static struct monitor *monitor_new(unsigned int misbehaviour, uint64_t features)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	ck_assert_ptr_nonnull(monitor);
	options_default(&monitor->options);
	monitor->options.misbehaviour = misbehaviour;
	monitor_begin(monitor);
	send_message(monitor, 3, 0, NULL, 0, -1);
	send_number(monitor, 2, features, -1);
	send_memory(monitor, MEMORY_SIZE);
	set_up_ring(monitor, RING_TO_GUEST);
	ck_assert(!monitor->user.started);
	set_up_ring(monitor, RING_FROM_GUEST);
	ck_assert(monitor->user.started);
	/* A new eventfd is called once, in case that the one before was missed. */
	turn(monitor);
	ck_assert(called(monitor, RING_TO_GUEST));
	ck_assert(called(monitor, RING_FROM_GUEST));
	return monitor;
}

static void monitor_free(struct monitor *monitor)
{
	int i;

	close(monitor->socket);
	turn(monitor);
	ck_assert(monitor->user.ended);
	vhost_user_free(&monitor->user);
	peer_free(&monitor->peer);
	device_free(&monitor->device);
	loop_close(&monitor->loop);
	munmap(monitor->memory, MEMORY_SIZE);
	close(monitor->memory_fd);
	for (i = 0; i < RING_COUNT; i++) {
		close(monitor->kick[i]);
		close(monitor->call[i]);
	}
	free(monitor);
}

static void kick(struct monitor *monitor, enum ring ring)
{
	static const uint64_t one = 1;

	ck_assert_int_eq(write(monitor->kick[ring], &one, sizeof(one)), sizeof(one));
	turn(monitor);
}

static void offer(struct monitor *monitor, enum ring ring, uint16_t head)
{
	struct vring_avail *avail = monitor->rings[ring].avail;

	avail->ring[avail->idx % RING_SIZE] = head;
	avail->idx++;
}

static struct vring_desc descriptor(uint32_t offset, uint32_t size, uint16_t flags, uint16_t next)
{
	return (struct vring_desc){ GUEST_ADDRESS + offset, size, flags, next };
}

/* Offers the bytes, cut into pieces of these sizes; the last takes the rest. */
static void send_pieces(struct monitor *monitor, const uint8_t *bytes, uint32_t size,
			uint32_t first, uint32_t others, bool indirect)
{
	struct vring_desc *table = monitor->rings[RING_FROM_GUEST].desc;
	uint16_t head = monitor->next_descriptor, index = head, start = 0;
	uint32_t done = 0, part;

	if (indirect) {
		table = (struct vring_desc *)(monitor->memory + INDIRECT_OFFSET);
		index = 0;
	}
	start = index;
	memcpy(monitor->memory + BUFFERS_OFFSET + monitor->next_buffer, bytes, size);
	while (done < size) {
		part = done ? others : first;
		if (part > size - done)
			part = size - done;
		table[index] = descriptor(BUFFERS_OFFSET + monitor->next_buffer + done, part,
					  done + part < size ? VRING_DESC_F_NEXT : 0, index + 1);
		index++;
		done += part;
	}
	if (indirect) {
		monitor->rings[RING_FROM_GUEST].desc[head] =
			descriptor(INDIRECT_OFFSET, (uint32_t)sizeof(*table) * (index - start),
				   VRING_DESC_F_INDIRECT, 0);
		monitor->next_descriptor++;
	} else {
		monitor->next_descriptor = index;
	}
	ck_assert_uint_le(monitor->next_descriptor, RING_SIZE);
	monitor->next_buffer += size;
	offer(monitor, RING_FROM_GUEST, head);
}

static uint32_t make_packet(uint8_t *bytes, struct packet_header header, const void *payload)
{
	header.src_cid = GUEST_CID;
	header.dst_cid = HOST_CID;
	packet_header_encode(bytes, &header);
	if (header.len)
		memcpy(bytes + PACKET_HEADER_SIZE, payload, header.len);
	return PACKET_HEADER_SIZE + header.len;
}

static void send_packet(struct monitor *monitor, struct packet_header header, const void *payload)
{
	static uint8_t bytes[PACKET_HEADER_SIZE + PACKET_PAYLOAD_MAX];
	uint32_t size = make_packet(bytes, header, payload);

	send_pieces(monitor, bytes, size, size, 0, false);
	kick(monitor, RING_FROM_GUEST);
}

static void offer_buffer(struct monitor *monitor, uint32_t header_size, uint32_t rest)
{
	struct vring_desc *table = monitor->rings[RING_TO_GUEST].desc;
	uint16_t head = monitor->rings[RING_TO_GUEST].avail->idx % (RING_SIZE / 2) * 2;
	uint32_t offset = TO_GUEST_OFFSET + monitor->next_to_guest;

	monitor->next_to_guest += header_size + rest;
	table[head] = descriptor(offset, header_size,
				 VRING_DESC_F_WRITE | (rest ? VRING_DESC_F_NEXT : 0), head + 1);
	table[head + 1] = descriptor(offset + header_size, rest, VRING_DESC_F_WRITE, 0);
	offer(monitor, RING_TO_GUEST, head);
}

/* The next packet that came, its payload, and how much of the buffer was used. */
static const uint8_t *take_packet(struct monitor *monitor, struct packet_header *header,
				  uint32_t *used)
{
	struct vring *ring = &monitor->rings[RING_TO_GUEST];
	struct vring_used_elem *element;
	uint8_t *bytes;

	turn(monitor);
	ck_assert_uint_ne(ring->used->idx, monitor->seen[RING_TO_GUEST]);
	element = &ring->used->ring[monitor->seen[RING_TO_GUEST]++ % RING_SIZE];
	bytes = monitor->memory + (ring->desc[element->id].addr - GUEST_ADDRESS);
	packet_header_decode(header, bytes);
	*used = element->len;
	return bytes + PACKET_HEADER_SIZE;
}

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

START_TEST(monitor_learns_what_there_is)
{
	static const uint8_t config_request[20] = { 0, 0, 0, 0, 8 };
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	uint8_t config[32];

	send_message(monitor, 1, 0, NULL, 0, -1);
	/* VERSION_1, the extension of the protocol, INDIRECT_DESC and DGRAM. */
	ck_assert_uint_eq(reply_number(monitor), UINT64_C(0x150000008));
	send_message(monitor, 15, 0, NULL, 0, -1);
	ck_assert_uint_eq(reply_number(monitor), 0x229);
	send_message(monitor, 17, 0, NULL, 0, -1);
	ck_assert_uint_eq(reply_number(monitor), 2);
	send_message(monitor, 24, 0, config_request, sizeof(config_request), -1);
	ck_assert_int_eq(recv(monitor->socket, config, sizeof(config), MSG_DONTWAIT), 32);
	ck_assert_uint_eq(get_le64(config + 24), GUEST_CID);
	/* Whoever asks for an answer gets one. */
	send_number(monitor, 16, 0x229, -1);
	send_message(monitor, 3, 8, NULL, 0, -1);
	ck_assert_uint_eq(reply_number(monitor), 0);
	monitor_free(monitor);
}
END_TEST

static const struct bad_message {
	uint32_t request, size, first, second;
} bad_messages[] = {
	{ 2, 4, 0, 0 },			/* SET_FEATURES, too short */
	{ 2, 8, 1, 0 },			/* a feature that is not offered */
	{ 5, 4, 0, 0 },			/* SET_MEM_TABLE, too short */
	{ 5, 8, 9, 0 },			/* more regions than there may be */
	{ 5, 8, 1, 0 },			/* a region that is not there */
	{ 5, 40, 1, 0 },		/* a region without a descriptor */
	{ 8, 8, 3, 16 },		/* no such ring */
	{ 8, 4, 0, 0 },			/* SET_VRING_NUM, too short */
	{ 9, 8, 0, 0 },			/* SET_VRING_ADDR, too short */
	{ 11, 8, 0xffffffff, 0 },	/* no such ring */
	{ 12, 8, 0, 0 },		/* a descriptor is missing */
	{ 24, 12, 4, 8 },		/* beyond the configuration */
	{ 24, 12, 0xfffffffc, 8 },
	{ 40, 0, 0, 0 },		/* not known */
};

START_TEST(bad_messages_end_the_connection)
{
	const struct bad_message *bad = &bad_messages[_i];
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	uint8_t payload[40] = { 0 };

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	put_le32(payload, bad->first);
	put_le32(payload + 4, bad->second);
	send_message(monitor, bad->request, 0, payload, bad->size, -1);
	ck_assert(monitor->user.ended && monitor->user.failed);
	monitor_free(monitor);
}
END_TEST

START_TEST(datagrams_need_not_be_offered)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	ck_assert_ptr_nonnull(monitor);
	options_default(&monitor->options);
	monitor->options.no_datagrams = true;
	monitor_begin(monitor);
	send_message(monitor, 1, 0, NULL, 0, -1);
	ck_assert_uint_eq(reply_number(monitor), UINT64_C(0x150000000));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	send_number(monitor, 2, UINT64_C(0x150000008), -1);
	ck_assert(monitor->user.failed);
	monitor_free(monitor);
}
END_TEST

START_TEST(the_event_ring_may_be_set_up)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	uint8_t payload[40] = { RING_EVENT };

	send_state(monitor, 8, RING_EVENT, RING_SIZE);
	send_state(monitor, 10, RING_EVENT, 0);
	send_message(monitor, 9, 0, payload, sizeof(payload), -1);
	send_number(monitor, 12, RING_EVENT, monitor->kick[0]);
	send_number(monitor, 13, RING_EVENT, monitor->call[0]);
	send_state(monitor, 18, RING_EVENT, 1);
	ck_assert(!monitor->user.ended && monitor->user.started);
	monitor_free(monitor);
}
END_TEST

START_TEST(memory_shorter_than_it_says_is_refused)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	send_memory(monitor, MEMORY_SIZE + 1);
	ck_assert(monitor->user.ended && monitor->user.failed);
	monitor_free(monitor);
}
END_TEST

START_TEST(ranges_of_memory_are_checked)
{
	struct guest_memory memory = { 0 };
	int fd = memfd_create("guest", MFD_CLOEXEC);

	ck_assert_int_eq(ftruncate(fd, 8192), 0);
	ck_assert_int_eq(guest_memory_add(&memory, 0x1000, 0x5000, 4096, 4096, fd), 0);
	ck_assert_int_eq(guest_memory_add(&memory, UINT64_MAX - 10, 0, 4096, 0, fd), -1);
	ck_assert_int_eq(guest_memory_add(&memory, 0, 0, 0, 0, fd), -1);
	ck_assert_int_eq(guest_memory_add(&memory, 0, 0, 4096, UINT64_MAX - 100, fd), -1);
	ck_assert_ptr_nonnull(guest_memory_at(&memory, 0x1000, 4096));
	ck_assert_ptr_nonnull(guest_memory_at(&memory, 0x1fff, 1));
	ck_assert_ptr_null(guest_memory_at(&memory, 0xfff, 1));
	ck_assert_ptr_null(guest_memory_at(&memory, 0x1001, 4096));
	ck_assert_ptr_null(guest_memory_at(&memory, 0x2001, 0));
	ck_assert_ptr_null(guest_memory_at(&memory, 0x1800, UINT64_MAX));
	ck_assert_ptr_null(guest_memory_at(&memory, UINT64_MAX, 2));
	ck_assert_ptr_nonnull(guest_memory_at_user(&memory, 0x5000, 4096));
	ck_assert_ptr_null(guest_memory_at_user(&memory, 0x1000, 1));
	guest_memory_clear(&memory);
	close(fd);
}
END_TEST

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
	kick(monitor, RING_FROM_GUEST);
	ck_assert_uint_eq(from_guest->idx, (uint16_t)(index + 1));
	ck_assert_uint_eq(from_guest->ring[index].len, 0);
	while (total < form->size) {
		size = recv(connection, bytes, sizeof(bytes), 0);
		ck_assert_int_gt(size, 0);
		ck_assert_mem_eq(bytes, payload + total, (size_t)size);
		total += (size_t)size;
		turn(monitor);
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
	kick(monitor, RING_FROM_GUEST);
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
	kick(monitor, RING_TO_GUEST);
	ck_assert(!called(monitor, RING_TO_GUEST));
	for (i = 0; i < 3; i++) {
		send_packet(monitor, accept_request, accept_payload);
		expect_accept_answer(monitor);
	}
	ck_assert(called(monitor, RING_TO_GUEST));
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
	ck_assert(!called(monitor, RING_TO_GUEST));
	ck_assert(called(monitor, RING_FROM_GUEST));
	monitor->rings[RING_TO_GUEST].avail->flags = 0;
	send_packet(monitor, accept_request, accept_payload);
	expect_accept_answer(monitor);
	ck_assert(called(monitor, RING_TO_GUEST));
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
	kick(monitor, RING_FROM_GUEST);
	ck_assert_uint_eq(from_guest->idx, PARKED_ENOUGH);
	for (i = 0; i < 1000; i++) {
		offer_buffer(monitor, 50, 0);
		if (i % 100 == 0)
			kick(monitor, RING_TO_GUEST);
	}
	kick(monitor, RING_TO_GUEST);
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

	ring->desc[0] = descriptor(BUFFERS_OFFSET, 44, 0, 0);
	/* Right but for one thing each. */
	table[0] = table[1] = ring->desc[0];
	switch (how) {
	case 0: /* A loop. */
		ring->desc[0] = descriptor(BUFFERS_OFFSET, 44, VRING_DESC_F_NEXT, 0);
		break;
	case 1: /* A next one that is none. */
		ring->desc[0] = descriptor(BUFFERS_OFFSET, 44, VRING_DESC_F_NEXT, RING_SIZE);
		break;
	case 2: /* Outside of the memory. */
		ring->desc[0] = descriptor(MEMORY_SIZE, 44, 0, 0);
		break;
	case 3: /* Its end is. */
		ring->desc[0] = descriptor(MEMORY_SIZE - 43, 44, 0, 0);
		break;
	case 4: /* So long that the end wraps around. */
		ring->desc[0] = descriptor(BUFFERS_OFFSET, UINT32_MAX, 0, 0);
		ring->desc[0].addr = UINT64_MAX - 10;
		break;
	case 5: /* Readable after writable. */
		ring->desc[0] = descriptor(BUFFERS_OFFSET, 44,
					   VRING_DESC_F_WRITE | VRING_DESC_F_NEXT, 1);
		ring->desc[1] = descriptor(BUFFERS_OFFSET, 44, 0, 0);
		break;
	case 6: /* A table of no whole number of descriptors. */
		ring->desc[0] = descriptor(INDIRECT_OFFSET, 17, VRING_DESC_F_INDIRECT, 0);
		break;
	case 7: /* A table in a table. */
		table[0] = descriptor(INDIRECT_OFFSET + 16, 16, VRING_DESC_F_INDIRECT, 0);
		ring->desc[0] = descriptor(INDIRECT_OFFSET, 16, VRING_DESC_F_INDIRECT, 0);
		break;
	case 8: /* A table outside of the memory. */
		ring->desc[0] = descriptor(MEMORY_SIZE - 16, 32, VRING_DESC_F_INDIRECT, 0);
		break;
	case 9: /* An index beyond the table. */
		table[0] = descriptor(BUFFERS_OFFSET, 44, VRING_DESC_F_NEXT, 1);
		ring->desc[0] = descriptor(INDIRECT_OFFSET, 16, VRING_DESC_F_INDIRECT, 0);
		break;
	case 10: /* A table and a next one. */
		ring->desc[0] = descriptor(INDIRECT_OFFSET, 16,
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
	offer(monitor, RING_FROM_GUEST, 0);
}
#define WAYS_TO_SPOIL 13

START_TEST(item_47_spoiled_rings_stop)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES | INDIRECT_FEATURE);

	spoil(monitor, _i);
	kick(monitor, RING_FROM_GUEST);
	ck_assert(!monitor->user.rings[RING_FROM_GUEST].queue.running);
	ck_assert_uint_eq(monitor->rings[RING_FROM_GUEST].used->idx, 0);
	ck_assert_uint_le(monitor->device.from_guest.readable_count, CHAIN_MAX);
	kick(monitor, RING_FROM_GUEST);
	monitor_free(monitor);
}
END_TEST

START_TEST(indirect_descriptors_are_negotiated)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	struct vring *ring = &monitor->rings[RING_FROM_GUEST];
	struct vring_desc *table = (struct vring_desc *)(monitor->memory + INDIRECT_OFFSET);

	table[0] = descriptor(BUFFERS_OFFSET, 44, 0, 0);
	ring->desc[0] = descriptor(INDIRECT_OFFSET, 16, VRING_DESC_F_INDIRECT, 0);
	offer(monitor, RING_FROM_GUEST, 0);
	kick(monitor, RING_FROM_GUEST);
	ck_assert(!monitor->user.rings[RING_FROM_GUEST].queue.running);
	monitor_free(monitor);
}
END_TEST

static uint32_t random_below(uint64_t *state, uint32_t limit)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*state >> 33) % limit;
}

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
	return descriptor(offset, size, flags, (uint16_t)random_below(state, 70));
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
			offer(monitor, random_below(&state, 2), (uint16_t)random_below(&state, 66));
			kick(monitor, random_below(&state, 2));
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
	tcase_add_test(tcase, monitor_learns_what_there_is);
	tcase_add_loop_test(tcase, bad_messages_end_the_connection, 0,
			    sizeof(bad_messages) / sizeof(bad_messages[0]));
	tcase_add_test(tcase, datagrams_need_not_be_offered);
	tcase_add_test(tcase, the_event_ring_may_be_set_up);
	tcase_add_test(tcase, memory_shorter_than_it_says_is_refused);
	tcase_add_test(tcase, ranges_of_memory_are_checked);
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
