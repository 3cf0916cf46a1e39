// SPDX-License-Identifier: Apache-2.0
/* The channel to the VMM: how it is opened, and what is said on it. */
#include "channel/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "devices/ports.h"
#include "devices/vsock.h"

#define WAIT_SECONDS 1

/* Whether close() waits until the host has everything and answers. */
static void set_linger(int fd, int on)
{
	const struct linger linger = { .l_onoff = on, .l_linger = WAIT_SECONDS };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void become_control(int fd)
{
	if (fd == CONTROL_FILENO)
		return;
	dup3(fd, CONTROL_FILENO, O_CLOEXEC);
	close(fd);
}

static int connect_to_host(unsigned int port, struct error *error)
{
	int fd = vsock_connect(port);
	struct decimal number;

	if (fd < 0)
		return ERROR(error, "control channel: connect to vsock port ",
			     decimal(&number, port), " of the host: ", strerror(errno));
	set_linger(fd, 1);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int open_channel(const struct control_address *address, struct error *error)
{
	int fd;

	switch (address->kind) {
	case CONTROL_PORT:
		return port_open(address->port_name, error);
	case CONTROL_VSOCK:
		return connect_to_host(address->vsock_port, error);
	default:
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		return fd < 0 ? step_error("open /dev/null", "", error) : fd;
	}
}

int control_open(const struct control_address *address, struct error *error)
{
	int fd = open_channel(address, error);

	if (fd < 0)
		return -1;
	become_control(fd);
	return 0;
}

int control_connect_again(const struct control_address *address)
{
	int fd = vsock_begin_to_connect(address->vsock_port);

	if (fd < 0)
		return -1;
	set_linger(fd, 1);
	/* Nobody is there to answer. */
	set_linger(CONTROL_FILENO, 0);
	become_control(fd);
	return 0;
}

static int milliseconds_until(const struct timespec *deadline)
{
	struct timespec now;
	int64_t left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left = (int64_t)(deadline->tv_sec - now.tv_sec) * 1000 +
	       (deadline->tv_nsec - now.tv_nsec) / 1000000;
	return left > 0 ? (int)left : 0;
}

/*
 * Not poll(): for a port that the VMM has not opened it returns at once, with
 * POLLHUP, and never waits for the VMM to open it.
 */
static bool wait_until_writable(const struct timespec *deadline)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int events = epoll_create1(EPOLL_CLOEXEC);
	bool writable = false;

	if (events < 0)
		return false;
	deadline_be_exact();
	if (epoll_ctl(events, EPOLL_CTL_ADD, CONTROL_FILENO, &event) == 0) {
		while (!writable && epoll_wait(events, &event, 1, milliseconds_until(deadline)) > 0)
			writable = event.events & EPOLLOUT;
	}
	close(events);
	return writable;
}

/* Returns whether all of it was taken. */
static bool send_all(bool wait, const char *bytes, size_t length)
{
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += WAIT_SECONDS;
	while (length) {
		ssize_t written = write(CONTROL_FILENO, bytes, length);

		if (!written)
			return false;
		if (written < 0 && (errno != EAGAIN || !wait || !wait_until_writable(&deadline)))
			return false;
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
			/* Half a line would spoil the next one. */
			wait = true;
		}
	}
	return true;
}

bool control_line(bool wait, const char *const parts[])
{
	char text[256];
	size_t length = text_join(text, sizeof(text) - 1, parts);

	text[length++] = '\n';
	return send_all(wait, text, length);
}

void control_finish(const char *bytes, size_t length)
{
	if (!send_all(true, bytes, length))
		shutdown(CONTROL_FILENO, SHUT_WR);
}

void control_end(int status)
{
	struct decimal number;

	CONTROL_SAY(true, "exit ", decimal(&number, (unsigned int)status));
	close(CONTROL_FILENO);
}
