/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_CONTROL_H
#define TSI_PEER_CONTROL_H

#include "peer.h"

/* A datagram to one of the control ports, but SENDTO_DATA. */
void control_receive(struct peer *peer, const struct packet_header *header,
		     const uint8_t *payload);

#endif
