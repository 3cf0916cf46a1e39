// SPDX-License-Identifier: Apache-2.0
/* What control messages do, section by section of the protocol. */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "answer.h"
#include "datagram.h"
#include "listener.h"
#include "message.h"
#include "policy.h"
#include "stream.h"

static void create(struct peer *peer, uint32_t source, const struct message *message)
{
	struct proxy *proxy;
	int fd;

	if (!policy_lends_family(peer->options, message->family) ||
	    (message->type != TSI_SOCK_STREAM && message->type != TSI_SOCK_DGRAM)) {
		log_note(peer->log, "socket %u: family %u, type %u is not lent", message->port,
			 message->family, message->type);
		return;
	}
	fd = socket(message->family,
		    (message->type == TSI_SOCK_STREAM ? SOCK_STREAM : SOCK_DGRAM) |
		    SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		log_note(peer->log, "socket %u: %s", message->port, strerror(errno));
		return;
	}
	proxy = proxy_new(peer, message->port, TSI_STREAM_PORT, fd, message->family,
			  message->type);
	if (!proxy)
		return;
	proxy->control_port = source;
	if (message->type == TSI_SOCK_STREAM)
		stream_init(proxy);
	else
		datagram_init(proxy);
}

static void connect_proxy(struct peer *peer, uint32_t source, const struct message *message)
{
	struct proxy *proxy = proxy_find(&peer->table, message->port, TSI_STREAM_PORT);
	int result;

	if (!proxy) {
		answer_result(peer, TSI_CONNECT, source, -ECONNREFUSED);
		return;
	}
	result = policy_destination(peer->options, &message->address);
	if (!result) {
		if (proxy->type == TSI_SOCK_STREAM)
			result = stream_connect(proxy, &message->address);
		else
			result = datagram_connect(proxy, &message->address);
	}
	/* stream_connect() answers when it knows. */
	if (result == -EINPROGRESS)
		proxy->control_port = source;
	else
		answer_result(peer, TSI_CONNECT, source, result);
}

/* As an IPv6 socket names a peer of IPv4; see open_ipv4() in listener.c. */
static void map_address(struct sockaddr_storage *address, socklen_t *length)
{
	struct sockaddr_in6 inet6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in inet;

	memcpy(&inet, address, sizeof(inet));
	inet6.sin6_port = inet.sin_port;
	inet6.sin6_addr.s6_addr[10] = inet6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&inet6.sin6_addr.s6_addr[12], &inet.sin_addr, sizeof(inet.sin_addr));
	memcpy(address, &inet6, sizeof(inet6));
	*length = sizeof(inet6);
}

/* The protocol has a selector, but only the peer's name to select. */
static void get_name(struct peer *peer, uint32_t source, const struct message *message)
{
	struct proxy *proxy = proxy_find(&peer->table, message->port, message->host_port);
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int result = 0;

	memset(&address, 0, sizeof(address));
	if (!proxy)
		result = -EINVAL;
	else if (getpeername(proxy->watch.fd, (struct sockaddr *)&address, &length))
		result = -errno;
	if (!result && proxy->family == AF_INET6 && address.ss_family == AF_INET)
		map_address(&address, &length);
	/* The reference host does so for datagram sockets, whose names a guest need not ask for. */
	if (!result && peer->options->misbehaviour & STORAGE_LENGTH)
		length = TSI_ADDRESS_SIZE;
	answer_name(peer, source, result, &address, length);
}

static void listen_proxy(struct peer *peer, uint32_t source, const struct message *message)
{
	struct proxy *proxy = proxy_find(&peer->table, message->port, TSI_STREAM_PORT);

	if (!proxy)
		answer_result(peer, TSI_LISTEN, source, -EPERM);
	else if (proxy->type == TSI_SOCK_STREAM)
		answer_result(peer, TSI_LISTEN, source, listener_listen(proxy, message));
	else
		log_note(peer->log, "LISTEN of datagram socket %u has no answer", message->port);
}

static void accept_proxy(struct peer *peer, uint32_t source, const struct message *message)
{
	struct proxy *proxy = proxy_find(&peer->table, message->port, TSI_STREAM_PORT);

	if (!proxy)
		answer_result(peer, TSI_ACCEPT, source, -EINVAL);
	else if (proxy->type == TSI_SOCK_STREAM)
		listener_accept(proxy, source, message->flags & TSI_NONBLOCK);
	else
		log_note(peer->log, "ACCEPT of datagram socket %u has no answer", message->port);
}

static void release(struct peer *peer, const struct message *message)
{
	struct proxy *proxy = proxy_find(&peer->table, message->port, message->host_port);

	if (!proxy)
		log_note(peer->log, "PROXY_RELEASE of %u, host port %u: there is none",
			 message->port, message->host_port);
	else if (proxy->state == PROXY_ESTABLISHED || proxy->state == PROXY_REVERSE)
		/* SHUTDOWN, which follows, ends it; without one, time does. */
		proxy_expire_later(proxy);
	else
		proxy_free(proxy);
}

void control_receive(struct peer *peer, const struct packet_header *header, const uint8_t *payload)
{
	enum opcode opcode = header->dst_port;
	struct message message;

	if (!peer->options->inet && !peer->options->unix_sockets)
		return;
	/* The log of the packet says what is wrong. */
	if (message_decode(&message, opcode, payload, header->len))
		return;
	if (message.dirty)
		log_note(peer->log, "%s of port %u: the bytes after the address are not zero",
			 opcode_name(opcode), header->src_port);
	if (answer_failure(peer, opcode, header->src_port))
		return;
	switch (opcode) {
	case TSI_PROXY_CREATE:
		create(peer, header->src_port, &message);
		break;
	case TSI_CONNECT:
		connect_proxy(peer, header->src_port, &message);
		break;
	case TSI_GETNAME:
		get_name(peer, header->src_port, &message);
		break;
	case TSI_SENDTO_ADDRESS:
		datagram_set_destination(peer, &message);
		break;
	case TSI_LISTEN:
		listen_proxy(peer, header->src_port, &message);
		break;
	case TSI_ACCEPT:
		accept_proxy(peer, header->src_port, &message);
		break;
	case TSI_PROXY_RELEASE:
		release(peer, &message);
		break;
	case TSI_SENDTO_DATA:
		break;
	}
}
