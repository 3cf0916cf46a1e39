/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_LOOP_H
#define TSI_PEER_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

/* A file descriptor, and what is done when it is ready. */
struct watch {
	int fd;
	/* What it is watched for now; 0 when it is not, not even for errors. */
	uint32_t events;
	void (*ready)(struct watch *watch, uint32_t events);
};

struct loop {
	int epoll;
};

/* Both return 0, or -1 with errno set. */
int loop_open(struct loop *loop);
int loop_watch(struct loop *loop, struct watch *watch, uint32_t events);

void loop_close(struct loop *loop);
/* Stops watching and closes the descriptor, if there is one. */
void loop_drop(struct loop *loop, struct watch *watch);

/*
 * Waits for one event and handles it. Only one, since handling it may free any
 * other watch. The milliseconds are as poll() takes them.
 */
int loop_turn(struct loop *loop, int milliseconds);

#endif
