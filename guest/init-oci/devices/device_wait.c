// SPDX-License-Identifier: Apache-2.0
/* Waiting for a device that the kernel has not seen yet. */
#include "devices/device_wait.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/linux_abi.h"

/* A device that is plugged in takes milliseconds; this is for a busy host. */
#define WAIT_SECONDS 5

int device_events(void)
{
	const struct netlink_address address = { .family = AF_NETLINK, .groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int milliseconds_left(const struct timespec *start)
{
	struct timespec now;
	long gone;

	clock_gettime(CLOCK_MONOTONIC, &now);
	gone = (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
	return gone < WAIT_SECONDS * 1000 ? (int)(WAIT_SECONDS * 1000 - gone) : 0;
}

/* Returns when anything happened to a device; false when the time is up. */
static bool wait_for_event(int events, const struct timespec *start)
{
	struct pollfd poll_events = { .fd = events, .events = POLLIN };
	char event[2048];

	if (poll(&poll_events, 1, milliseconds_left(start)) <= 0)
		return false;
	/* The contents of the events do not matter: /dev and /sys tell. */
	while (recv(events, event, sizeof(event), 0) >= 0 || errno == ENOBUFS)
		;
	return true;
}

int device_wait(int (*look)(void *subject, struct error *error), void *subject,
		struct error *error)
{
	struct timespec start;
	int events, found = look(subject, error);

	if (found)
		return found;
	clock_gettime(CLOCK_MONOTONIC, &start);
	events = device_events();
	if (events < 0)
		return step_error("listen for devices", "", error);
	/* Looks once more first: the device may have come before the socket did. */
	do {
		found = look(subject, error);
	} while (!found && wait_for_event(events, &start));
	close(events);
	return found;
}
