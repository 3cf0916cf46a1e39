// SPDX-License-Identifier: Apache-2.0
#include "datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "policy.h"

/* Also speaks as the reference host does, whose datagrams come from the guest itself. */
static void send_to_guest(struct proxy *proxy, size_t size)
{
	struct peer *peer = proxy->peer;
	struct packet_header header = {
		.src_cid = HOST_CID,
		.dst_cid = peer->options->guest_cid,
		.src_port = TSI_STREAM_PORT,
		.dst_port = proxy->guest_port,
		.len = (uint32_t)size,
		.type = PACKET_DATAGRAM,
		.op = OP_RW,
	};

	if (peer->options->misbehaviour & SWAPPED_CIDS) {
		header.src_cid = peer->options->guest_cid;
		header.dst_cid = HOST_CID;
		header.src_port = 0;
	}
	peer->wire.send(peer->wire.device, &header, peer->payload, false);
}

static void datagram_ready(struct watch *watch, uint32_t events)
{
	struct proxy *proxy = (struct proxy *)watch;
	struct peer *peer = proxy->peer;
	size_t room = peer->wire.room(peer->wire.device);
	ssize_t size;

	(void)events;
	if (!room)
		return;
	if (room > sizeof(peer->payload))
		room = sizeof(peer->payload);
	size = recv(proxy->watch.fd, peer->payload, room, MSG_DONTWAIT | MSG_TRUNC);
	if (size < 0) {
		/* An earlier datagram was refused; reading told the socket so. */
		if (errno != EAGAIN && errno != EINTR)
			log_note(peer->log, "socket %u: %s", proxy->guest_port, strerror(errno));
		return;
	}
	if ((size_t)size > room) {
		log_note(peer->log, "socket %u: a datagram of %zd bytes is cut to %zu",
			 proxy->guest_port, size, room);
		size = (ssize_t)room;
	}
	send_to_guest(proxy, (size_t)size);
}

void datagram_init(struct proxy *proxy)
{
	proxy->watch.ready = datagram_ready;
}

static void start_receiving(struct proxy *proxy)
{
	if (loop_watch(proxy->peer->loop, &proxy->watch, EPOLLIN))
		log_note(proxy->peer->log, "socket %u: %s", proxy->guest_port, strerror(errno));
}

int datagram_connect(struct proxy *proxy, const struct message_address *address)
{
	if (connect(proxy->watch.fd, (const struct sockaddr *)&address->storage, address->length))
		return -errno;
	start_receiving(proxy);
	return 0;
}

/* To a port of its own, where answers arrive. */
static void bind_anywhere(struct proxy *proxy)
{
	struct sockaddr_storage address = { .ss_family = (sa_family_t)proxy->family };
	struct sockaddr_in loopback = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 loopback6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	socklen_t length;

	switch (proxy->family) {
	case AF_INET:
		length = sizeof(struct sockaddr_in);
		if (proxy->peer->options->loopback_only)
			memcpy(&address, &loopback, sizeof(loopback));
		break;
	case AF_INET6:
		length = sizeof(struct sockaddr_in6);
		if (proxy->peer->options->loopback_only)
			memcpy(&address, &loopback6, sizeof(loopback6));
		break;
	default:
		/* An abstract name that the kernel chooses. */
		length = sizeof(sa_family_t);
	}
	if (bind(proxy->watch.fd, (struct sockaddr *)&address, length))
		log_note(proxy->peer->log, "socket %u: %s", proxy->guest_port, strerror(errno));
	proxy->bound = true;
	start_receiving(proxy);
}

void datagram_set_destination(struct peer *peer, const struct message *message)
{
	struct proxy *proxy = proxy_find(&peer->table, message->port, TSI_STREAM_PORT);

	if (!proxy || proxy->type != TSI_SOCK_DGRAM) {
		log_note(peer->log, "SENDTO_ADDRESS: there is no datagram socket %u",
			 message->port);
		return;
	}
	/* What follows must not go to the destination before. */
	proxy->destination.length = 0;
	if (policy_destination(peer->options, &message->address)) {
		log_note(peer->log, "socket %u: the destination is out of bounds", message->port);
		return;
	}
	proxy->destination = message->address;
	if (!proxy->bound)
		bind_anywhere(proxy);
}

void datagram_receive(struct peer *peer, const struct packet_header *header,
		      const uint8_t *payload)
{
	struct proxy *proxy = proxy_find(&peer->table, header->src_port, TSI_STREAM_PORT);
	const struct message_address *destination;
	ssize_t sent;

	if (!proxy || proxy->type != TSI_SOCK_DGRAM) {
		log_note(peer->log, "there is no datagram socket %u", header->src_port);
		return;
	}
	if (header->dst_port == TSI_SENDTO_DATA) {
		destination = &proxy->destination;
		if (!destination->length) {
			log_note(peer->log, "socket %u: data before its destination",
				 header->src_port);
			return;
		}
		sent = sendto(proxy->watch.fd, payload, header->len, MSG_DONTWAIT | MSG_NOSIGNAL,
			      (const struct sockaddr *)&destination->storage,
			      destination->length);
	} else {
		sent = send(proxy->watch.fd, payload, header->len, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	if (sent < 0)
		log_note(peer->log, "socket %u: %s", header->src_port, strerror(errno));
}
