/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_TESTS_H
#define TSI_PEER_TESTS_H

#include <check.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "message.h"
#include "peer.h"

Suite *messages_suite(void);
Suite *control_suite(void);
Suite *stream_suite(void);
Suite *datagram_suite(void);
Suite *misbehaviour_suite(void);
Suite *monitor_suite(void);
Suite *random_suite(void);
Suite *reset_suite(void);
Suite *reverse_suite(void);
Suite *rings_suite(void);

/*
 * A guest without a machine: it gives packets to the peer and keeps what comes
 * back. The peer's sockets are real ones of this host.
 */

#define GUEST_CID 3
#define GUEST_PACKETS_MAX 4096
/* The guest's socket. */
#define ID 5000

struct guest_packet {
	struct packet_header header;
	bool fill;
	uint8_t payload[4096];
};

struct guest {
	struct options options;
	struct loop loop;
	struct log log;
	struct peer peer;
	/* Payload that fits into a buffer. */
	size_t room;
	struct guest_packet *packets;
	unsigned int received, taken;
};

/* The options can be changed between these two. */
void guest_init(struct guest *guest);
void guest_start(struct guest *guest);
/* Fails the test when a packet is left that was not taken. */
void guest_free(struct guest *guest);

/* The next packet; fails the test when there is none within a minute. */
const struct guest_packet *guest_take(struct guest *guest);
/* Fails the test when a packet comes within a twentieth of a second. */
void guest_expect_nothing(struct guest *guest);
/* Lets the peer's sockets do what they can do at once. */
void guest_turn(struct guest *guest);

/* A datagram, from the port to the port of the host. */
void guest_datagram(struct guest *guest, uint32_t from, uint32_t to, const void *payload,
		    size_t size);
/* A stream packet; the window of the guest is 262144 bytes. */
void guest_stream(struct guest *guest, uint32_t from, uint32_t to, enum packet_op op,
		  uint32_t flags, const void *payload, size_t size);

/* The requests of a guest's socket, from its control port. */
#define CONTROL_PORT 2000
void guest_create(struct guest *guest, uint32_t id, uint16_t family, uint16_t type);
void guest_connect(struct guest *guest, uint32_t id, const void *address, uint32_t length);
void guest_get_name(struct guest *guest, uint32_t port, uint32_t host_port);
void guest_listen(struct guest *guest, uint32_t id, uint32_t vm_port, const void *address,
		  uint32_t length);
void guest_accept(struct guest *guest, uint32_t id, uint32_t flags);
void guest_release(struct guest *guest, uint32_t port, uint32_t host_port);

/* Takes the answer to a request, which must be well-formed, and returns its result. */
int guest_result(struct guest *guest, enum opcode opcode);

/* Takes a stream packet that must be this one. */
const struct guest_packet *guest_expect(struct guest *guest, enum packet_op op, uint32_t from,
					uint32_t to);

/* A socket of the host at a loopback address, and what its address is. */
int host_socket(int family, int type, struct sockaddr_storage *address, socklen_t *length);
int host_listener(int family, struct sockaddr_storage *address, socklen_t *length);

/* A stream of the guest's socket to a listener; *connection is the host's end. */
void guest_stream_to_host(struct guest *guest, uint32_t id, int *connection);

/* What the host's end of a connection reads; the second, nothing any more. */
void expect_bytes(int fd, const char *bytes);
void expect_hang_up(int fd);

/* The guest's socket listens at a port that is free, and this host connects to it. */
int listen_and_connect(struct guest *guest, int family);
/* Takes the REQUEST of that connection, and returns its port of the host. */
uint32_t take_request(struct guest *guest);

/* A small generator of its own, so that a failure comes again. */
uint32_t random_below(uint64_t *state, uint32_t limit);

#endif
