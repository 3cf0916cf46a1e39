/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_PROXY_H
#define TSI_PEER_PROXY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "byte_queue.h"
#include "loop.h"
#include "message.h"

struct peer;

/* What a socket of the host, which stands for one of the guest, is doing. */
enum proxy_state {
	/* Nothing yet; a datagram socket stays so. */
	PROXY_IDLE,
	/* connect() is under way. */
	PROXY_CONNECTING,
	/* The host's socket is connected; the guest's REQUEST is to come. */
	PROXY_CONNECTED,
	PROXY_LISTENING,
	/* A connection to the host, whose REQUEST the guest has not answered. */
	PROXY_REVERSE,
	/* A vsock stream and the host's socket are tied to each other. */
	PROXY_ESTABLISHED,
	/* The guest is done with it; the last bytes go to the host's socket. */
	PROXY_DRAINING,
};

struct proxy {
	struct watch watch;
	struct peer *peer;
	LIST_ENTRY(proxy) bucket;
	LIST_ENTRY(proxy) all;
	/* Together the key, while the proxy can be looked up. */
	uint32_t guest_port, host_port;
	bool listed;
	int family, type;
	enum proxy_state state;

	/* Where the result of connect() goes. */
	uint32_t control_port;

	/* PROXY_LISTENING */
	uint32_t vm_port;
	/* Connections established that no ACCEPT has announced. */
	uint32_t unannounced;
	bool accept_waits;
	uint32_t accept_port;
	/* For IPv4, of a socket that listens at [::]; -1 for none. */
	struct watch ipv4;
	/* PROXY_REVERSE: the socket whose ACCEPT waits for it, 0 for none. */
	uint32_t announced_to;
	/* What to unlink when the proxy goes; empty for none. */
	char path[sizeof(struct sockaddr_storage)];

	/* Streams: the guest's window, what was sent into it, and asking for more. */
	uint32_t guest_buf_alloc, guest_fwd_cnt, sent;
	bool credit_requested;
	/* What came from the guest, what the host's socket took, what the guest knows of it. */
	uint32_t received, forwarded, forwarded_told;
	struct byte_queue unsent;
	/* SHUTDOWN flags that came from the guest, and that went to it. */
	uint32_t guest_shutdown, host_shutdown;
	/* The host's socket takes no more data. */
	bool write_failed;
	bool data_seen;

	/* Datagrams: where SENDTO_DATA goes; length 0 before any SENDTO_ADDRESS. */
	struct message_address destination;
	bool bound;

	/* Monotonic nanoseconds when it is removed, 0 for never. */
	uint64_t deadline;
	uint32_t forwarded_at_deadline;
	TAILQ_ENTRY(proxy) expiry;
};

#define PROXY_BUCKETS 4096
/* Bounds memory, no matter what a guest asks for; the descriptor limit may be lower. */
#define PROXIES_MAX 8192

LIST_HEAD(proxy_list, proxy);
TAILQ_HEAD(proxy_queue, proxy);

struct proxy_table {
	struct proxy_list buckets[PROXY_BUCKETS];
	struct proxy_list all;
	/* Every deadline is as far away as any other when set: first in, first out. */
	struct proxy_queue expiring;
	unsigned int count, limit;
};

void proxy_table_init(struct proxy_table *table, unsigned int limit);
struct proxy *proxy_find(struct proxy_table *table, uint32_t guest_port, uint32_t host_port);

/*
 * Takes over the descriptor, and closes it when there is no room (NULL).
 * A proxy that has the key already is removed.
 */
struct proxy *proxy_new(struct peer *peer, uint32_t guest_port, uint32_t host_port, int fd,
			int family, int type);
/* No packet finds the proxy any more; its key is free for another. */
void proxy_unlist(struct proxy *proxy);
void proxy_free(struct proxy *proxy);

/* Starts the time of grace, or ends it. */
void proxy_expire_later(struct proxy *proxy);
void proxy_expire_never(struct proxy *proxy);

#endif
