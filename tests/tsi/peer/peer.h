/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_PEER_H
#define TSI_PEER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "log.h"
#include "loop.h"
#include "options.h"
#include "packet.h"
#include "proxy.h"

/* The window for each stream: how much of the guest's data is kept for a socket. */
#define STREAM_WINDOW 8388608u

/* How long things that the guest gave up, or does not answer, are kept. */
#define GRACE_NANOSECONDS 5000000000u

/* Answers under delay; more are dropped. */
#define DELAYED_MAX 1024

/*
 * The way to the guest. A test can stand in for the device.
 *
 * room() is how much payload the next packet may carry, or 0 when nothing should
 * be sent that can wait. send() takes packets even then, up to a limit, since an
 * answer cannot wait. With fill, random bytes follow the payload until the guest's
 * buffer is full.
 */
struct wire {
	void *device;
	size_t (*room)(void *device);
	void (*send)(void *device, const struct packet_header *header, const uint8_t *payload,
		     bool fill);
};

struct delayed_answer;
TAILQ_HEAD(delayed_queue, delayed_answer);

/* A socket of the host that stands for a plain vsock port of the guest. */
struct plain_listener {
	struct watch watch;
	struct peer *peer;
	const struct path_mapping *mapping;
};

/* The host side of the protocol: all that is known of one guest. */
struct peer {
	const struct options *options;
	/* For the host's sockets alone, so that they can wait while room() is 0. */
	struct loop *loop;
	struct wire wire;
	struct log *log;
	struct proxy_table table;
	struct delayed_queue delayed;
	unsigned int delayed_count;
	/* Requests that --fail is for. */
	uint32_t failable_count;
	struct plain_listener plain_listeners[MAPPINGS_MAX];
	unsigned int plain_listener_count;
	uint64_t next_time_sync;
	/* What one packet carries, either way. */
	uint8_t payload[PACKET_PAYLOAD_MAX];
};

/* Both return 0, or -1 after a line on the standard error. */
int peer_init(struct peer *peer, const struct options *options, struct loop *loop,
	      const struct wire *wire, struct log *log);
void peer_free(struct peer *peer);

/* The guest's driver has begun, or begun anew: forget what it had before. */
void peer_start(struct peer *peer);

/* A packet of the guest; the payload has header->len bytes. */
void peer_receive(struct peer *peer, const struct packet_header *header, const uint8_t *payload);

/* Does what is due, and returns the milliseconds until there is more, -1 for never. */
int peer_expire(struct peer *peer);

/* Sends a packet; src_cid and dst_cid are filled in. */
void peer_send(struct peer *peer, struct packet_header *header, const uint8_t *payload);

#endif
