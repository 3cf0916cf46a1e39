/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_RESET_H
#define TSI_PEER_RESET_H

#include "device.h"
#include "loop.h"

/*
 * The commands to reset the transport, which come through a FIFO. A signal could
 * not say where the event ring is, which monitors keep to themselves.
 */
struct reset {
	struct watch fifo;
	struct device *device;
};

/* Returns 0, or -1 with errno set. */
int reset_open(struct reset *reset, const char *path, struct loop *loop, struct device *device);

#endif
