/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_MESSAGE_H
#define TSI_PEER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * The control messages of TSI: what a guest sends in datagrams to these ports
 * of the host. An answer comes from the port of its request.
 */
enum opcode {
	TSI_PROXY_CREATE = 1024,
	TSI_CONNECT = 1025,
	TSI_GETNAME = 1026,
	TSI_SENDTO_ADDRESS = 1027,
	TSI_SENDTO_DATA = 1028,
	TSI_LISTEN = 1029,
	TSI_ACCEPT = 1030,
	TSI_PROXY_RELEASE = 1031,
};

/* Where streams of guest sockets go, and the host port of their proxies. */
#define TSI_STREAM_PORT 620
#define TSI_TIME_SYNC_PORT 123

#define TSI_ADDRESS_SIZE 128
/* Linux's O_NONBLOCK, even if the host's differs. */
#define TSI_NONBLOCK 0x800u

/* Families and types have Linux's numbers on the wire. */
#define TSI_UNIX 1
#define TSI_INET 2
#define TSI_INET6 10
#define TSI_SOCK_STREAM 1
#define TSI_SOCK_DGRAM 2

struct message_address {
	socklen_t length;
	/* Zero beyond the length. */
	struct sockaddr_storage storage;
};

/* Which fields mean something depends on the opcode. */
struct message {
	enum opcode opcode;
	uint32_t port;
	uint16_t family, type;
	/* LISTEN */
	uint32_t vm_port;
	uint32_t backlog;
	/* GETNAME, PROXY_RELEASE */
	uint32_t host_port;
	uint32_t selector;
	/* ACCEPT */
	uint32_t flags;
	/* CONNECT, SENDTO_ADDRESS, LISTEN */
	struct message_address address;
	/* What follows the address, up to the full size, is not zero: memory of the guest. */
	bool dirty;
};

static inline bool opcode_valid(uint32_t port)
{
	return port >= TSI_PROXY_CREATE && port <= TSI_PROXY_RELEASE;
}

const char *opcode_name(uint32_t port);

/* The full size of a request, 0 for SENDTO_DATA, which carries the payload alone. */
size_t message_size(enum opcode opcode);

/*
 * Reads the request. Returns NULL, or what is wrong with it: a request that
 * cannot be read is never answered. Bytes beyond the full size are ignored, so
 * that a later revision of the protocol can add fields.
 */
const char *message_decode(struct message *message, enum opcode opcode, const uint8_t *payload,
			   size_t length);

/* The answers. */
#define RESULT_SIZE 4
#define NAME_SIZE 136
void result_encode(uint8_t bytes[RESULT_SIZE], int32_t result);
void name_encode(uint8_t bytes[NAME_SIZE], int32_t result, const struct sockaddr_storage *address,
		 socklen_t length);

/* Writes an address in words, and always terminates. */
#define ADDRESS_TEXT_SIZE 160
void address_text(char text[ADDRESS_TEXT_SIZE], const struct message_address *address);

/* Writes a whole control message in words, for the log. */
#define MESSAGE_TEXT_SIZE 320
void message_text(char text[MESSAGE_TEXT_SIZE], const struct message *message);

#endif
