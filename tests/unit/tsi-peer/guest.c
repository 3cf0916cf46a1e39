// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"

/* Of a machine with much else to do. */
#define PATIENCE_NANOSECONDS UINT64_C(60000000000)

static size_t wire_room(void *device)
{
	return ((struct guest *)device)->room;
}

static void wire_send(void *device, const struct packet_header *header, const uint8_t *payload,
		      bool fill)
{
	struct guest *guest = device;
	struct guest_packet *packet;

	ck_assert_uint_lt(guest->received, GUEST_PACKETS_MAX);
	ck_assert_uint_le(header->len, sizeof(packet->payload));
	packet = &guest->packets[guest->received++];
	packet->header = *header;
	packet->fill = fill;
	if (header->len)
		memcpy(packet->payload, payload, header->len);
}

void guest_init(struct guest *guest)
{
	memset(guest, 0, sizeof(*guest));
	options_default(&guest->options);
	guest->room = 3732;
	guest->packets = calloc(GUEST_PACKETS_MAX, sizeof(*guest->packets));
	ck_assert_ptr_nonnull(guest->packets);
	ck_assert_int_eq(loop_open(&guest->loop), 0);
}

void guest_start(struct guest *guest)
{
	const struct wire wire = { guest, wire_room, wire_send };

	ck_assert_int_eq(peer_init(&guest->peer, &guest->options, &guest->loop, &wire,
				   &guest->log), 0);
	peer_start(&guest->peer);
}

void guest_free(struct guest *guest)
{
	guest_expect_nothing(guest);
	peer_free(&guest->peer);
	loop_close(&guest->loop);
	free(guest->packets);
}

void guest_turn(struct guest *guest)
{
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		peer_expire(&guest->peer);
		if (loop_turn(&guest->loop, 0) <= 0)
			break;
	}
}

const struct guest_packet *guest_take(struct guest *guest)
{
	uint64_t end = monotonic_time() + PATIENCE_NANOSECONDS;

	while (guest->taken == guest->received) {
		ck_assert_msg(monotonic_time() < end, "no packet comes");
		peer_expire(&guest->peer);
		if (guest->taken == guest->received)
			loop_turn(&guest->loop, 10);
	}
	return &guest->packets[guest->taken++];
}

void guest_expect_nothing(struct guest *guest)
{
	const struct packet_header *header;
	int i;

	for (i = 0; i < 5; i++) {
		guest_turn(guest);
		loop_turn(&guest->loop, 10);
	}
	header = &guest->packets[guest->taken].header;
	ck_assert_msg(guest->taken == guest->received, "there is a %s %s from port %u",
		      packet_type_name(header->type), packet_op_name(header->op),
		      header->src_port);
}

void guest_datagram(struct guest *guest, uint32_t from, uint32_t to, const void *payload,
		    size_t size)
{
	struct packet_header header = {
		.src_cid = GUEST_CID,
		.dst_cid = HOST_CID,
		.src_port = from,
		.dst_port = to,
		.len = (uint32_t)size,
		.type = PACKET_DATAGRAM,
		.op = OP_RW,
	};

	peer_receive(&guest->peer, &header, payload);
}

void guest_stream(struct guest *guest, uint32_t from, uint32_t to, enum packet_op op,
		  uint32_t flags, const void *payload, size_t size)
{
	struct packet_header header = {
		.src_cid = GUEST_CID,
		.dst_cid = HOST_CID,
		.src_port = from,
		.dst_port = to,
		.len = (uint32_t)size,
		.type = PACKET_STREAM,
		.op = (uint16_t)op,
		.flags = flags,
		.buf_alloc = 262144,
	};

	peer_receive(&guest->peer, &header, payload);
}

void guest_create(struct guest *guest, uint32_t id, uint16_t family, uint16_t type)
{
	uint8_t bytes[8];

	put_le32(bytes, id);
	put_le16(bytes + 4, family);
	put_le16(bytes + 6, type);
	guest_datagram(guest, CONTROL_PORT, TSI_PROXY_CREATE, bytes, sizeof(bytes));
}

void guest_connect(struct guest *guest, uint32_t id, const void *address, uint32_t length)
{
	uint8_t bytes[136] = { 0 };

	put_le32(bytes, id);
	put_le32(bytes + 4, length);
	memcpy(bytes + 8, address, length);
	guest_datagram(guest, CONTROL_PORT, TSI_CONNECT, bytes, sizeof(bytes));
}

void guest_get_name(struct guest *guest, uint32_t port, uint32_t host_port)
{
	uint8_t bytes[12];

	put_le32(bytes, port);
	put_le32(bytes + 4, host_port);
	put_le32(bytes + 8, 1);
	guest_datagram(guest, CONTROL_PORT, TSI_GETNAME, bytes, sizeof(bytes));
}

void guest_listen(struct guest *guest, uint32_t id, uint32_t vm_port, const void *address,
		  uint32_t length)
{
	uint8_t bytes[144] = { 0 };

	put_le32(bytes, id);
	put_le32(bytes + 4, vm_port);
	put_le32(bytes + 8, 16);
	put_le32(bytes + 12, length);
	memcpy(bytes + 16, address, length);
	guest_datagram(guest, CONTROL_PORT, TSI_LISTEN, bytes, sizeof(bytes));
}

void guest_accept(struct guest *guest, uint32_t id, uint32_t flags)
{
	uint8_t bytes[8];

	put_le32(bytes, id);
	put_le32(bytes + 4, flags);
	guest_datagram(guest, CONTROL_PORT, TSI_ACCEPT, bytes, sizeof(bytes));
}

void guest_release(struct guest *guest, uint32_t port, uint32_t host_port)
{
	uint8_t bytes[8];

	put_le32(bytes, port);
	put_le32(bytes + 4, host_port);
	guest_datagram(guest, CONTROL_PORT, TSI_PROXY_RELEASE, bytes, sizeof(bytes));
}

int guest_result(struct guest *guest, enum opcode opcode)
{
	const struct guest_packet *packet = guest_take(guest);

	ck_assert_uint_eq(packet->header.type, PACKET_DATAGRAM);
	ck_assert_uint_eq(packet->header.op, OP_RW);
	ck_assert_uint_eq(packet->header.src_cid, HOST_CID);
	ck_assert_uint_eq(packet->header.dst_cid, GUEST_CID);
	ck_assert_uint_eq(packet->header.src_port, opcode);
	ck_assert_uint_eq(packet->header.dst_port, CONTROL_PORT);
	ck_assert_uint_eq(packet->header.len, opcode == TSI_GETNAME ? NAME_SIZE : RESULT_SIZE);
	ck_assert(!packet->fill);
	return (int)get_le32(packet->payload);
}

const struct guest_packet *guest_expect(struct guest *guest, enum packet_op op, uint32_t from,
					uint32_t to)
{
	const struct guest_packet *packet = guest_take(guest);

	ck_assert_uint_eq(packet->header.type, PACKET_STREAM);
	ck_assert_str_eq(packet_op_name(packet->header.op), packet_op_name(op));
	ck_assert_uint_eq(packet->header.src_cid, HOST_CID);
	ck_assert_uint_eq(packet->header.dst_cid, GUEST_CID);
	ck_assert_uint_eq(packet->header.src_port, from);
	ck_assert_uint_eq(packet->header.dst_port, to);
	return packet;
}

int host_socket(int family, int type, struct sockaddr_storage *address, socklen_t *length)
{
	struct sockaddr_in inet = { .sin_family = AF_INET };
	struct sockaddr_in6 inet6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memset(address, 0, sizeof(*address));
	address->ss_family = (sa_family_t)family;
	*length = sizeof(sa_family_t);
	if (family == AF_INET) {
		*length = sizeof(inet);
		memcpy(address, &inet, sizeof(inet));
	} else if (family == AF_INET6) {
		*length = sizeof(inet6);
		memcpy(address, &inet6, sizeof(inet6));
	}
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)address, *length), 0);
	*length = sizeof(*address);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, length), 0);
	return fd;
}

int host_listener(int family, struct sockaddr_storage *address, socklen_t *length)
{
	int fd = host_socket(family, SOCK_STREAM, address, length);

	ck_assert_int_eq(listen(fd, 16), 0);
	return fd;
}

void guest_stream_to_host(struct guest *guest, uint32_t id, int *connection)
{
	struct sockaddr_storage address;
	socklen_t length;
	int listener = host_listener(AF_INET, &address, &length);

	guest_create(guest, id, TSI_INET, TSI_SOCK_STREAM);
	guest_connect(guest, id, &address, length);
	ck_assert_int_eq(guest_result(guest, TSI_CONNECT), 0);
	guest_stream(guest, id, TSI_STREAM_PORT, OP_REQUEST, 0, NULL, 0);
	guest_expect(guest, OP_RESPONSE, TSI_STREAM_PORT, id);
	*connection = accept(listener, NULL, NULL);
	ck_assert_int_ge(*connection, 0);
	close(listener);
}

void expect_bytes(int fd, const char *bytes)
{
	char buffer[64] = "";

	ck_assert_int_eq(recv(fd, buffer, sizeof(buffer), 0), (ssize_t)strlen(bytes));
	ck_assert_str_eq(buffer, bytes);
}

void expect_hang_up(int fd)
{
	char byte;

	ck_assert_int_le(recv(fd, &byte, 1, 0), 0);
}

int listen_and_connect(struct guest *guest, int family)
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

uint32_t take_request(struct guest *guest)
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

uint32_t random_below(uint64_t *state, uint32_t limit)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*state >> 33) % limit;
}
