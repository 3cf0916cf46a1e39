/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_LISTENER_H
#define TSI_PEER_LISTENER_H

#include "peer.h"

/* Sockets of the host that listen for the guest, of TSI and of plain vsock. */

/* Returns 0 or a negative errno. */
int listener_listen(struct proxy *proxy, const struct message *message);
void listener_accept(struct proxy *proxy, uint32_t port, bool nonblocking);
/* A connection of the listener at the port is established. */
void listener_announce(struct peer *peer, uint32_t guest_port);

/* Returns 0, or -1 after a line on the standard error. */
int listener_open_plain(struct peer *peer, const struct path_mapping *mapping);
void listener_close_plain(struct plain_listener *listener);

#endif
