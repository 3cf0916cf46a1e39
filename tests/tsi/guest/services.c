/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services of the host that echo, for a guest without TSI: what programs see there
 * is what Linux gives.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

bool has_tsi(void)
{
	char value = 'N';
	int fd = open("/sys/module/kernel/parameters/tsi_hijack", O_RDONLY);

	if (read(fd, &value, 1) != 1)
		value = 'N';
	close(fd);
	return value == 'Y';
}

static void echo_datagrams(void)
{
	static char block[65536];
	struct sockaddr_in name = inet("127.0.0.1", HOST_UDP), from;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t length;
	ssize_t n;

	bind(fd, (struct sockaddr *)&name, sizeof(name));
	for (;;) {
		length = sizeof(from);
		n = recvfrom(fd, block, sizeof(block), 0, (struct sockaddr *)&from, &length);
		if (n >= 0)
			sendto(fd, block, (size_t)n, 0, (struct sockaddr *)&from, length);
	}
}

static void echo_streams(void)
{
	int listener = listen_at("127.0.0.1", HOST_ECHO), fd;
	char block[64];
	ssize_t n;

	for (;;) {
		fd = accept(listener, NULL, NULL);
		while ((n = recv(fd, block, sizeof(block), 0)) > 0)
			send(fd, block, (size_t)n, 0);
		close(fd);
	}
}

void start_services(pid_t *pids)
{
	pids[0] = fork();
	if (!pids[0])
		echo_datagrams();
	pids[1] = fork();
	if (!pids[1])
		echo_streams();
	/* Both are ready when the one that was started last accepts. */
	for (int fd = -1; fd < 0; close(fd))
		fd = stream_to("127.0.0.1", HOST_ECHO);
}

void stop_services(const pid_t *pids)
{
	for (int i = 0; i < SERVICES; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}
