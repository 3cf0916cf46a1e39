/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_DATAGRAM_H
#define TSI_PEER_DATAGRAM_H

#include "peer.h"

/* Proxies of datagram sockets. */

void datagram_init(struct proxy *proxy);
/* Returns 0 or a negative errno. */
int datagram_connect(struct proxy *proxy, const struct message_address *address);
void datagram_set_destination(struct peer *peer, const struct message *message);

/*
 * Payload: to SENDTO_DATA for the destination that was set before, to any other
 * port for the one that the socket is connected to.
 */
void datagram_receive(struct peer *peer, const struct packet_header *header,
		      const uint8_t *payload);

#endif
