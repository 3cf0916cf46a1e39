// SPDX-License-Identifier: Apache-2.0
#include "proxy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "peer.h"

void proxy_table_init(struct proxy_table *table, unsigned int limit)
{
	unsigned int i;

	for (i = 0; i < PROXY_BUCKETS; i++)
		LIST_INIT(&table->buckets[i]);
	LIST_INIT(&table->all);
	TAILQ_INIT(&table->expiring);
	table->count = 0;
	table->limit = limit < PROXIES_MAX ? limit : PROXIES_MAX;
}

/* Guests number ports one after the other, reverse ports are random. */
static struct proxy_list *bucket(struct proxy_table *table, uint32_t guest_port,
				 uint32_t host_port)
{
	return &table->buckets[(guest_port ^ host_port * 2654435761u) % PROXY_BUCKETS];
}

struct proxy *proxy_find(struct proxy_table *table, uint32_t guest_port, uint32_t host_port)
{
	struct proxy *proxy;

	LIST_FOREACH(proxy, bucket(table, guest_port, host_port), bucket) {
		if (proxy->guest_port == guest_port && proxy->host_port == host_port)
			return proxy;
	}
	return NULL;
}

struct proxy *proxy_new(struct peer *peer, uint32_t guest_port, uint32_t host_port, int fd,
			int family, int type)
{
	struct proxy *old = proxy_find(&peer->table, guest_port, host_port);
	struct proxy *proxy = NULL;

	if (old)
		proxy_free(old);
	if (peer->table.count < peer->table.limit)
		proxy = calloc(1, sizeof(*proxy));
	if (!proxy) {
		log_note(peer->log, "no room for a proxy of socket %u", guest_port);
		close(fd);
		return NULL;
	}
	proxy->watch.fd = fd;
	proxy->ipv4.fd = -1;
	proxy->peer = peer;
	proxy->guest_port = guest_port;
	proxy->host_port = host_port;
	proxy->family = family;
	proxy->type = type;
	proxy->listed = true;
	LIST_INSERT_HEAD(bucket(&peer->table, guest_port, host_port), proxy, bucket);
	LIST_INSERT_HEAD(&peer->table.all, proxy, all);
	peer->table.count++;
	return proxy;
}

void proxy_unlist(struct proxy *proxy)
{
	if (proxy->listed)
		LIST_REMOVE(proxy, bucket);
	proxy->listed = false;
}

void proxy_free(struct proxy *proxy)
{
	struct peer *peer = proxy->peer;

	proxy_expire_never(proxy);
	proxy_unlist(proxy);
	LIST_REMOVE(proxy, all);
	peer->table.count--;
	loop_drop(peer->loop, &proxy->watch);
	loop_drop(peer->loop, &proxy->ipv4);
	if (proxy->path[0])
		unlink(proxy->path);
	byte_queue_free(&proxy->unsent);
	free(proxy);
}

void proxy_expire_later(struct proxy *proxy)
{
	proxy_expire_never(proxy);
	proxy->deadline = monotonic_time() + GRACE_NANOSECONDS;
	proxy->forwarded_at_deadline = proxy->forwarded;
	TAILQ_INSERT_TAIL(&proxy->peer->table.expiring, proxy, expiry);
}

void proxy_expire_never(struct proxy *proxy)
{
	if (proxy->deadline)
		TAILQ_REMOVE(&proxy->peer->table.expiring, proxy, expiry);
	proxy->deadline = 0;
}
