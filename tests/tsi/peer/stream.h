/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_STREAM_H
#define TSI_PEER_STREAM_H

#include "peer.h"

/* Proxies of stream sockets: connecting, credit, data both ways, teardown. */

void stream_init(struct proxy *proxy);

/*
 * Returns 0, a negative errno, or -EINPROGRESS: then the result is answered to
 * the proxy's control port when the host's socket knows it.
 */
int stream_connect(struct proxy *proxy, const struct message_address *address);

/* Offers an accepted connection to the guest. The proxy may be gone afterwards. */
void stream_offer(struct proxy *proxy);

/* A stream packet of the guest. */
void stream_receive(struct peer *peer, const struct packet_header *header,
		    const uint8_t *payload);

/* The time of grace is over. The proxy may be gone afterwards. */
void stream_expire(struct proxy *proxy);

#endif
