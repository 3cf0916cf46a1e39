/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PEER_TRANSFER_H
#define PEER_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Transfers that notice any byte that is lost, doubled or out of order. Both ends
 * of the test use them: the program in the guest, and the one on the host.
 * All return 0, or -1 after a line on the standard output.
 */

/* Sends count bytes of the pattern. */
int transfer_send(int fd, uint64_t count);
/* Receives exactly count bytes of the pattern. */
int transfer_receive(int fd, uint64_t count);
/* Both at the same time. */
int transfer_exchange(int fd, uint64_t count);
/* Nothing more comes. */
int transfer_end(int fd);
/* Sends back what comes, up to the end, and then ends the sending, too. */
int transfer_echo(int fd);

#endif
