/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of a guest, in the Test Anything Protocol on the console. */
#ifndef CHECK_H
#define CHECK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Services of the host, at 127.0.0.1; see guest-host.c. */
enum {
	HOST_CALL = 7000,  /* a line "WHERE TEXT": connect there, say TEXT */
	HOST_ECHO = 7001,
	HOST_CLOSED = 7002, /* nothing listens there */
	HOST_TALK = 7003,  /* says "bye", and is gone */
	HOST_HALF = 7004,  /* says "half", ends sending, counts what comes */
	HOST_RESET = 7005, /* hears something, says "bye", and resets the connection */
	HOST_NEVER = 7006, /* nothing listens there, and no request may name it */
	HOST_UDP = 7011,   /* echo */
	HOST_DISCARD = 7012, /* UDP, and nobody reads */
};

/* What tsi-peer gives the guest */
#define GUEST_CID 3

/* Whether sockets of the network namespace reach the host. */
#define REACHES_HOST "/proc/sys/net/tsi/host"

/* musl has no name for it. */
struct vsock_address {
	sa_family_t family;
	unsigned short reserved;
	unsigned int port, cid;
	unsigned char flags, zero[3];
};

/* ITEM is the number in CONFORMANCE.md, or 0. */
void check(int item, bool passed, const char *what);
void check_done(void);

/* Whether the child has ended by then. */
bool ends_in(pid_t pid, int *status, double seconds);
/* Become a user without capabilities. */
void be_user(void);
/* RUN, which may check, in a process of such a user; it must end within twice PATIENCE,
 * or tsi_slower times that: a kernel that checks itself is slower, as the test knows. */
void as_user(void (*run)(void));

/* The number after the text that begins a line of the file, or -1. */
long number_in(const char *path, const char *text);
bool write_file(const char *path, const char *text);
/* How often the kernel's log has the text. */
int logged(const char *text);

/* Kernel argument NAME, a number, or OTHERWISE. */
long argument(const char *name, long otherwise);

/* The UNIX socket of the host that echoes; PATH has room for 100 bytes. */
void host_path(char *path);

double now(void);
/* Have SIGALRM interrupt the next call. */
void alarm_after(int milliseconds);
int option(int fd, int level, int name);
/* The values of the options that never change. */
bool looks(int fd, int domain, int type, int protocol, bool accepting);
/* Other calls on the descriptor, on which a thread is blocked, return at once. */
bool others_go_on(int fd);
struct sockaddr_in inet(const char *address, int port);
struct sockaddr_in6 inet6(const char *address, int port);
int connect_to(int fd, const char *address, int port);
int stream_to(const char *address, int port);
bool echoes(int fd, const char *text);
/* For what comes on a machine with much else to do, too. */
#define PATIENCE 60000
bool readable(int fd, int milliseconds);
/* The events of poll(), 0 for none in time. */
int polled(int fd, int events, int milliseconds);
int listen_at(const char *address, int port);
/* With SO_REUSEPORT */
int listen_shared(const char *address, int port);
/* Have the host connect to PORT and send TEXT; what it got comes from the
 * returned descriptor. */
int host_calls(int port, const char *text);
/* The same for "[::1]:PORT", or for a path; with "+" before it, as soon as somebody
 * listens there. */
int host_calls_at(const char *where, const char *text);
/* The host can connect to the listener, sooner or later. */
bool host_reaches(int listener, const char *where);

bool has_tsi(void);
/* HOST_ECHO and HOST_UDP in the guest, by processes of their own; for without TSI. */
enum { SERVICES = 2 };
void start_services(pid_t *pids);
void stop_services(const pid_t *pids);

/* Make an interface of the kind that leads nowhere, and bring it up if it is to be. */
bool add_dummy(const char *name, bool up);
/* What rtnetlink(7) calls RTN_UNICAST, RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT */
enum route { ROUTE_UNICAST = 1, ROUTE_BLACKHOLE = 6, ROUTE_UNREACHABLE = 7, ROUTE_PROHIBIT = 8 };
/* Route an address, or all if it is NULL; INTERFACE is NULL for none. */
bool add_route(enum route type, int family, const void *address, const char *interface);

void check_plain(void);
void check_stream(void);
void check_listen(void);
void check_forbidden(void);
void check_passed_over(void);
void check_time(void);
void check_hijack(void);
void check_fail(void);
void check_dgram(void);
void check_unix(void);
void check_slow_host(void);
void check_silent_host(void);
void check_nameless_host(void);
void check_storage_length(void);
void check_kinds(void);
void check_vsock_beside(void);
void check_reset_request(void);
void check_no_response(void);
void check_reset(void);
void check_reset_reverse(void);
void check_useless_answers(void);
void check_restored(void);
void check_restored_asking(void);
void check_restored_refused(void);
void check_restored_late(void);
void check_many(void);
void check_namespace(void);
void check_hostile(void);
void check_flood(void);
void check_stopped_host(void);
void check_same(void);
void check_same_unix(void);
void check_word_size(void);
void check_bpf(void);
void check_landlock(void);
void check_same_datagrams(void);
void check_stress(void);
void check_bench(void);

#endif
