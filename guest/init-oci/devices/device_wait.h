/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_DEVICE_WAIT_H
#define INIT_OCI_DEVICE_WAIT_H

#include "base/errors.h"

/* A non-blocking netlink socket with the kernel's device events; or -1. */
int device_events(void);

/*
 * Waits for a device that the kernel may not have seen yet. look() returns 1 when
 * the device is there, 0 when not, and -1 with an error; it is called at once, and
 * then after each device event, for 5 seconds at most. Returns what look()
 * returned last. Needs /dev and /sys if look() does.
 */
int device_wait(int (*look)(void *subject, struct error *error), void *subject,
		struct error *error);

/* The end of a message about a device that is missing even then. */
#define NOT_THERE ": is not there after 5 seconds"

#endif
