// SPDX-License-Identifier: Apache-2.0
#include "monitor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"

void monitor_turn(struct monitor *monitor)
{
	unsigned int i;

	for (i = 0; i < 10000; i++) {
		peer_expire(&monitor->peer);
		if (loop_turn(&monitor->loop, 0) <= 0)
			break;
	}
	device_signal(&monitor->device);
}

void send_message(struct monitor *monitor, uint32_t request, uint32_t flags,
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
	monitor_turn(monitor);
}

uint64_t reply_number(struct monitor *monitor)
{
	uint8_t bytes[20];

	ck_assert_int_eq(recv(monitor->socket, bytes, sizeof(bytes), MSG_DONTWAIT), 20);
	ck_assert_uint_eq(get_le32(bytes + 4), 5);
	ck_assert_uint_eq(get_le32(bytes + 8), 8);
	return get_le64(bytes + 12);
}

void send_number(struct monitor *monitor, uint32_t request, uint64_t number, int fd)
{
	uint8_t payload[8];

	put_le64(payload, number);
	send_message(monitor, request, 0, payload, sizeof(payload), fd);
}

void send_state(struct monitor *monitor, uint32_t request, uint32_t ring, uint32_t value)
{
	send_number(monitor, request, (uint64_t)value << 32 | ring, -1);
}

void send_memory(struct monitor *monitor, uint64_t size)
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

void monitor_begin(struct monitor *monitor)
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

bool monitor_called(struct monitor *monitor, enum ring ring)
{
	uint64_t count;

	return read(monitor->call[ring], &count, sizeof(count)) == sizeof(count);
}

struct monitor *monitor_new(unsigned int misbehaviour, uint64_t features)
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
	monitor_turn(monitor);
	ck_assert(monitor_called(monitor, RING_TO_GUEST));
	ck_assert(monitor_called(monitor, RING_FROM_GUEST));
	return monitor;
}

void monitor_free(struct monitor *monitor)
{
	int i;

	close(monitor->socket);
	monitor_turn(monitor);
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

void monitor_kick(struct monitor *monitor, enum ring ring)
{
	static const uint64_t one = 1;

	ck_assert_int_eq(write(monitor->kick[ring], &one, sizeof(one)), sizeof(one));
	monitor_turn(monitor);
}

void offer_descriptor(struct monitor *monitor, enum ring ring, uint16_t head)
{
	struct vring_avail *avail = monitor->rings[ring].avail;

	avail->ring[avail->idx % RING_SIZE] = head;
	avail->idx++;
}

struct vring_desc make_descriptor(uint32_t offset, uint32_t size, uint16_t flags, uint16_t next)
{
	return (struct vring_desc){ GUEST_ADDRESS + offset, size, flags, next };
}

void send_pieces(struct monitor *monitor, const uint8_t *bytes, uint32_t size,
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
		table[index] = make_descriptor(BUFFERS_OFFSET + monitor->next_buffer + done, part,
					  done + part < size ? VRING_DESC_F_NEXT : 0, index + 1);
		index++;
		done += part;
	}
	if (indirect) {
		monitor->rings[RING_FROM_GUEST].desc[head] =
			make_descriptor(INDIRECT_OFFSET, (uint32_t)sizeof(*table) * (index - start),
				   VRING_DESC_F_INDIRECT, 0);
		monitor->next_descriptor++;
	} else {
		monitor->next_descriptor = index;
	}
	ck_assert_uint_le(monitor->next_descriptor, RING_SIZE);
	monitor->next_buffer += size;
	offer_descriptor(monitor, RING_FROM_GUEST, head);
}

uint32_t make_packet(uint8_t *bytes, struct packet_header header, const void *payload)
{
	header.src_cid = GUEST_CID;
	header.dst_cid = HOST_CID;
	packet_header_encode(bytes, &header);
	if (header.len)
		memcpy(bytes + PACKET_HEADER_SIZE, payload, header.len);
	return PACKET_HEADER_SIZE + header.len;
}

void send_packet(struct monitor *monitor, struct packet_header header, const void *payload)
{
	static uint8_t bytes[PACKET_HEADER_SIZE + PACKET_PAYLOAD_MAX];
	uint32_t size = make_packet(bytes, header, payload);

	send_pieces(monitor, bytes, size, size, 0, false);
	monitor_kick(monitor, RING_FROM_GUEST);
}

void offer_buffer(struct monitor *monitor, uint32_t header_size, uint32_t rest)
{
	struct vring_desc *table = monitor->rings[RING_TO_GUEST].desc;
	uint16_t head = monitor->rings[RING_TO_GUEST].avail->idx % (RING_SIZE / 2) * 2;
	uint32_t offset = TO_GUEST_OFFSET + monitor->next_to_guest;

	monitor->next_to_guest += header_size + rest;
	table[head] = make_descriptor(offset, header_size,
				 VRING_DESC_F_WRITE | (rest ? VRING_DESC_F_NEXT : 0), head + 1);
	table[head + 1] = make_descriptor(offset + header_size, rest, VRING_DESC_F_WRITE, 0);
	offer_descriptor(monitor, RING_TO_GUEST, head);
}

const uint8_t *take_packet(struct monitor *monitor, struct packet_header *header,
			   uint32_t *used)
{
	struct vring *ring = &monitor->rings[RING_TO_GUEST];
	struct vring_used_elem *element;
	uint8_t *bytes;

	monitor_turn(monitor);
	ck_assert_uint_ne(ring->used->idx, monitor->seen[RING_TO_GUEST]);
	element = &ring->used->ring[monitor->seen[RING_TO_GUEST]++ % RING_SIZE];
	bytes = monitor->memory + (ring->desc[element->id].addr - GUEST_ADDRESS);
	packet_header_decode(header, bytes);
	*used = element->len;
	return bytes + PACKET_HEADER_SIZE;
}
