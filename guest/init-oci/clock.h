/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CLOCK_H
#define INIT_OCI_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel has set the clock from an RTC, to the second: KVM's PTP clock knows better. */
void clock_set_from_ptp(void);

/* Whether the two differ by no more than it may take to tell somebody the time. */
bool clock_agrees(uint64_t clock, uint64_t time);

/* Sets the clock unless it agrees. Nanoseconds since 1970. Returns 0, or -1 with errno. */
int clock_correct(uint64_t nanoseconds);

/* A socket for the host's datagrams with the time, or -1 when there can be none. */
int clock_open_datagrams(void);
void clock_receive_datagrams(int fd);

#endif
