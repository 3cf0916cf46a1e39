// SPDX-License-Identifier: Apache-2.0
/* Keeps the pipe that is its standard output locked: splice() does, while it waits. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) < 0 || write(STDOUT_FILENO, "x", 1) < 0)
		return 1;
	return splice(sockets[0], NULL, STDOUT_FILENO, NULL, 4096, 0) < 0;
}
