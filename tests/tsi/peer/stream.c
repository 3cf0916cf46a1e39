// SPDX-License-Identifier: Apache-2.0
#include "stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "answer.h"
#include "listener.h"

/* Packets that one socket may fill before the others have their turn. */
#define PACKETS_PER_TURN 32

static void send_packet(struct proxy *proxy, enum packet_op op, uint32_t flags,
			const uint8_t *payload, size_t size)
{
	struct packet_header header = {
		.src_port = proxy->host_port,
		.dst_port = proxy->guest_port,
		.len = (uint32_t)size,
		.type = PACKET_STREAM,
		.op = (uint16_t)op,
		.flags = flags,
		.buf_alloc = op == OP_RST ? 0 : STREAM_WINDOW,
		.fwd_cnt = op == OP_RST ? 0 : proxy->forwarded,
	};

	proxy->forwarded_told = proxy->forwarded;
	peer_send(proxy->peer, &header, payload);
}

static void send_control(struct proxy *proxy, enum packet_op op)
{
	send_packet(proxy, op, 0, NULL, 0);
}

/* Answers a packet that belongs to no stream. RST never answers RST. */
static void refuse(struct peer *peer, const struct packet_header *received)
{
	struct packet_header header = {
		.src_port = received->dst_port,
		.dst_port = received->src_port,
		.type = PACKET_STREAM,
		.op = OP_RST,
	};

	if (received->op != OP_RST)
		peer_send(peer, &header, NULL);
}

static void send_shutdown(struct proxy *proxy, uint32_t flags)
{
	proxy->host_shutdown |= flags;
	send_packet(proxy, OP_SHUTDOWN, proxy->host_shutdown, NULL, 0);
}

static uint32_t guest_credit(const struct proxy *proxy)
{
	uint32_t in_flight = proxy->sent - proxy->guest_fwd_cnt;

	return in_flight < proxy->guest_buf_alloc ? proxy->guest_buf_alloc - in_flight : 0;
}

/* Watches the host's socket for what can be used now, and for nothing else. */
static void watch_socket(struct proxy *proxy)
{
	uint32_t events = 0;

	if (proxy->unsent.length)
		events |= EPOLLOUT;
	if (proxy->state == PROXY_ESTABLISHED && !(proxy->host_shutdown & SHUTDOWN_SEND) &&
	    !(proxy->guest_shutdown & SHUTDOWN_RECEIVE) && !proxy->credit_requested)
		events |= EPOLLIN;
	if (proxy->state == PROXY_CONNECTING)
		events = EPOLLOUT;
	if (loop_watch(proxy->peer->loop, &proxy->watch, events))
		log_note(proxy->peer->log, "stream %u: epoll: %s", proxy->guest_port,
			 strerror(errno));
}

/* The stream is over; what the guest sent before is still owed to the host's socket. */
static void drain(struct proxy *proxy)
{
	if (!proxy->unsent.length) {
		proxy_free(proxy);
		return;
	}
	proxy_unlist(proxy);
	proxy->state = PROXY_DRAINING;
	proxy_expire_later(proxy);
	watch_socket(proxy);
}

/* Ends the stream at once, on both sides. */
static void reset(struct proxy *proxy)
{
	send_control(proxy, OP_RST);
	proxy_free(proxy);
}

/* The host's socket takes no more: the guest's writer must hear of it. */
static void fail_writing(struct proxy *proxy)
{
	log_note(proxy->peer->log, "stream %u: write: %s", proxy->guest_port, strerror(errno));
	proxy->write_failed = true;
	byte_queue_free(&proxy->unsent);
	proxy->forwarded = proxy->received;
	if (proxy->state == PROXY_ESTABLISHED)
		send_shutdown(proxy, SHUTDOWN_RECEIVE);
}

static ssize_t write_some(struct proxy *proxy, const uint8_t *bytes, size_t size)
{
	ssize_t written = send(proxy->watch.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (written < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return 0;
		fail_writing(proxy);
		return -1;
	}
	proxy->forwarded += (uint32_t)written;
	return written;
}

static void flush(struct proxy *proxy)
{
	ssize_t written;

	if (!proxy->unsent.length)
		return;
	written = write_some(proxy, proxy->unsent.bytes + proxy->unsent.start,
			     proxy->unsent.length);
	if (written > 0)
		byte_queue_consume(&proxy->unsent, (size_t)written);
	if (!proxy->unsent.length && proxy->guest_shutdown & SHUTDOWN_SEND)
		shutdown(proxy->watch.fd, SHUT_WR);
}

/* Tells the guest of new room early enough that it need not wait. */
static void update_credit(struct proxy *proxy)
{
	uint32_t window = proxy->guest_buf_alloc;
	uint32_t news = proxy->forwarded - proxy->forwarded_told;

	if (window > STREAM_WINDOW)
		window = STREAM_WINDOW;
	if (news && news >= window / 2)
		send_control(proxy, OP_CREDIT_UPDATE);
}

/* Returns false when there is no more for now. The proxy may be gone then. */
static bool read_some(struct proxy *proxy)
{
	struct peer *peer = proxy->peer;
	size_t size = peer->wire.room(peer->wire.device);
	uint32_t credit = guest_credit(proxy);
	ssize_t count;

	if (!size)
		return false;
	if (size > sizeof(peer->payload))
		size = sizeof(peer->payload);
	if (size > credit)
		size = credit;
	/* Without credit, the end of the data can be seen still. */
	count = recv(proxy->watch.fd, peer->payload, size ? size : 1,
		     MSG_DONTWAIT | (size ? 0 : MSG_PEEK));
	if (count < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return false;
		log_note(peer->log, "stream %u: read: %s", proxy->guest_port, strerror(errno));
		reset(proxy);
		return false;
	}
	if (count == 0) {
		send_shutdown(proxy, SHUTDOWN_SEND);
		return false;
	}
	if (!size) {
		proxy->credit_requested = true;
		send_control(proxy, OP_CREDIT_REQUEST);
		return false;
	}
	send_packet(proxy, OP_RW, 0, peer->payload, (size_t)count);
	proxy->sent += (uint32_t)count;
	return true;
}

/* After a connect() that failed later, Linux wants this before the next one. */
static void disconnect(int fd)
{
	struct sockaddr unspecified = { .sa_family = AF_UNSPEC };

	connect(fd, &unspecified, sizeof(unspecified));
}

/* Takes the outcome of a connect(): 0 or a negative error. */
static int finish_connecting(struct proxy *proxy)
{
	socklen_t length = sizeof(int);
	int error = 0;

	if (getsockopt(proxy->watch.fd, SOL_SOCKET, SO_ERROR, &error, &length))
		error = errno;
	proxy->state = error ? PROXY_IDLE : PROXY_CONNECTED;
	watch_socket(proxy);
	if (error)
		disconnect(proxy->watch.fd);
	return -error;
}

static void established_ready(struct proxy *proxy, uint32_t events)
{
	struct peer *peer = proxy->peer;
	uint32_t guest_port = proxy->guest_port, host_port = proxy->host_port;
	unsigned int packets;

	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
		flush(proxy);
		update_credit(proxy);
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && proxy->watch.events & EPOLLIN) {
		for (packets = 0; packets < PACKETS_PER_TURN && read_some(proxy); packets++)
			;
		/* Reading may have ended the stream. */
		if (proxy_find(&peer->table, guest_port, host_port) != proxy)
			return;
	}
	watch_socket(proxy);
}

static void stream_ready(struct watch *watch, uint32_t events)
{
	struct proxy *proxy = (struct proxy *)watch;

	switch (proxy->state) {
	case PROXY_CONNECTING:
		answer_result(proxy->peer, TSI_CONNECT, proxy->control_port,
			      finish_connecting(proxy));
		break;
	case PROXY_ESTABLISHED:
		established_ready(proxy, events);
		break;
	case PROXY_DRAINING:
		flush(proxy);
		if (!proxy->unsent.length)
			proxy_free(proxy);
		break;
	case PROXY_IDLE:
	case PROXY_CONNECTED:
	case PROXY_LISTENING:
	case PROXY_REVERSE:
		break;
	}
}

void stream_init(struct proxy *proxy)
{
	int on = 1;

	proxy->watch.ready = stream_ready;
	/*
	 * Neither TCP_NODELAY nor TCP_CORK of the guest gets here. What it sends is
	 * not to wait for what was sent before, until the other end acknowledges that.
	 */
	if (proxy->family != AF_UNIX)
		setsockopt(proxy->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int stream_connect(struct proxy *proxy, const struct message_address *address)
{
	struct pollfd writable = { .fd = proxy->watch.fd, .events = POLLOUT };

	if (proxy->state == PROXY_CONNECTING)
		return -EALREADY;
	if (proxy->state != PROXY_IDLE)
		return -EISCONN;
	if (!connect(proxy->watch.fd, (const struct sockaddr *)&address->storage,
		     address->length)) {
		proxy->state = PROXY_CONNECTED;
		return 0;
	}
	if (errno != EINPROGRESS)
		return -errno;
	/* To this machine itself it is over already: no need to wait for the next turn. */
	if (poll(&writable, 1, 0) == 1)
		return finish_connecting(proxy);
	proxy->state = PROXY_CONNECTING;
	watch_socket(proxy);
	return -EINPROGRESS;
}

void stream_offer(struct proxy *proxy)
{
	proxy->state = PROXY_REVERSE;
	/* A guest that does not answer must not keep it for ever. */
	proxy_expire_later(proxy);
	send_control(proxy, OP_REQUEST);
	if (proxy->peer->options->misbehaviour & RESET_REVERSE)
		reset(proxy);
}

static void establish(struct proxy *proxy)
{
	proxy->state = PROXY_ESTABLISHED;
	proxy_expire_never(proxy);
	watch_socket(proxy);
}

/* A vsock stream to a port of the host that stands for a UNIX socket. */
static struct proxy *connect_plain(struct peer *peer, const struct packet_header *header)
{
	const struct options *options = peer->options;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct proxy *proxy;
	unsigned int i;
	int fd;

	for (i = 0; i < options->host_port_count; i++)
		if (options->host_ports[i].port == header->dst_port)
			break;
	if (i == options->host_port_count ||
	    strlen(options->host_ports[i].path) >= sizeof(address.sun_path))
		return NULL;
	strcpy(address.sun_path, options->host_ports[i].path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		log_note(peer->log, "%s: %s", address.sun_path, strerror(errno));
		close(fd);
		return NULL;
	}
	proxy = proxy_new(peer, header->src_port, header->dst_port, fd, AF_UNIX, TSI_SOCK_STREAM);
	if (!proxy)
		return NULL;
	stream_init(proxy);
	proxy->state = PROXY_CONNECTED;
	return proxy;
}

static void receive_request(struct peer *peer, const struct packet_header *header,
			    struct proxy *proxy)
{
	unsigned int misbehaviour = peer->options->misbehaviour;

	if (misbehaviour & NO_RESPONSE) {
		log_note(peer->log, "stream %u: REQUEST is ignored", header->src_port);
		return;
	}
	if (!proxy && header->dst_port != TSI_STREAM_PORT)
		proxy = connect_plain(peer, header);
	if (!proxy || proxy->type != TSI_SOCK_STREAM || proxy->state != PROXY_CONNECTED) {
		refuse(peer, header);
		return;
	}
	if (misbehaviour & RESET_REQUEST) {
		reset(proxy);
		return;
	}
	proxy->guest_buf_alloc = header->buf_alloc;
	proxy->guest_fwd_cnt = header->fwd_cnt;
	send_control(proxy, OP_RESPONSE);
	if (misbehaviour & RESET_CONNECTED)
		reset(proxy);
	else
		establish(proxy);
}

static void receive_response(struct proxy *proxy)
{
	struct peer *peer = proxy->peer;
	uint32_t announced_to = proxy->announced_to;

	if (proxy->state != PROXY_REVERSE)
		return;
	if (peer->options->misbehaviour & RESET_ACCEPTED)
		reset(proxy);
	else
		establish(proxy);
	if (announced_to)
		listener_announce(peer, announced_to);
}

static void receive_data(struct proxy *proxy, const uint8_t *payload, size_t size)
{
	struct peer *peer = proxy->peer;
	ssize_t written = 0;

	if (size > STREAM_WINDOW - (proxy->received - proxy->forwarded)) {
		log_note(peer->log, "stream %u: more data than the window", proxy->guest_port);
		reset(proxy);
		return;
	}
	if (peer->options->misbehaviour & RESET_DATA && !proxy->data_seen) {
		reset(proxy);
		return;
	}
	proxy->data_seen = true;
	proxy->received += (uint32_t)size;
	if (proxy->write_failed) {
		proxy->forwarded = proxy->received;
	} else {
		if (!proxy->unsent.length)
			written = write_some(proxy, payload, size);
		if (written >= 0 && byte_queue_append(&proxy->unsent, payload + written,
						      size - (size_t)written)) {
			log_note(peer->log, "stream %u: out of memory", proxy->guest_port);
			reset(proxy);
			return;
		}
	}
	update_credit(proxy);
	watch_socket(proxy);
}

static void receive_shutdown(struct proxy *proxy, uint32_t flags)
{
	if (proxy->peer->options->misbehaviour & RESET_SHUTDOWN) {
		reset(proxy);
		return;
	}
	proxy->guest_shutdown |= flags & SHUTDOWN_BOTH;
	if (proxy->guest_shutdown == SHUTDOWN_BOTH) {
		/* The guest waits for this; the data it sent need not. */
		send_control(proxy, OP_RST);
		drain(proxy);
		return;
	}
	if (proxy->guest_shutdown & SHUTDOWN_SEND && !proxy->unsent.length)
		shutdown(proxy->watch.fd, SHUT_WR);
	if (proxy->guest_shutdown & SHUTDOWN_RECEIVE)
		shutdown(proxy->watch.fd, SHUT_RD);
	watch_socket(proxy);
}

static void receive_reset(struct proxy *proxy)
{
	if (proxy->state == PROXY_ESTABLISHED)
		drain(proxy);
	else
		proxy_free(proxy);
}

static void receive_credit(struct proxy *proxy, const struct packet_header *header)
{
	proxy->guest_buf_alloc = header->buf_alloc;
	proxy->guest_fwd_cnt = header->fwd_cnt;
	if (proxy->credit_requested && guest_credit(proxy)) {
		proxy->credit_requested = false;
		watch_socket(proxy);
	}
}

/* A packet of a stream that is established or, for its RESPONSE, offered. */
static void receive_in_stream(struct proxy *proxy, const struct packet_header *header,
			      const uint8_t *payload)
{
	receive_credit(proxy, header);
	switch (header->op) {
	case OP_RESPONSE:
		receive_response(proxy);
		break;
	case OP_RW:
		receive_data(proxy, payload, header->len);
		break;
	case OP_SHUTDOWN:
		receive_shutdown(proxy, header->flags);
		break;
	case OP_CREDIT_REQUEST:
		send_control(proxy, OP_CREDIT_UPDATE);
		break;
	default:
		break;
	}
}

void stream_receive(struct peer *peer, const struct packet_header *header, const uint8_t *payload)
{
	struct proxy *proxy = proxy_find(&peer->table, header->src_port, header->dst_port);
	bool fits = proxy && (proxy->state == PROXY_ESTABLISHED ||
			      (proxy->state == PROXY_REVERSE && header->op == OP_RESPONSE));

	if (header->op == OP_REQUEST)
		receive_request(peer, header, proxy);
	else if (header->op == OP_RST && proxy)
		receive_reset(proxy);
	else if (fits)
		receive_in_stream(proxy, header, payload);
	else
		refuse(peer, header);
}

void stream_expire(struct proxy *proxy)
{
	switch (proxy->state) {
	case PROXY_DRAINING:
		/* As long as it moves, it may take its time. */
		if (proxy->forwarded != proxy->forwarded_at_deadline)
			proxy_expire_later(proxy);
		else
			proxy_free(proxy);
		break;
	case PROXY_ESTABLISHED:
		/* Released, but never shut down. */
		send_control(proxy, OP_RST);
		proxy_expire_never(proxy);
		drain(proxy);
		break;
	default:
		reset(proxy);
	}
}
