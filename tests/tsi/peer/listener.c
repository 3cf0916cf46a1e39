// SPDX-License-Identifier: Apache-2.0
#include "listener.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "answer.h"
#include "policy.h"
#include "stream.h"

/* Connections that one listener may keep unanswered by the guest and unannounced. */
#define UNANNOUNCED_MAX 65536

/* A free key, whose host port the guest cannot guess. */
static uint32_t reverse_port(struct peer *peer, uint32_t guest_port)
{
	uint32_t port;

	do {
		if (getrandom(&port, sizeof(port), 0) != sizeof(port))
			port++;
	} while (port < 1024 || port > UINT32_MAX - 1 ||
		 proxy_find(&peer->table, guest_port, port));
	return port;
}

/* Accepts one connection and offers it to the guest. */
static void offer_connection(struct peer *peer, int listener, int family, uint32_t guest_port,
			     uint32_t announced_to)
{
	struct proxy *proxy;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_note(peer->log, "port %u: accept: %s", guest_port, strerror(errno));
		return;
	}
	proxy = proxy_new(peer, guest_port, reverse_port(peer, guest_port), fd, family,
			  TSI_SOCK_STREAM);
	if (!proxy)
		return;
	proxy->announced_to = announced_to;
	stream_init(proxy);
	stream_offer(proxy);
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	struct proxy *proxy = (struct proxy *)watch;

	(void)events;
	offer_connection(proxy->peer, proxy->watch.fd, proxy->family, proxy->vm_port,
			 proxy->guest_port);
}

static void ipv4_ready(struct watch *watch, uint32_t events)
{
	struct proxy *proxy = (struct proxy *)((char *)watch - offsetof(struct proxy, ipv4));

	(void)events;
	offer_connection(proxy->peer, watch->fd, proxy->family, proxy->vm_port, proxy->guest_port);
}

/* A socket that nothing listens on any more is in the way of the next listener. */
static void unlink_stale_socket(const struct sockaddr_un *address, socklen_t length)
{
	struct stat status;
	int fd;

	if (lstat(address->sun_path, &status) || !S_ISSOCK(status.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, length) && errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static int bind_unix(int fd, const struct sockaddr_storage *storage, socklen_t length, char *path)
{
	struct sockaddr_un address;

	if (length > sizeof(address))
		return -EINVAL;
	memset(&address, 0, sizeof(address));
	memcpy(&address, storage, length);
	/* Unnamed and abstract sockets leave nothing behind, and the kernel checks the rest. */
	if (length == sizeof(sa_family_t) || !address.sun_path[0])
		return bind(fd, (struct sockaddr *)&address, length) ? -errno : 0;
	if (memchr(address.sun_path, '\0', sizeof(address.sun_path)) == NULL)
		return -EINVAL;
	unlink_stale_socket(&address, length);
	if (bind(fd, (struct sockaddr *)&address, length))
		return -errno;
	strcpy(path, address.sun_path);
	return 0;
}

static bool is_any6(const struct message_address *address)
{
	struct sockaddr_in6 inet6;

	memcpy(&inet6, &address->storage, sizeof(inet6));
	return inet6.sin6_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&inet6.sin6_addr);
}

static int bind_inet(int fd, const struct message_address *address)
{
	int on = 1;

	/* What a restarted server needs; two guests must not share a port unawares. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (is_any6(address))
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&address->storage, address->length))
		return -errno;
	return 0;
}

static in_port_t port_of(const struct message_address *address)
{
	struct sockaddr_in inet;

	/* It is at the same place in both families. */
	memcpy(&inet, &address->storage, sizeof(inet));
	return inet.sin_port;
}

/*
 * A guest does not say IPV6_V6ONLY. So a socket at [::] has another one for IPv4, for
 * as long as the guest does not ask for the port with an address of IPv4.
 */
static void open_ipv4(struct proxy *proxy, const struct message_address *address, int backlog)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = port_of(address) };
	struct message_address ipv4 = { .length = sizeof(any) };
	int fd;

	if (!is_any6(address) || !any.sin_port)
		return;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	memcpy(&ipv4.storage, &any, sizeof(any));
	proxy->ipv4 = (struct watch){ .fd = fd, .ready = ipv4_ready };
	if (bind_inet(fd, &ipv4) || listen(fd, backlog) ||
	    loop_watch(proxy->peer->loop, &proxy->ipv4, EPOLLIN))
		loop_drop(proxy->peer->loop, &proxy->ipv4);
}

static void give_up_port(struct proxy *proxy, in_port_t port)
{
	struct message_address address = { .length = sizeof(address.storage) };

	if (proxy->ipv4.fd >= 0 &&
	    !getsockname(proxy->ipv4.fd, (struct sockaddr *)&address.storage, &address.length) &&
	    port_of(&address) == port)
		loop_drop(proxy->peer->loop, &proxy->ipv4);
}

static void give_up_ipv4(struct peer *peer, const struct message_address *address)
{
	struct proxy *proxy;

	if (address->storage.ss_family != AF_INET)
		return;
	for (proxy = LIST_FIRST(&peer->table.all); proxy; proxy = LIST_NEXT(proxy, all))
		give_up_port(proxy, port_of(address));
}

static int clamp_backlog(uint32_t backlog)
{
	/* Signed on the wire; listen() knows the machine's own limit. */
	return backlog > INT_MAX ? 0 : (int)backlog;
}

int listener_listen(struct proxy *proxy, const struct message *message)
{
	struct message_address address = message->address;
	int result;

	if (proxy->state == PROXY_LISTENING)
		return 0;
	if (proxy->state != PROXY_IDLE || !message->vm_port || message->vm_port == UINT32_MAX)
		return -EINVAL;
	result = policy_listen(proxy->peer->options, &address);
	if (result)
		return result;
	if (proxy->family == AF_UNIX && address.storage.ss_family == AF_UNIX) {
		result = bind_unix(proxy->watch.fd, &address.storage, address.length, proxy->path);
	} else {
		give_up_ipv4(proxy->peer, &address);
		result = bind_inet(proxy->watch.fd, &address);
	}
	if (result)
		return result;
	if (listen(proxy->watch.fd, clamp_backlog(message->backlog)))
		return -errno;
	proxy->watch.ready = listener_ready;
	if (loop_watch(proxy->peer->loop, &proxy->watch, EPOLLIN))
		return -errno;
	open_ipv4(proxy, &address, clamp_backlog(message->backlog));
	proxy->vm_port = message->vm_port;
	proxy->state = PROXY_LISTENING;
	return 0;
}

void listener_accept(struct proxy *proxy, uint32_t port, bool nonblocking)
{
	struct peer *peer = proxy->peer;

	if (proxy->state != PROXY_LISTENING) {
		answer_result(peer, TSI_ACCEPT, port, -EINVAL);
	} else if (proxy->unannounced) {
		proxy->unannounced--;
		answer_result(peer, TSI_ACCEPT, port, 0);
	} else if (nonblocking) {
		answer_result(peer, TSI_ACCEPT, port, -EAGAIN);
	} else {
		proxy->accept_waits = true;
		proxy->accept_port = port;
	}
}

void listener_announce(struct peer *peer, uint32_t guest_port)
{
	struct proxy *proxy = proxy_find(&peer->table, guest_port, TSI_STREAM_PORT);

	if (!proxy || proxy->state != PROXY_LISTENING)
		return;
	if (proxy->accept_waits) {
		proxy->accept_waits = false;
		answer_result(peer, TSI_ACCEPT, proxy->accept_port, 0);
	} else if (proxy->unannounced < UNANNOUNCED_MAX) {
		/* A guest need not send ACCEPT, so this may only ever grow. */
		proxy->unannounced++;
	}
}

static void plain_ready(struct watch *watch, uint32_t events)
{
	struct plain_listener *listener = (struct plain_listener *)watch;

	(void)events;
	offer_connection(listener->peer, listener->watch.fd, AF_UNIX, listener->mapping->port, 0);
}

int listener_open_plain(struct peer *peer, const struct path_mapping *mapping)
{
	struct plain_listener *listener = &peer->plain_listeners[peer->plain_listener_count];
	struct sockaddr_storage storage = { .ss_family = AF_UNIX };
	size_t length = strlen(mapping->path);
	char path[sizeof(struct sockaddr_storage)];
	int fd, result;

	if (length >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		fprintf(stderr, "tsi-peer: %s: longer than the path of a UNIX socket can be\n",
			mapping->path);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		perror("tsi-peer: socket");
		return -1;
	}
	memcpy((char *)&storage + sizeof(sa_family_t), mapping->path, length);
	result = bind_unix(fd, &storage, (socklen_t)(sizeof(sa_family_t) + length + 1), path);
	if (!result && listen(fd, SOMAXCONN))
		result = -errno;
	listener->watch = (struct watch){ .fd = fd, .ready = plain_ready };
	if (!result && loop_watch(peer->loop, &listener->watch, EPOLLIN))
		result = -errno;
	if (result) {
		fprintf(stderr, "tsi-peer: %s: %s\n", mapping->path, strerror(-result));
		close(fd);
		return -1;
	}
	listener->peer = peer;
	listener->mapping = mapping;
	peer->plain_listener_count++;
	return 0;
}

void listener_close_plain(struct plain_listener *listener)
{
	loop_drop(listener->peer->loop, &listener->watch);
	unlink(listener->mapping->path);
}
