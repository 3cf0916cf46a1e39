/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock confines what goes through the host as it confines what stays in the guest.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* musl has neither the system calls nor <linux/landlock.h>. */
enum { CREATE_RULESET = 444, ADD_RULE, RESTRICT_SELF };
enum { ABI_VERSION = 1, PORT_RULE = 2, BIND_TCP = 1, CONNECT_TCP = 2, ABSTRACT_SCOPE = 1 };

struct ruleset {
	uint64_t files, network, scope;
};

enum { BOUND_PORT = 9821, OTHER_PORT, LISTENER_PORT };

static bool allow(int ruleset, uint64_t access, uint64_t port)
{
	uint64_t rule[2] = { access, port };

	return !syscall(ADD_RULE, ruleset, PORT_RULE, rule, 0);
}

static bool restrict_to(int ruleset)
{
	bool good = !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !syscall(RESTRICT_SELF, ruleset, 0);

	close(ruleset);
	return good;
}

/* Landlock cannot be cast off: RUN is in a process of its own. */
static void confined(void (*run)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		run();
		_exit(0);
	}
	check(0, ends_in(pid, &status, 2 * (double)PATIENCE / 1000) && !status,
	      "the confined process ends well");
}

/* --- Ports --------------------------------------------------------------------- */

static bool is_denied(const char *address, int port)
{
	int fd = stream_to(address, port), error = errno;

	close(fd);
	errno = error;
	return fd < 0 && error == EACCES;
}

static bool mapped_is_denied(void)
{
	struct sockaddr_in6 in6 = inet6("::ffff:127.0.0.1", HOST_TALK);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool denied = connect(fd, (struct sockaddr *)&in6, sizeof(in6)) && errno == EACCES;

	close(fd);
	return denied;
}

static bool fast_open_is_denied(void)
{
	struct sockaddr_in in = inet("127.0.0.1", HOST_TALK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool denied = sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&in, sizeof(in)) < 0 &&
		      errno == EACCES;

	close(fd);
	return denied;
}

static void try_ports(void)
{
	struct ruleset rules = { .network = BIND_TCP | CONNECT_TCP };
	int ruleset = (int)syscall(CREATE_RULESET, &rules, sizeof(rules), 0), fd, server;
	char got[8];

	check(0, ruleset >= 0 && allow(ruleset, CONNECT_TCP, HOST_ECHO) &&
		 allow(ruleset, CONNECT_TCP, HOST_CALL) && allow(ruleset, BIND_TCP, BOUND_PORT) &&
		 restrict_to(ruleset),
	      "a process that may connect to two ports and bind one");
	fd = stream_to("127.0.0.1", HOST_ECHO);
	check(0, fd >= 0 && echoes(fd, "allowed"), "it reaches a port of the host that it may");
	close(fd);
	check(0, is_denied("127.0.0.1", HOST_TALK), "and not another one");
	check(0, is_denied("127.0.0.1", LISTENER_PORT), "nor one of the guest");
	check(0, is_denied("192.0.2.10", HOST_NEVER), "nor one elsewhere");
	check(0, mapped_is_denied(), "nor by IPv6");
	check(0, fast_open_is_denied(), "nor by MSG_FASTOPEN");
	check(0, listen_at("0.0.0.0", OTHER_PORT) < 0 && errno == EACCES, "it may not bind another port");
	fd = listen_at("0.0.0.0", BOUND_PORT);
	server = host_calls(BOUND_PORT, "host");
	check(0, fd >= 0 && readable(fd, PATIENCE), "the host reaches the port that it may bind");
	close(server);
	server = accept(fd, NULL, NULL);
	check(0, recv(server, got, 4, MSG_WAITALL) == 4, "and is heard");
	close(server);
	close(fd);
}

/* --- Abstract names ------------------------------------------------------------ */

static socklen_t abstract(struct sockaddr_un *un, const char *name)
{
	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(un->sun_path + 1, name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static int abstract_connect(int type, const char *name)
{
	struct sockaddr_un un;
	socklen_t length = abstract(&un, name);
	int fd = socket(AF_UNIX, type, 0), result = connect(fd, (struct sockaddr *)&un, length);
	int error = errno;

	close(fd);
	errno = error;
	return result;
}

static ssize_t abstract_send(const char *name)
{
	struct sockaddr_un un;
	socklen_t length = abstract(&un, name);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), error;
	ssize_t result = sendto(fd, "x", 1, 0, (struct sockaddr *)&un, length);

	error = errno;
	close(fd);
	errno = error;
	return result;
}

static int abstract_bound(int type, const char *name)
{
	struct sockaddr_un un;
	socklen_t length = abstract(&un, name);
	int fd = socket(AF_UNIX, type, 0);

	if (bind(fd, (struct sockaddr *)&un, length) || (type == SOCK_STREAM && listen(fd, 4)))
		check(0, false, "an abstract name");
	return fd;
}

static void try_names(void)
{
	struct ruleset rules = { .scope = ABSTRACT_SCOPE };
	int ruleset = (int)syscall(CREATE_RULESET, &rules, sizeof(rules), 0), own;

	check(0, ruleset >= 0 && restrict_to(ruleset), "a process that is scoped to itself");
	check(0, abstract_connect(SOCK_STREAM, "stream") && errno == EPERM,
	      "it does not reach an abstract name of the guest");
	check(0, abstract_connect(SOCK_DGRAM, "datagrams") && errno == EPERM, "nor for datagrams");
	check(0, abstract_send("datagrams") < 0 && errno == EPERM, "nor by sendto()");
	own = abstract_bound(SOCK_STREAM, "own");
	check(0, !abstract_connect(SOCK_STREAM, "own"), "but one of its own");
	close(own);
	check(0, abstract_connect(SOCK_STREAM, "nobody") && errno == ECONNREFUSED,
	      "one that the guest does not have is refused");
	check(0, abstract_send("nobody") < 0 && errno == ECONNREFUSED, "and so is a datagram to it");
}

void check_landlock(void)
{
	int listener = listen_at("127.0.0.1", LISTENER_PORT);
	int stream = abstract_bound(SOCK_STREAM, "stream");
	int datagrams = abstract_bound(SOCK_DGRAM, "datagrams");

	check(0, syscall(CREATE_RULESET, NULL, 0, ABI_VERSION) >= 6, "Landlock knows ports and scopes");
	confined(try_ports);
	check(0, !abstract_connect(SOCK_STREAM, "stream") && abstract_send("datagrams") == 1,
	      "abstract names of the guest");
	confined(try_names);
	close(listener);
	close(stream);
	close(datagrams);
}
