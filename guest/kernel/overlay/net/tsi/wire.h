/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What guest and host say to each other, byte for byte.
 *
 * Requests are datagrams to one of the ports below; an answer comes from the
 * port that was asked, has no number to match it by, and may be longer than
 * its structure. All integers are little-endian, addresses are raw Linux ones.
 */
#ifndef _TSI_WIRE_H
#define _TSI_WIRE_H

#include <linux/socket.h>
#include <linux/types.h>

/* Where the stream of a proxied connection goes. */
#define TSI_PORT_STREAM		620

/* Requests */
#define TSI_PORT_CREATE		1024
#define TSI_PORT_CONNECT	1025
#define TSI_PORT_GETNAME	1026
#define TSI_PORT_SENDTO_ADDR	1027
#define TSI_PORT_SENDTO_DATA	1028
#define TSI_PORT_LISTEN		1029
#define TSI_PORT_RELEASE	1031

/* No answer */
struct tsi_create_request {
	__le32 id;
	__le16 family;
	__le16 type;
};

/* CONNECT is answered with a result, SENDTO_ADDR is not. */
struct tsi_address_request {
	__le32 id;
	__le32 addr_len;
	struct sockaddr_storage addr;
};

/* What a name is for: getpeername(), or accept(). */
#define TSI_NAME_PEER		1
#define TSI_NAME_ACCEPT		2

struct tsi_getname_request {
	__le32 id;
	__le32 host_port;
	__le32 selector;
};

struct tsi_getname_answer {
	__le32 result;
	__le32 addr_len;
	struct sockaddr_storage addr;
};

/* Answered with a result */
struct tsi_listen_request {
	__le32 id;
	__le32 vm_port;
	__le32 backlog;
	__le32 addr_len;
	struct sockaddr_storage addr;
};

/* No answer */
struct tsi_release_request {
	__le32 id;
	__le32 host_port;
};

static_assert(sizeof(struct tsi_create_request) == 8);
static_assert(sizeof(struct tsi_address_request) == 136);
static_assert(sizeof(struct tsi_getname_request) == 12);
static_assert(sizeof(struct tsi_getname_answer) == 136);
static_assert(sizeof(struct tsi_listen_request) == 144);
static_assert(sizeof(struct tsi_release_request) == 8);

#endif /* _TSI_WIRE_H */
