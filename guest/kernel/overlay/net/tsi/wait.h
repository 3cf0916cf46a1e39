/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * To wait, and to wake who waits, at the socket that a program holds.
 */
#ifndef _TSI_WAIT_H
#define _TSI_WAIT_H

#include <linux/types.h>
#include <net/sock.h>

/**
 * enum tsi_wait_mode - how to wait
 * @TSI_WAIT_ALL: each event wakes all who wait so
 * @TSI_WAIT_ONE: each event wakes one of those who wait so
 * @TSI_WAIT_KILLABLE: as TSI_WAIT_ALL, and only SIGKILL ends it early
 */
enum tsi_wait_mode {
	TSI_WAIT_ALL,
	TSI_WAIT_ONE,
	TSI_WAIT_KILLABLE,
};

int tsi_wait(struct sock *sk, enum tsi_wait_mode mode, long *timeout,
	     int (*attempt)(void *context), void *context);
void tsi_wake(struct sock *sk, __poll_t events);

#endif /* _TSI_WAIT_H */
