/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int number;

void check(int item, bool passed, const char *what)
{
	printf("%sok %d - item %d: %s\n", passed ? "" : "not ", ++number, item, what);
	if (!passed)
		printf("# errno %d: %s\n", errno, strerror(errno));
}

void check_done(void)
{
	printf("1..%d\n", number);
}

long argument(const char *name, long otherwise)
{
	FILE *file = fopen("/proc/cmdline", "r");
	char line[4096], *found;

	if (file && fgets(line, sizeof(line), file) && (found = strstr(line, name)))
		sscanf(found + strlen(name), "=%ld", &otherwise);
	if (file)
		fclose(file);
	return otherwise;
}

void host_path(char *path)
{
	FILE *file = fopen("/proc/cmdline", "r");
	char line[4096], *found;

	strcpy(path, "/nowhere");
	if (file && fgets(line, sizeof(line), file) && (found = strstr(line, "tsi_unix=")))
		sscanf(found, "tsi_unix=%99s", path);
	if (file)
		fclose(file);
}

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void nothing(int signal_number)
{
	(void)signal_number;
}

void alarm_after(int milliseconds)
{
	struct sigaction action = { .sa_handler = nothing };
	struct itimerval timer = {
		.it_value = { milliseconds / 1000, milliseconds % 1000 * 1000 },
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, level, name, &value, &length) ? -1 : value;
}

bool looks(int fd, int domain, int type, int protocol, bool accepting)
{
	return option(fd, SOL_SOCKET, SO_DOMAIN) == domain &&
	       option(fd, SOL_SOCKET, SO_TYPE) == type &&
	       option(fd, SOL_SOCKET, SO_PROTOCOL) == protocol &&
	       option(fd, SOL_SOCKET, SO_ACCEPTCONN) == accepting;
}

bool others_go_on(int fd)
{
	struct sockaddr_storage name;
	socklen_t length = sizeof(name);
	double start = now();
	int on = 1;

	return !getsockname(fd, (struct sockaddr *)&name, &length) &&
	       !setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) &&
	       option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1 && !readable(fd, 0) && now() - start < 1;
}

struct sockaddr_in inet(const char *address, int port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
	};

	inet_pton(AF_INET, address, &in.sin_addr);
	return in;
}

struct sockaddr_in6 inet6(const char *address, int port)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((in_port_t)port),
	};

	inet_pton(AF_INET6, address, &in6.sin6_addr);
	return in6;
}

int connect_to(int fd, const char *address, int port)
{
	struct sockaddr_in in = inet(address, port);

	return connect(fd, (struct sockaddr *)&in, sizeof(in));
}

int stream_to(const char *address, int port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && connect_to(fd, address, port)) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

bool echoes(int fd, const char *text)
{
	char answer[256];
	size_t length = strlen(text), got = 0;

	if (send(fd, text, length, MSG_NOSIGNAL) != (ssize_t)length)
		return false;
	while (got < length) {
		ssize_t n = recv(fd, answer + got, sizeof(answer) - got, 0);

		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return got == length && !memcmp(answer, text, length);
}

bool readable(int fd, int milliseconds)
{
	return polled(fd, POLLIN, milliseconds);
}

int polled(int fd, int events, int milliseconds)
{
	struct pollfd poll_fd = { .fd = fd, .events = (short)events };

	return poll(&poll_fd, 1, milliseconds) == 1 ? poll_fd.revents : 0;
}

int listen_at(const char *address, int port)
{
	struct sockaddr_in in = inet(address, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 64))
		return -1;
	return fd;
}

int host_calls(int port, const char *text)
{
	char line[128];
	int fd = stream_to("127.0.0.1", HOST_CALL);
	int length = snprintf(line, sizeof(line), "%d %s\n", port, text);

	if (fd >= 0 && send(fd, line, (size_t)length, 0) != length)
		return -1;
	return fd;
}
