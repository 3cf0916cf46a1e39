/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How many checks there were, in this process and in its children. */
static atomic_int *numbers(void)
{
	static atomic_int *shared;

	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared;
}

void check(int item, bool passed, const char *what)
{
	char name[32] = "";
	int error = errno;

	if (item)
		snprintf(name, sizeof(name), "item %d: ", item);
	printf("%sok %d - %s%s\n", passed ? "" : "not ", atomic_fetch_add(numbers(), 1) + 1, name,
	       what);
	if (!passed)
		printf("# errno %d: %s\n", error, strerror(error));
}

void check_done(void)
{
	printf("1..%d\n", *numbers());
}

bool ends_in(pid_t pid, int *status, double seconds)
{
	double end = now() + seconds;

	do {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		usleep(20000);
	} while (now() < end);
	return false;
}

void be_user(void)
{
	if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
		_exit(EXIT_FAILURE);
}

void as_user(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		be_user();
		run();
		_exit(0);
	}
	if (!ends_in(pid, &status, 2 * (double)PATIENCE / 1000 * argument("tsi_slower", 1))) {
		kill(pid, SIGKILL);
		check(0, ends_in(pid, &status, 2), "the user's process can be killed");
		status = -1;
	}
	check(0, !status, "the user's process ends well");
}

long number_in(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char line[256];
	long number = -1;
	size_t length = strlen(text);

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, text, length) && sscanf(line + length, "%ld", &number) == 1)
			break;
	if (file)
		fclose(file);
	return number;
}

bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return good;
}

int logged(const char *text)
{
	static char log[1 << 18];
	int size = klogctl(3, log, sizeof(log) - 1), count = 0;

	log[size < 0 ? 0 : size] = '\0';
	for (const char *found = log; (found = strstr(found, text)); found++)
		count++;
	return count;
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

int listen_shared(const char *address, int port)
{
	struct sockaddr_in in = inet(address, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 64))
		return -1;
	return fd;
}

int host_calls_at(const char *where, const char *text)
{
	char line[256];
	int fd = stream_to("127.0.0.1", HOST_CALL);
	int length = snprintf(line, sizeof(line), "%s %s\n", where, text);

	if (fd >= 0 && send(fd, line, (size_t)length, 0) != length)
		return -1;
	return fd;
}

int host_calls(int port, const char *text)
{
	char where[16];

	snprintf(where, sizeof(where), "%d", port);
	return host_calls_at(where, text);
}

/* Tries of a second each: a call may come before the host listens. */
bool host_reaches(int listener, const char *where)
{
	char bytes[8];
	bool reached = false;

	for (int i = 0; i < 20 && !reached; i++) {
		int call = host_calls_at(where, "again"), fd = -1;

		if (readable(listener, 1000))
			fd = accept(listener, NULL, NULL);
		reached = fd >= 0 && readable(fd, 1000) && recv(fd, bytes, sizeof(bytes), 0) == 5;
		close(fd);
		close(call);
	}
	return reached;
}
