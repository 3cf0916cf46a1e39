/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_CLOCK_H
#define INIT_OCI_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The devices that know the time, opened before the container can put anything in
 * their place; -1 where there is none.
 */
struct clock_devices {
	int ptp;	/* KVM's PTP clock */
	int rtc;	/* the seconds of the RTC, as text */
	int generations;	/* the kernel's events, one of which is for a restored snapshot */
};

void clock_open_devices(struct clock_devices *devices);

/* The kernel has set the clock from an RTC, to the second: KVM's PTP clock is more exact. */
bool clock_set_from_ptp(const struct clock_devices *devices);

/* Whether the two differ by no more than that; all in nanoseconds. */
bool clock_agrees(uint64_t clock, uint64_t time, uint64_t tolerance);

/*
 * Sets the clock if it is off by more than 100 ms, which is how long it may take for
 * the time to be told. Nanoseconds since 1970. Returns 0, or -1 with errno set.
 */
int clock_correct(uint64_t nanoseconds);

/* A socket for the host's datagrams with the time, or -1 when there can be none. */
int clock_open_datagrams(void);

/* Takes some of them, of which the last counts. Returns whether there may be more. */
bool clock_receive_datagrams(int fd);

/*
 * Takes an event, and returns whether there was one. When the machine goes on from a
 * snapshot, KVM's PTP clock, or else the RTC, has the right time.
 */
bool clock_receive_generation(const struct clock_devices *devices);
bool clock_is_new_generation(const char *event, size_t length);

#endif
