/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_BEHAVE_H
#define TSI_PEER_BEHAVE_H

#include "log.h"
#include "loop.h"
#include "options.h"

/* The commands that change how the peer misbehaves, which come through a FIFO. */
struct behave {
	struct watch fifo;
	struct options *options;
	struct log *log;
};

/* Returns 0, or -1 with errno set. */
int behave_open(struct behave *behave, struct options *options, struct loop *loop,
		struct log *log);

#endif
