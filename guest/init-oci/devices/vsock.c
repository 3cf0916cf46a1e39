// SPDX-License-Identifier: Apache-2.0
/* Streams to the host. */
#include "devices/vsock.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/linux_abi.h"

static int connect_to_host(unsigned int port, int flags)
{
	const struct vsock_address address = {
		.family = AF_VSOCK, .port = port, .cid = VSOCK_CID_HOST,
	};
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 &&
	    errno != EINPROGRESS) {
		const int reason = errno;

		close(fd);
		errno = reason;
		return -1;
	}
	return fd;
}

int vsock_connect(unsigned int port)
{
	return connect_to_host(port, 0);
}

int vsock_begin_to_connect(unsigned int port)
{
	return connect_to_host(port, SOCK_NONBLOCK);
}

bool vsock_is_connected(int fd)
{
	socklen_t size = sizeof(int);
	int reason = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) == 0 && !reason;
}
