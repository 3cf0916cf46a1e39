/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF programs of a cgroup that refuse addresses or write others in their place.
 *
 * They are made here of single instructions, so that no library and no compiler for BPF
 * is needed. Without TSI, the services of the host run in the guest, and the checks show
 * that Linux gives these answers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

/* --- Programs ------------------------------------------------------------------ */

/* As <linux/bpf.h> has them, which musl has not */
enum { PROGRAM_LOAD = 5, PROGRAM_ATTACH = 8, PROGRAM_DETACH = 9 };
enum { SOCKET_ADDRESS_PROGRAM = 18 };
enum hook {
	CONNECT4 = 10,
	CONNECT6 = 11,
	SENDMSG4 = 14,
	SENDMSG6 = 15,
	RECVMSG4 = 19,
	RECVMSG6 = 20,
	GETPEERNAME4 = 29,
	GETPEERNAME6 = 30,
	GETSOCKNAME4 = 31,
	GETSOCKNAME6 = 32,
};

struct instruction {
	uint8_t code, registers;
	int16_t offset;
	int32_t value;
};

/* In register 0 is what a program returns, in 1 its context; 2 is for work. */
enum { RESULT = 0, CONTEXT = 1, WORK = 2 };
/* Of what is in the context of these programs */
enum { ADDRESS4 = 4, ADDRESS6 = 8, PORT = 24, SOURCE4 = 40, SOURCE6 = 44 };

#define SET(of, to) ((struct instruction){ 0xb7, (of), 0, (to) })
#define LOAD(of, at) ((struct instruction){ 0x61, CONTEXT << 4 | (of), (at), 0 })
#define STORE(at, of) ((struct instruction){ 0x63, (of) << 4 | CONTEXT, (at), 0 })
#define SKIP_UNLESS(of, is, count) ((struct instruction){ 0x55, (of), (count), (is) })
#define END ((struct instruction){ 0x95, 0, 0, 0 })

/*
 * What a program does with addresses that have the port, or with all if it is 0: refuse
 * them, or write another one in their place.
 */
struct rule {
	enum hook hook;
	int port;
	const char *to;
	int to_port;
	/* Refuse what has been written already. */
	bool once;
	/* Of a datagram, or NULL */
	const char *source;
};

struct program {
	struct instruction code[32];
	unsigned int length;
};

static void add(struct program *program, struct instruction instruction)
{
	program->code[program->length++] = instruction;
}

static bool is_ipv6(enum hook hook)
{
	return hook == CONNECT6 || hook == SENDMSG6 || hook == RECVMSG6 || hook == GETPEERNAME6 ||
	       hook == GETSOCKNAME6;
}

static void add_address(struct program *program, const char *address, enum hook hook, int16_t at)
{
	int32_t words[4];
	int count = is_ipv6(hook) ? 4 : 1;

	inet_pton(count > 1 ? AF_INET6 : AF_INET, address, words);
	for (int i = 0; i < count; i++) {
		add(program, SET(WORK, words[i]));
		add(program, STORE((int16_t)(at + 4 * i), WORK));
	}
}

static void translate(const struct rule *rule, struct program *program)
{
	unsigned int body;

	add(program, SET(RESULT, 1));
	add(program, LOAD(WORK, PORT));
	if (rule->once) {
		add(program, SKIP_UNLESS(WORK, htons((uint16_t)rule->to_port), 2));
		add(program, SET(RESULT, 0));
		add(program, END);
	}
	body = program->length;
	if (rule->port)
		add(program, SKIP_UNLESS(WORK, htons((uint16_t)rule->port), 0));
	if (rule->to) {
		add_address(program, rule->to, rule->hook, is_ipv6(rule->hook) ? ADDRESS6 : ADDRESS4);
		add(program, SET(WORK, htons((uint16_t)rule->to_port)));
		add(program, STORE(PORT, WORK));
	} else {
		add(program, SET(RESULT, 0));
	}
	if (rule->source)
		add_address(program, rule->source, rule->hook,
			    is_ipv6(rule->hook) ? SOURCE6 : SOURCE4);
	if (rule->port)
		program->code[body].offset = (int16_t)(program->length - body - 1);
	add(program, END);
}

static int load(const struct rule *rule)
{
	struct program program = { .length = 0 };
	struct {
		uint32_t type, length;
		uint64_t code, license;
		uint32_t log_level, log_size;
		uint64_t log;
		uint32_t version, flags;
		char name[16];
		uint32_t interface, hook;
	} request = { .type = SOCKET_ADDRESS_PROGRAM, .hook = rule->hook };

	translate(rule, &program);
	request.length = program.length;
	request.code = (uintptr_t)program.code;
	request.license = (uintptr_t) "";
	return (int)syscall(SYS_bpf, PROGRAM_LOAD, &request, sizeof(request));
}

/* What the process is in */
static int cgroup;

static bool attach(int command, enum hook hook, int program)
{
	uint32_t request[4] = { (uint32_t)cgroup, (uint32_t)program, hook };

	return !syscall(SYS_bpf, command, request, sizeof(request));
}

static int enforce(const struct rule *rule)
{
	int program = load(rule);

	if (program < 0 || !attach(PROGRAM_ATTACH, rule->hook, program))
		check(0, false, "a program is loaded and attached");
	return program;
}

static void lift(const struct rule *rule, int program)
{
	if (!attach(PROGRAM_DETACH, rule->hook, program))
		check(0, false, "a program is detached");
	close(program);
}

static bool enter(const char *path)
{
	char file[64];
	bool good;
	int fd;

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	fd = open(file, O_WRONLY);
	good = write(fd, "0", 1) == 1;
	close(fd);
	return good;
}

/* --- Addresses ----------------------------------------------------------------- */

/* Ports of the guest; the others are nobody's. */
enum { STREAM_PORT = 9801, DATAGRAM_PORT, SENDER_PORT, LISTEN_PORT, NAMED_PORT };
enum { NOBODY_PORT = 9810, LEFT_PORT, REFUSED_PORT };

struct family {
	const char *name;
	int family;
	/* In the guest, at the host, and beyond both; the last is what names become. */
	const char *self, *host, *elsewhere, *alias;
	enum hook connect, sendmsg, recvmsg, getpeername, getsockname;
};

static const struct family families[] = {
	{ "IPv4", AF_INET, "127.0.0.1", "127.0.0.1", "192.0.2.10", "192.0.2.99", CONNECT4, SENDMSG4,
	  RECVMSG4, GETPEERNAME4, GETSOCKNAME4 },
	{ "IPv6", AF_INET6, "::1", "::ffff:127.0.0.1", "2001:db8:77::10", "2001:db8:77::99", CONNECT6,
	  SENDMSG6, RECVMSG6, GETPEERNAME6, GETSOCKNAME6 },
};
enum { ALIAS_PORT = 53 };

struct name {
	struct sockaddr_storage address;
	socklen_t length;
};

static struct name name_of(const struct family *of, const char *address, int port)
{
	struct sockaddr_in in = inet(address, port);
	struct sockaddr_in6 in6 = inet6(address, port);
	struct name name = { .length = of->family == AF_INET ? sizeof(in) : sizeof(in6) };

	memcpy(&name.address, of->family == AF_INET ? (void *)&in : (void *)&in6, name.length);
	return name;
}

static bool is_named(const struct name *name, const struct family *of, const char *address, int port)
{
	struct name other = name_of(of, address, port);

	return name->length == other.length && !memcmp(&name->address, &other.address, other.length);
}

static int connect_at(int fd, const struct family *of, const char *address, int port)
{
	struct name name = name_of(of, address, port);

	return connect(fd, (struct sockaddr *)&name.address, name.length);
}

/* A socket that is connected there, or -1 */
static int connected(const struct family *of, int type, const char *address, int port)
{
	int fd = socket(of->family, type, 0);

	if (!connect_at(fd, of, address, port))
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static ssize_t send_at(int fd, const struct family *of, const char *address, int port)
{
	struct name name = name_of(of, address, port);

	return sendto(fd, "datagram", 8, 0, (struct sockaddr *)&name.address, name.length);
}

static int bound(const struct family *of, int type, int port)
{
	struct name name = name_of(of, of->self, port);
	int fd = socket(of->family, type, 0);

	if (bind(fd, (struct sockaddr *)&name.address, name.length) ||
	    (type == SOCK_STREAM && listen(fd, 8)))
		check(0, false, "a port of the guest");
	return fd;
}

static bool is_accepted(int listener)
{
	int server = readable(listener, PATIENCE) ? accept(listener, NULL, NULL) : -1;

	close(server);
	return server >= 0;
}

/* The datagram comes, and nothing but it. */
static bool gets_datagram(int fd)
{
	char got[16];

	return readable(fd, PATIENCE) && recv(fd, got, sizeof(got), 0) == 8 && !readable(fd, 0);
}

/* --- connect() of streams ------------------------------------------------------ */

static bool is_refused(const struct family *of, int type, const char *address, int port)
{
	struct rule rule = { .hook = of->connect, .port = port };
	int program = enforce(&rule), fd = connected(of, type, address, port), error = errno;

	close(fd);
	lift(&rule, program);
	errno = error;
	return fd < 0 && error == EPERM;
}

/* A socket that is connected under the rule, of which the address goes elsewhere. */
static int led(const struct family *of, const struct rule *rule, int type, const char *address)
{
	int program = enforce(rule), fd = connected(of, type, address, rule->port), error = errno;

	lift(rule, program);
	errno = error;
	return fd;
}

static bool stream_is_led(const struct family *of, const struct rule *rule, const char *address,
			  int listener)
{
	int fd = led(of, rule, SOCK_STREAM, address), error = errno;
	struct name peer = { .length = sizeof(peer.address) };
	bool good = fd >= 0 && !getpeername(fd, (struct sockaddr *)&peer.address, &peer.length) &&
		    is_named(&peer, of, rule->to, rule->to_port) &&
		    (listener >= 0 ? is_accepted(listener) : echoes(fd, "led"));

	close(fd);
	errno = error;
	return good;
}

/* Nobody is there; the log of the host tells that it was asked. */
static bool stream_leaves(const struct family *of)
{
	struct rule rule = { of->connect, STREAM_PORT, of->elsewhere, LEFT_PORT, false, NULL };
	int program = enforce(&rule), fd = socket(of->family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	bool good = connect_at(fd, of, of->self, STREAM_PORT) && errno == EINPROGRESS;

	lift(&rule, program);
	close(fd);
	return good;
}

static void check_streams(const struct family *of)
{
	struct rule to_host = { of->connect, STREAM_PORT, of->host, HOST_ECHO, false, NULL };
	struct rule to_guest = { of->connect, NOBODY_PORT, of->self, STREAM_PORT, false, NULL };
	struct rule between = { of->connect, NOBODY_PORT, of->host, HOST_ECHO, false, NULL };
	int listener = bound(of, SOCK_STREAM, STREAM_PORT);

	printf("# connect() of streams, %s\n", of->name);
	check(0, is_refused(of, SOCK_STREAM, of->self, STREAM_PORT), "a listener in the guest is refused");
	check(0, is_refused(of, SOCK_STREAM, of->host, HOST_ECHO), "one at the host is refused");
	check(0, is_refused(of, SOCK_STREAM, of->elsewhere, REFUSED_PORT), "an address elsewhere is");
	check(0, is_refused(of, SOCK_STREAM | SOCK_NONBLOCK, of->elsewhere, REFUSED_PORT),
	      "at once for a non-blocking socket");
	check(0, stream_is_led(of, &to_guest, of->elsewhere, listener), "from elsewhere to the guest");
	check(0, stream_is_led(of, &between, of->elsewhere, -1), "from elsewhere to the host");
	check(0, stream_is_led(of, &to_host, of->self, -1) && !readable(listener, 0),
	      "from the guest to the host");
	to_host.once = to_guest.once = true;
	check(0, stream_is_led(of, &to_guest, of->elsewhere, listener),
	      "the program runs once on the way to the guest");
	check(0, stream_is_led(of, &to_host, of->self, -1), "and once on the way to the host");
	check(0, !has_tsi() || stream_leaves(of), "from the guest to elsewhere");
	close(listener);
}

/* --- connect() for datagrams --------------------------------------------------- */

static bool peer_is_led(const struct family *of, const struct rule *rule, const char *address,
			int receiver)
{
	int fd = led(of, rule, SOCK_DGRAM, address);
	bool good = fd >= 0 && send(fd, "datagram", 8, 0) == 8 &&
		    gets_datagram(receiver >= 0 ? receiver : fd);

	close(fd);
	return good;
}

static void check_peers(const struct family *of)
{
	struct rule to_host = { of->connect, DATAGRAM_PORT, of->host, HOST_UDP, true, NULL };
	struct rule to_guest = { of->connect, NOBODY_PORT, of->self, DATAGRAM_PORT, true, NULL };
	struct rule between = { of->connect, NOBODY_PORT, of->host, HOST_UDP, true, NULL };
	int receiver = bound(of, SOCK_DGRAM, DATAGRAM_PORT);

	printf("# connect() for datagrams, %s\n", of->name);
	check(0, is_refused(of, SOCK_DGRAM, of->self, DATAGRAM_PORT), "a receiver in the guest is refused");
	check(0, is_refused(of, SOCK_DGRAM, of->host, HOST_UDP), "one at the host is refused");
	check(0, is_refused(of, SOCK_DGRAM, of->elsewhere, REFUSED_PORT), "an address elsewhere is");
	check(0, peer_is_led(of, &to_guest, of->elsewhere, receiver), "from elsewhere to the guest");
	check(0, peer_is_led(of, &between, of->elsewhere, -1), "from elsewhere to the host");
	check(0, peer_is_led(of, &to_host, of->self, -1) && !readable(receiver, 0),
	      "from the guest to the host");
	close(receiver);
}

/* --- sendmsg() ----------------------------------------------------------------- */

static bool datagram_is_refused(const struct family *of, enum hook hook, const char *address, int port)
{
	struct rule rule = { .hook = hook, .port = port };
	int program = enforce(&rule), fd = socket(of->family, SOCK_DGRAM, 0);
	bool good = send_at(fd, of, address, port) < 0 && errno == EPERM;

	lift(&rule, program);
	close(fd);
	return good;
}

/* RECEIVER is -1 for the sender itself, to which the host echoes. */
static bool datagram_is_led(const struct family *of, const struct rule *rule, const char *address,
			    int receiver)
{
	int program = enforce(rule), fd = socket(of->family, SOCK_DGRAM, 0);
	bool good = send_at(fd, of, address, rule->port) == 8 &&
		    gets_datagram(receiver >= 0 ? receiver : fd);

	lift(rule, program);
	close(fd);
	return good;
}

/* As stream_leaves(), for a datagram */
static bool datagram_leaves(const struct family *of)
{
	struct rule rule = { of->sendmsg, DATAGRAM_PORT, of->elsewhere, LEFT_PORT, true, NULL };
	int program = enforce(&rule), fd = socket(of->family, SOCK_DGRAM, 0);
	bool good = send_at(fd, of, of->self, DATAGRAM_PORT) == 8;

	lift(&rule, program);
	close(fd);
	return good;
}

/* A program may say which address of the guest a datagram comes from. */
static bool source_counts(const struct family *of, const char *source, int receiver)
{
	struct rule rule = { of->sendmsg, NOBODY_PORT, of->self, DATAGRAM_PORT, false, source };
	int program = enforce(&rule), fd = socket(of->family, SOCK_DGRAM, 0);
	struct name from = { .length = sizeof(from.address) };
	char got[16], text[INET6_ADDRSTRLEN] = "";
	bool good = send_at(fd, of, of->elsewhere, NOBODY_PORT) == 8 && readable(receiver, PATIENCE) &&
		    recvfrom(receiver, got, sizeof(got), 0, (struct sockaddr *)&from.address,
			     &from.length) == 8;

	lift(&rule, program);
	close(fd);
	if (of->family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)&from.address)->sin_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&from.address)->sin6_addr, text,
			  sizeof(text));
	return good && !strcmp(text, source);
}

static bool peer_is_not_asked(const struct family *of)
{
	struct rule rule = { .hook = of->sendmsg, .port = HOST_UDP };
	int fd = connected(of, SOCK_DGRAM, of->host, HOST_UDP), program = enforce(&rule);
	bool good = send(fd, "datagram", 8, 0) == 8 && gets_datagram(fd);

	lift(&rule, program);
	close(fd);
	return good;
}

static void check_sends(const struct family *of)
{
	struct rule to_guest = { of->sendmsg, NOBODY_PORT, of->self, DATAGRAM_PORT, true, NULL };
	int receiver = bound(of, SOCK_DGRAM, DATAGRAM_PORT);

	printf("# sendmsg(), %s\n", of->name);
	check(0, datagram_is_refused(of, of->sendmsg, of->self, DATAGRAM_PORT) && !readable(receiver, 0),
	      "a receiver in the guest is refused");
	check(0, datagram_is_refused(of, of->sendmsg, of->elsewhere, REFUSED_PORT),
	      "an address elsewhere is");
	check(0, datagram_is_led(of, &to_guest, of->elsewhere, receiver), "from elsewhere to the guest");
	check(0, source_counts(of, of->family == AF_INET ? "127.0.0.9" : "::1", receiver),
	      "from an address of the guest that the program gives");
	check(0, peer_is_not_asked(of), "a connected socket does not ask");
	check(0, !has_tsi() || (datagram_leaves(of) && !readable(receiver, 0)),
	      "from the guest to elsewhere");
	close(receiver);
}

/* The host's echo is at an address of IPv4: sockets of IPv6 ask its programs. */
static void check_sends_to_host(const struct family *of)
{
	struct rule to_host = { SENDMSG4, DATAGRAM_PORT, "127.0.0.1", HOST_UDP, true, NULL };
	struct rule between = { SENDMSG4, NOBODY_PORT, "127.0.0.1", HOST_UDP, true, NULL };
	bool ipv4 = of->family == AF_INET;
	int receiver = bound(&families[0], SOCK_DGRAM, DATAGRAM_PORT);

	printf("# sendmsg() to the host, %s\n", of->name);
	check(0, datagram_is_refused(of, SENDMSG4, of->host, HOST_UDP), "the host is refused");
	check(0, datagram_is_led(of, &between, ipv4 ? of->elsewhere : "::ffff:192.0.2.10", -1),
	      "from elsewhere to the host");
	check(0, datagram_is_led(of, &to_host, of->host, -1) && !readable(receiver, 0),
	      "from the guest to the host");
	close(receiver);
}

/* As Linux, whose code for IPv6 cannot go on with an address of IPv4 */
static void check_mapped(void)
{
	const struct family *of = &families[1];
	struct rule rule = { SENDMSG6, NOBODY_PORT, of->host, HOST_UDP, false, NULL };
	int program = enforce(&rule), fd = socket(AF_INET6, SOCK_DGRAM, 0);

	check(0, send_at(fd, of, of->elsewhere, NOBODY_PORT) < 0 && errno == 524,
	      "from IPv6 to IPv4 is not supported");
	lift(&rule, program);
	close(fd);
}

/* --- recvmsg() ----------------------------------------------------------------- */

static bool source_is_alias(const struct family *of, int fd)
{
	struct name from = { .length = sizeof(from.address) };
	char got[16];

	return readable(fd, PATIENCE) &&
	       recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&from.address, &from.length) == 8 &&
	       is_named(&from, of, of->alias, ALIAS_PORT);
}

static void check_receives(const struct family *of)
{
	struct rule host = { of->recvmsg, HOST_UDP, of->alias, ALIAS_PORT, false, NULL };
	struct rule guest = { of->recvmsg, SENDER_PORT, of->alias, ALIAS_PORT, false, NULL };
	int fd = socket(of->family, SOCK_DGRAM, 0), sender = bound(of, SOCK_DGRAM, SENDER_PORT);
	int receiver = bound(of, SOCK_DGRAM, DATAGRAM_PORT), program = enforce(&host);

	printf("# recvmsg(), %s\n", of->name);
	check(0, send_at(fd, of, of->host, HOST_UDP) == 8 && source_is_alias(of, fd),
	      "a datagram of the host comes from another address");
	check(0, !connect_at(fd, of, of->host, HOST_UDP) && send(fd, "datagram", 8, 0) == 8 &&
		 source_is_alias(of, fd),
	      "for a connected socket, too");
	lift(&host, program);
	program = enforce(&guest);
	check(0, send_at(sender, of, of->self, DATAGRAM_PORT) == 8 && source_is_alias(of, receiver),
	      "and one of the guest");
	lift(&guest, program);
	close(fd);
	close(sender);
	close(receiver);
}

/* --- getpeername() and getsockname() ------------------------------------------- */

typedef int getname(int fd, struct sockaddr *address, socklen_t *length);

static bool name_is(const struct family *of, int fd, getname *get, const char *address, int port)
{
	struct name name = { .length = sizeof(name.address) };

	return !get(fd, (struct sockaddr *)&name.address, &name.length) &&
	       is_named(&name, of, address, port);
}

static bool has_alias(const struct family *of, int fd, enum hook hook, getname *get)
{
	struct rule rule = { hook, 0, of->alias, ALIAS_PORT, false, NULL };
	int program = enforce(&rule);
	bool good = name_is(of, fd, get, of->alias, ALIAS_PORT);

	lift(&rule, program);
	return good;
}

/* A socket that is connected to another, whose names a program changes both */
static void check_names_of(const struct family *of, int fd, const char *what)
{
	printf("# %s\n", what);
	check(0, fd >= 0 && has_alias(of, fd, of->getpeername, getpeername), "getpeername(), rewritten");
	check(0, has_alias(of, fd, of->getsockname, getsockname), "getsockname(), rewritten");
	close(fd);
}

/* What the host is told of a listener is what it is bound to. */
static void check_accepted(const struct family *of)
{
	const char *any = of->family == AF_INET ? "0.0.0.0" : "::";
	struct rule own = { of->getsockname, 0, of->alias, ALIAS_PORT, false, NULL };
	struct rule peer = { of->getpeername, 0, of->alias, ALIAS_PORT, false, NULL };
	struct name name = name_of(of, any, LISTEN_PORT), from = { .length = sizeof(from.address) };
	int listener = socket(of->family, SOCK_STREAM, 0), programs[2], call, server;

	bind(listener, (struct sockaddr *)&name.address, name.length);
	programs[0] = enforce(&own);
	programs[1] = enforce(&peer);
	listen(listener, 8);
	call = host_calls(LISTEN_PORT, "host");
	server = readable(listener, PATIENCE) ?
		 accept(listener, (struct sockaddr *)&from.address, &from.length) : -1;
	lift(&own, programs[0]);
	lift(&peer, programs[1]);
	check(23, server >= 0, "the host reaches a listener whose name is rewritten");
	check(0, is_named(&from, of, of->alias, ALIAS_PORT), "accept(), rewritten");
	check(0, name_is(of, server, getsockname, any, LISTEN_PORT),
	      "the connection has the name that the listener is bound to");
	check_names_of(of, server, "a connection from the host");
	close(call);
	close(listener);
}

static void check_names(const struct family *of)
{
	int listener = bound(of, SOCK_STREAM, NAMED_PORT);

	printf("# names, %s\n", of->name);
	check_names_of(of, connected(of, SOCK_STREAM, of->self, NAMED_PORT), "a stream in the guest");
	check_names_of(of, connected(of, SOCK_STREAM, of->host, HOST_ECHO), "a stream to the host");
	check_names_of(of, connected(of, SOCK_DGRAM, of->host, HOST_UDP), "datagrams to the host");
	if (has_tsi())
		check_accepted(of);
	close(listener);
}

void check_bpf(void)
{
	pid_t pids[SERVICES];
	bool tsi = has_tsi();

	if (!tsi)
		start_services(pids);
	mkdir("/cgroup", 0755);
	check(0, !mount("cgroup2", "/cgroup", "cgroup2", 0, NULL) && !mkdir("/cgroup/programs", 0755) &&
		 enter("/cgroup/programs"),
	      "a cgroup for programs");
	cgroup = open("/cgroup/programs", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 2; i++) {
		check_streams(&families[i]);
		check_peers(&families[i]);
		check_sends(&families[i]);
		check_sends_to_host(&families[i]);
		check_receives(&families[i]);
		check_names(&families[i]);
	}
	check_mapped();
	close(cgroup);
	enter("/cgroup");
	if (!tsi)
		stop_services(pids);
}
