// SPDX-License-Identifier: Apache-2.0
/* Packets on UNIX sockets. */
#define _GNU_SOURCE
#include "packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static int make_address(const char *path, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address->sun_path, path, strlen(path));
	return 0;
}

static int open_socket(const char *path, int type,
		       int (*use)(int fd, const struct sockaddr *address, socklen_t length))
{
	struct sockaddr_un address;
	int fd, error;

	if (make_address(path, &address) < 0)
		return -1;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || use(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int packet_connect(const char *path, int type)
{
	return open_socket(path, type, connect);
}

static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t length)
{
	return bind(fd, address, length) < 0 ? -1 : listen(fd, SOMAXCONN);
}

int packet_listen(const char *path)
{
	return open_socket(path, SOCK_SEQPACKET | SOCK_NONBLOCK, bind_and_listen);
}

int packet_send(int fd, int flags, enum packet_kind kind, unsigned int stream, const void *bytes,
		size_t length)
{
	unsigned char header[PACKET_HEADER] = { (unsigned char)kind, (unsigned char)stream };
	struct iovec parts[] = { { header, sizeof(header) }, { (void *)bytes, length } };
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	if (length > PACKET_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	return sendmsg(fd, &message, flags | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

ssize_t packet_receive(int fd, int flags, struct packet *packet)
{
	const ssize_t got = recv(fd, packet, PACKET_HEADER + PACKET_MAX, flags);

	if (got < 0)
		return -1;
	if (got < PACKET_HEADER) {
		errno = ECONNRESET;
		return -1;
	}
	packet->bytes[got - PACKET_HEADER] = '\0';
	return got - PACKET_HEADER;
}
