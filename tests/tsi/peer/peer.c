// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "answer.h"
#include "bytes.h"
#include "control.h"
#include "datagram.h"
#include "listener.h"
#include "stream.h"

/* Descriptors that are not proxies': the monitor's, listeners', the log's. */
#define OTHER_DESCRIPTORS 256

/* As many descriptors as the system lets this program have, a proxy each. */
static unsigned int proxy_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 256;
	if (limit.rlim_cur < PROXIES_MAX + OTHER_DESCRIPTORS) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur < 2 * OTHER_DESCRIPTORS)
		return 256;
	return limit.rlim_cur > PROXIES_MAX + OTHER_DESCRIPTORS ?
		PROXIES_MAX : (unsigned int)limit.rlim_cur - OTHER_DESCRIPTORS;
}

int peer_init(struct peer *peer, const struct options *options, struct loop *loop,
	      const struct wire *wire, struct log *log)
{
	unsigned int i;

	memset(peer, 0, sizeof(*peer));
	peer->options = options;
	peer->loop = loop;
	peer->wire = *wire;
	peer->log = log;
	proxy_table_init(&peer->table, proxy_limit());
	TAILQ_INIT(&peer->delayed);
	for (i = 0; i < options->guest_port_count; i++) {
		if (listener_open_plain(peer, &options->guest_ports[i])) {
			peer_free(peer);
			return -1;
		}
	}
	return 0;
}

static void forget_guest(struct peer *peer)
{
	struct proxy *proxy;

	while ((proxy = LIST_FIRST(&peer->table.all)))
		proxy_free(proxy);
	answer_forget_delayed(peer);
}

void peer_free(struct peer *peer)
{
	forget_guest(peer);
	while (peer->plain_listener_count)
		listener_close_plain(&peer->plain_listeners[--peer->plain_listener_count]);
}

void peer_start(struct peer *peer)
{
	forget_guest(peer);
	if (peer->options->time_sync)
		peer->next_time_sync = monotonic_time();
}

void peer_send(struct peer *peer, struct packet_header *header, const uint8_t *payload)
{
	header->src_cid = HOST_CID;
	header->dst_cid = peer->options->guest_cid;
	peer->wire.send(peer->wire.device, header, payload, false);
}

static void receive_datagram(struct peer *peer, const struct packet_header *header,
			     const uint8_t *payload)
{
	if (opcode_valid(header->dst_port) && header->dst_port != TSI_SENDTO_DATA)
		control_receive(peer, header, payload);
	else
		datagram_receive(peer, header, payload);
}

void peer_receive(struct peer *peer, const struct packet_header *header, const uint8_t *payload)
{
	log_from_guest(peer->log, header, payload);
	if (header->src_cid != peer->options->guest_cid || header->dst_cid != HOST_CID) {
		log_note(peer->log, "not from the guest to the host; dropped");
		return;
	}
	switch (header->type) {
	case PACKET_STREAM:
		stream_receive(peer, header, payload);
		break;
	case PACKET_DATAGRAM:
		receive_datagram(peer, header, payload);
		break;
	default:
		log_note(peer->log, "a packet of a type that was not negotiated; dropped");
	}
}

static void send_time(struct peer *peer)
{
	struct packet_header header = {
		.src_cid = HOST_CID,
		.dst_cid = peer->options->guest_cid,
		.src_port = TSI_TIME_SYNC_PORT,
		.dst_port = TSI_TIME_SYNC_PORT,
		.len = sizeof(uint64_t),
		.type = PACKET_DATAGRAM,
		.op = OP_RW,
	};
	uint8_t payload[sizeof(uint64_t)];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	put_le64(payload, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	peer->wire.send(peer->wire.device, &header, payload,
			peer->options->misbehaviour & LONG_ANSWER);
}

/* The earlier of two times until something is due, -1 for never. */
static int sooner(int one, int other)
{
	if (one < 0)
		return other;
	return other < 0 || one < other ? one : other;
}

static int milliseconds_until(uint64_t time, uint64_t now)
{
	return time > now ? (int)((time - now) / 1000000) + 1 : 0;
}

static int expire_proxies(struct peer *peer, uint64_t now)
{
	struct proxy *proxy;

	while ((proxy = TAILQ_FIRST(&peer->table.expiring)) && proxy->deadline <= now)
		stream_expire(proxy);
	return proxy ? milliseconds_until(proxy->deadline, now) : -1;
}

static int expire_time_sync(struct peer *peer, uint64_t now)
{
	if (!peer->next_time_sync)
		return -1;
	if (peer->next_time_sync <= now) {
		send_time(peer);
		peer->next_time_sync = now + peer->options->time_sync * UINT64_C(1000000000);
	}
	return milliseconds_until(peer->next_time_sync, now);
}

int peer_expire(struct peer *peer)
{
	uint64_t now = monotonic_time();
	int wait = sooner(expire_proxies(peer, now), answer_expire(peer, now));

	return sooner(wait, expire_time_sync(peer, now));
}
