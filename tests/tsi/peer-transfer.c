// SPDX-License-Identifier: Apache-2.0
#include "peer-transfer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 65536
/* Nothing in the tests takes as long. */
#define TIMEOUT_MILLISECONDS 60000

static uint8_t pattern(uint64_t position)
{
	return (uint8_t)((position * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

static int fail(const char *what)
{
	printf("transfer: %s: %s\n", what, strerror(errno));
	return -1;
}

/* How many bytes went, 0 when none can go now, or -1. */
static ssize_t send_part(int fd, uint64_t position, uint64_t count)
{
	uint8_t bytes[CHUNK];
	size_t size = count - position < CHUNK ? (size_t)(count - position) : CHUNK, i;
	ssize_t sent;

	for (i = 0; i < size; i++)
		bytes[i] = pattern(position + i);
	sent = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return sent < 0 ? fail("send") : sent;
}

static ssize_t receive_part(int fd, uint64_t position, uint64_t count)
{
	uint8_t bytes[CHUNK];
	size_t size = count - position < CHUNK ? (size_t)(count - position) : CHUNK;
	ssize_t received = recv(fd, bytes, size, MSG_DONTWAIT), i;

	if (received < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : fail("receive");
	if (received == 0) {
		errno = ENODATA;
		return fail("the stream ends early");
	}
	for (i = 0; i < received; i++) {
		if (bytes[i] != pattern(position + (uint64_t)i)) {
			printf("transfer: byte %llu is wrong\n",
			       (unsigned long long)(position + (uint64_t)i));
			return -1;
		}
	}
	return received;
}

static int transfer(int fd, uint64_t to_send, uint64_t to_receive)
{
	struct pollfd polled = { .fd = fd };
	uint64_t sent = 0, received = 0;
	ssize_t part;

	while (sent < to_send || received < to_receive) {
		polled.events = (short)((sent < to_send ? POLLOUT : 0) |
					(received < to_receive ? POLLIN : 0));
		if (poll(&polled, 1, TIMEOUT_MILLISECONDS) <= 0) {
			printf("transfer: %llu bytes sent, %llu received, and no more\n",
			       (unsigned long long)sent, (unsigned long long)received);
			return -1;
		}
		if (polled.events & POLLOUT && polled.revents & ~POLLIN) {
			part = send_part(fd, sent, to_send);
			if (part < 0)
				return -1;
			sent += (uint64_t)part;
		}
		if (polled.events & POLLIN && polled.revents & ~POLLOUT) {
			part = receive_part(fd, received, to_receive);
			if (part < 0)
				return -1;
			received += (uint64_t)part;
		}
	}
	return 0;
}

int transfer_send(int fd, uint64_t count)
{
	return transfer(fd, count, 0);
}

int transfer_receive(int fd, uint64_t count)
{
	return transfer(fd, 0, count);
}

int transfer_exchange(int fd, uint64_t count)
{
	return transfer(fd, count, count);
}

int transfer_end(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	uint8_t byte;
	ssize_t received;

	errno = ETIMEDOUT;
	if (poll(&polled, 1, TIMEOUT_MILLISECONDS) <= 0)
		return fail("the end does not come");
	received = recv(fd, &byte, 1, 0);
	if (received < 0)
		return fail("the end");
	if (received > 0) {
		printf("transfer: more bytes than there should be\n");
		return -1;
	}
	return 0;
}

int transfer_echo(int fd)
{
	uint8_t bytes[CHUNK];
	ssize_t received, sent, done;

	while ((received = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
		for (done = 0; done < received; done += sent) {
			sent = send(fd, bytes + done, (size_t)(received - done), MSG_NOSIGNAL);
			if (sent < 0)
				return fail("echo");
		}
	}
	if (received < 0 || shutdown(fd, SHUT_WR))
		return fail("echo");
	return 0;
}
