/* SPDX-License-Identifier: Apache-2.0 */
/* Which network namespaces reach the host, and are reached by it. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* What reaches the host, or is reached by it */
enum { STREAM = 1, DATAGRAM = 2, LISTENER = 4, ALL = 7, NO_NAMESPACE = 8 };

/* A namespace, held by a process of its own. */
struct space {
	pid_t pid;
	int to, from;
};

static bool set_up(const char *interface, bool up)
{
	struct ifreq request = { .ifr_flags = up ? IFF_UP : 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool good;

	snprintf(request.ifr_name, IFNAMSIZ, "%s", interface);
	good = !ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return good;
}

static bool datagram_echoes(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in to = inet("127.0.0.1", HOST_UDP);
	bool connected, named;
	char got[8];

	/* In the guest no socket has this port, so that the guest refuses the datagram. */
	connected = !connect(fd, (struct sockaddr *)&to, sizeof(to)) && send(fd, "d", 1, 0) == 1 &&
		    readable(fd, PATIENCE) && recv(fd, got, sizeof(got), 0) == 1;
	named = sendto(other, "d", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1 &&
		readable(other, connected ? PATIENCE : 200) && recv(other, got, sizeof(got), 0) == 1;
	close(fd);
	close(other);
	if (connected != named)
		printf("# connected datagrams: %d, others: %d\n", connected, named);
	return connected || named;
}

static bool stream_echoes(void)
{
	int fd = stream_to("127.0.0.1", HOST_ECHO);
	bool good = fd >= 0 && echoes(fd, "namespace");

	close(fd);
	return good;
}

/* The commands that the process in the namespace gets, a byte each. */
enum { TRY = 't', LISTEN = 'l', ADD = 'a', UP = 'u', DOWN = 'd', WRITE = 'w' };

static char obey(char command)
{
	static pid_t acceptor;
	int fd;

	switch (command) {
	case TRY:
		return (char)((stream_echoes() ? STREAM : 0) | (datagram_echoes() ? DATAGRAM : 0));
	case LISTEN:
		if (acceptor > 0) {
			kill(acceptor, SIGKILL);
			waitpid(acceptor, NULL, 0);
		}
		fd = listen_at("0.0.0.0", 9701);
		if (fd < 0)
			return 0;
		acceptor = fork();
		if (!acceptor) {
			int server = accept(fd, NULL, NULL);

			send(server, "here", 4, 0);
			_exit(0);
		}
		close(fd);
		return 1;
	case ADD:
		return add_dummy("dummy1", false);
	case UP:
		return set_up("dummy1", true);
	case DOWN:
		return set_up("dummy1", false);
	case WRITE:
		return (char)write_file(REACHES_HOST, "1");
	default:
		return 0;
	}
}

static struct space make_space(bool user, int flags)
{
	int to[2], from[2];
	struct space space;
	char byte;

	if (pipe(to) || pipe(from))
		return (struct space){ .pid = -1 };
	space.pid = fork();
	if (!space.pid) {
		/* Its children are to end with it. */
		setpgid(0, 0);
		close(to[1]);
		close(from[0]);
		if (user)
			be_user();
		byte = !unshare(flags) && set_up("lo", true);
		do
			if (write(from[1], &byte, 1) != 1)
				break;
		while (read(to[0], &byte, 1) == 1 && ((byte = obey(byte)), true));
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	space.to = to[1];
	space.from = from[0];
	if (read(space.from, &byte, 1) != 1 || !byte)
		check(0, false, "there are namespaces");
	return space;
}

static char tell(const struct space *space, char command)
{
	char answer = NO_NAMESPACE;

	if (write(space->to, &command, 1) != 1 || read(space->from, &answer, 1) != 1)
		return NO_NAMESPACE;
	return answer;
}

static int reaches(const struct space *space)
{
	int ways = tell(space, TRY), fd;
	char got[8];

	if (!tell(space, LISTEN))
		return NO_NAMESPACE;
	/* Without a listener to connect to, the host only hangs up. */
	fd = host_calls(9701, "x");
	if (recv(fd, got, 4, MSG_WAITALL) == 4)
		ways |= LISTENER;
	close(fd);
	return ways;
}

static void end_space(const struct space *space)
{
	kill(-space->pid, SIGKILL);
	waitpid(space->pid, NULL, 0);
	close(space->to);
	close(space->from);
}

/* Root of the guest joins the namespace to write to the sysctl there. */
static bool root_writes(const struct space *space, const char *value)
{
	char path[64];
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", space->pid);
		_exit(setns(open(path, O_RDONLY), CLONE_NEWNET) || !write_file(REACHES_HOST, value));
	}
	return waitpid(pid, &status, 0) == pid && !status;
}

/* Where programs of the guest begin */
static void check_initial(void)
{
	int before = stream_to("127.0.0.1", HOST_ECHO), listener, call;
	char byte;

	check(0, write_file(REACHES_HOST, "0") && !stream_echoes() && !datagram_echoes(),
	      "with net.tsi.host=0 the initial namespace does not reach the host");
	check(0, echoes(before, "open"), "except by what is open");
	listener = listen_at("0.0.0.0", 9702);
	check(0, write_file(REACHES_HOST, "1") && stream_echoes() && datagram_echoes(), "until it is 1 again");
	call = host_calls(9702, "x");
	check(0, listener >= 0 && readable(call, PATIENCE) && recv(call, &byte, 1, 0) == 0,
	      "a socket that listened before is not reached by the host");
	close(call);
	close(listener);
	close(before);
}

void check_namespace(void)
{
	struct space space = make_space(false, CLONE_NEWNET);

	check_initial();
	check(38, reaches(&space) == 0, "a network namespace with lo alone does not reach the host");
	check(38, tell(&space, ADD) == 1 && reaches(&space) == 0,
	      "nor does one whose other interface is down");
	check(38, tell(&space, UP) == 1 && reaches(&space) == ALL,
	      "an interface that is up makes it reach the host");
	check(38, tell(&space, DOWN) == 1 && reaches(&space) == 0,
	      "until the interface is down again");
	check(38, root_writes(&space, "1") && reaches(&space) == ALL,
	      "net.tsi.host=1 makes it reach the host");
	check(38, root_writes(&space, "0") && reaches(&space) == 0, "until it is 0 again");
	/* Sockets outlive their namespace, and nothing of that may be left. */
	check(38, tell(&space, UP) == 1 && reaches(&space) == ALL,
	      "a network namespace ends while its sockets are open");
	end_space(&space);

	space = make_space(true, CLONE_NEWUSER | CLONE_NEWNET);
	check(38, reaches(&space) == 0, "a user's network namespace does not reach the host");
	check(38, tell(&space, ADD) == 1 && tell(&space, UP) == 1 && reaches(&space) == 0,
	      "nor does it with an interface that the user makes");
	check(38, tell(&space, WRITE) == 0 && reaches(&space) == 0,
	      "the user cannot set net.tsi.host there");
	check(38, root_writes(&space, "1") && reaches(&space) == ALL,
	      "root of the guest can, and then it reaches the host");
	end_space(&space);

	/* In a user namespace, root of the guest has no capabilities over the rest. */
	space = make_space(false, CLONE_NEWUSER | CLONE_NEWNET);
	check(38, tell(&space, ADD) == 1 && tell(&space, UP) == 1 && reaches(&space) == 0,
	      "a network namespace in a user namespace of root does not reach the host");
	check(38, tell(&space, WRITE) == 0, "nor can it set net.tsi.host");
	end_space(&space);
}
