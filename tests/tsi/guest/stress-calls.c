/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of stress.c: its threads make random calls on the sockets that they
 * share with each other and with other processes, and interrupt each other.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "stress.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where listeners of the guest are, for the guest and for the host. */
enum { GUEST_PORTS = 9800, GUEST_PORT_COUNT = 12 };

enum { THREADS = 3, BLOCK = 65536 };

struct stress_tally *stress_tally;

struct thread {
	unsigned int seed;
	/* What most calls are, and the slot of the socket that they are for */
	unsigned int focus, focus_slot, focus_calls[3];
	/* Its last listener or connected stream, as long as it is open */
	int recent;
	int pipe[2], epoll;
	atomic_ulong calls;
	pthread_t id;
};

static struct stress_start started;
static atomic_int slots[STRESS_SLOTS];
static struct thread threads[THREADS];
/* A line that HOST_CALL understands, and zeros. */
static char block[BLOCK];
/* The host's UNIX socket */
static char host[100];

/* --- Random choices ------------------------------------------------------- */

static unsigned int choose(struct thread *thread, unsigned int count)
{
	return (unsigned int)rand_r(&thread->seed) / 7 % count;
}

static bool one_in(struct thread *thread, unsigned int count)
{
	return !choose(thread, count);
}

/* A quarter of the time there is no focus. */
static bool is_focused(struct thread *thread)
{
	return thread->focus % 4 && !one_in(thread, 16);
}

static int any_fd(struct thread *thread)
{
	if (one_in(thread, 8))
		return thread->recent;
	if (is_focused(thread))
		return slots[thread->focus_slot];
	return slots[choose(thread, STRESS_SLOTS)];
}

/* Seldom one that all processes share. */
static unsigned int any_replaceable(struct thread *thread)
{
	return one_in(thread, 16) ?
		       choose(thread, STRESS_SLOTS) :
		       STRESS_SHARED + choose(thread, STRESS_SLOTS - STRESS_SHARED);
}

/* Share a descriptor with the other threads, in place of another one. */
static bool keep(struct thread *thread, int fd)
{
	int old;

	if (fd < 0)
		return false;
	old = atomic_exchange(&slots[any_replaceable(thread)], fd);
	if (old >= 0)
		close(old);
	return true;
}

static size_t any_size(struct thread *thread)
{
	static const size_t sizes[] = { 0, 1, 13, 13, 100, 1500, 4096, 32769, 65000 };

	return sizes[choose(thread, COUNT(sizes))];
}

/* Some of the flags. Most calls do not block, lest most threads do. */
static int any_flags(struct thread *thread, const int *flags, size_t count)
{
	int chosen = one_in(thread, 4) ? 0 : MSG_DONTWAIT;

	for (size_t i = 0; i < count; i++)
		if (one_in(thread, 10))
			chosen |= flags[i];
	return chosen;
}

static int send_flags(struct thread *thread)
{
	static const int flags[] = {
		MSG_NOSIGNAL, MSG_MORE, MSG_OOB, MSG_EOR,
		MSG_CONFIRM, MSG_DONTROUTE, MSG_ZEROCOPY, MSG_FASTOPEN,
	};

	return any_flags(thread, flags, COUNT(flags));
}

static int receive_flags(struct thread *thread)
{
	static const int flags[] = {
		MSG_PEEK, MSG_WAITALL, MSG_TRUNC, MSG_OOB,
		MSG_ERRQUEUE, MSG_CMSG_CLOEXEC, MSG_WAITFORONE,
	};

	return any_flags(thread, flags, COUNT(flags));
}

/* --- Addresses ------------------------------------------------------------ */

static int any_port(struct thread *thread)
{
	static const int ports[] = {
		HOST_CALL, HOST_CALL, HOST_ECHO, HOST_CLOSED, HOST_TALK, HOST_HALF,
		HOST_RESET, HOST_UDP, HOST_UDP, 9, 0,
	};

	if (one_in(thread, 3))
		return GUEST_PORTS + (int)choose(thread, GUEST_PORT_COUNT);
	return ports[choose(thread, COUNT(ports))];
}

static socklen_t any_inet(struct thread *thread, struct sockaddr_storage *address)
{
	static const char *const addresses[] = { "127.0.0.1", "127.0.0.1", "127.0.0.1",
						 "0.0.0.0",   "192.0.2.1", "224.0.0.81" };
	struct sockaddr_in in = inet(addresses[choose(thread, COUNT(addresses))], any_port(thread));

	memcpy(address, &in, sizeof(in));
	return sizeof(in);
}

static socklen_t any_inet6(struct thread *thread, struct sockaddr_storage *address)
{
	static const char *const addresses[] = { "::1", "::1", "::ffff:127.0.0.1", "::",
						 "2001:db8::1", "fe80::1" };
	struct sockaddr_in6 in6 =
		inet6(addresses[choose(thread, COUNT(addresses))], any_port(thread));

	memcpy(address, &in6, sizeof(in6));
	return sizeof(in6);
}

/* Paths of the host's services and beside them, and abstract names. */
static socklen_t any_unix(struct thread *thread, struct sockaddr_storage *address)
{
	static const char *const suffixes[] = { "", ".datagrams", ".0", ".1", ".2", ".nothing" };
	struct sockaddr_un *un = (struct sockaddr_un *)address;
	const char *suffix = suffixes[choose(thread, COUNT(suffixes))];

	un->sun_family = AF_UNIX;
	if (one_in(thread, 3)) {
		snprintf(un->sun_path + 1, sizeof(un->sun_path) - 1, "stress%s", suffix);
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				   strlen(un->sun_path + 1));
	}
	snprintf(un->sun_path, sizeof(un->sun_path), "%s%s", host, suffix);
	return sizeof(*un);
}

static socklen_t any_vsock(struct thread *thread, struct sockaddr_storage *address)
{
	static const unsigned int cids[] = { 1, 2, GUEST_CID, ~0u };
	static const unsigned int ports[] = { 620, 1024, 1028, 5000, ~0u };
	struct vsock_address vsock = { .family = AF_VSOCK };

	vsock.cid = cids[choose(thread, COUNT(cids))];
	vsock.port = ports[choose(thread, COUNT(ports))];
	memcpy(address, &vsock, sizeof(vsock));
	return sizeof(vsock);
}

/* Mostly an address that fits the socket. */
static socklen_t any_address(struct thread *thread, int fd, struct sockaddr_storage *address)
{
	static const int families[] = { AF_INET, AF_INET6, AF_UNIX, AF_VSOCK };
	int family = option(fd, SOL_SOCKET, SO_DOMAIN);
	socklen_t length = sizeof(address->ss_family);

	if (one_in(thread, 32))
		family = families[choose(thread, COUNT(families))];
	memset(address, 0, sizeof(*address));
	if (family == AF_INET)
		length = any_inet(thread, address);
	else if (family == AF_INET6)
		length = any_inet6(thread, address);
	else if (family == AF_UNIX)
		length = any_unix(thread, address);
	else if (family == AF_VSOCK)
		length = any_vsock(thread, address);
	return one_in(thread, 64) ? length / 2 : length;
}

/* --- Sockets come and go -------------------------------------------------- */

int stress_any_socket(unsigned int *seed)
{
	static const struct {
		int domain, type;
	} kinds[] = {
		{ AF_INET, SOCK_STREAM },  { AF_INET, SOCK_STREAM },   { AF_INET, SOCK_DGRAM },
		{ AF_INET, SOCK_DGRAM },   { AF_INET6, SOCK_STREAM },  { AF_INET6, SOCK_DGRAM },
		{ AF_UNIX, SOCK_STREAM },  { AF_UNIX, SOCK_DGRAM },    { AF_UNIX, SOCK_SEQPACKET },
		{ AF_VSOCK, SOCK_STREAM }, { AF_VSOCK, SOCK_DGRAM },
	};
	struct thread thread = { .seed = *seed };
	unsigned int kind = choose(&thread, COUNT(kinds));
	int flags = one_in(&thread, 4) ? 0 : SOCK_NONBLOCK;

	*seed = thread.seed;
	return socket(kinds[kind].domain, kinds[kind].type | flags, 0);
}

static bool call_socket(struct thread *thread)
{
	return keep(thread, stress_any_socket(&thread->seed));
}

static bool call_close(struct thread *thread)
{
	int fd = atomic_exchange(&slots[any_replaceable(thread)], -1);

	return fd >= 0 && !close(fd);
}

/* A second descriptor, or one that takes another's place while that is in use. */
static bool call_dup(struct thread *thread)
{
	int fd = any_fd(thread), other = any_fd(thread);

	if (one_in(thread, 2))
		return keep(thread, dup(fd));
	return fd >= 0 && other >= 0 && fd != other && dup3(fd, other, O_CLOEXEC) >= 0;
}

static bool call_pass(struct thread *thread)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec byte = { block, 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	int fd = any_fd(thread);

	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(one_in(thread, 4) ? any_fd(thread) : started.exchange[0], &message,
		       MSG_DONTWAIT) == 1;
}

static void keep_passed(struct thread *thread, struct msghdr *message)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
			keep(thread, fd);
		}
	}
}

static ssize_t receive_message(struct thread *thread, int fd, int flags)
{
	static _Thread_local char got[BLOCK];
	_Alignas(struct cmsghdr) char control[256];
	struct sockaddr_storage name;
	struct iovec parts[2] = { { got, 7 }, { got + 7, any_size(thread) } };
	struct msghdr message = {
		.msg_name = &name,
		.msg_namelen = sizeof(name),
		.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = control,
		.msg_controllen = one_in(thread, 8) ? 5 : sizeof(control),
	};
	ssize_t n = recvmsg(fd, &message, flags);

	if (n >= 0)
		keep_passed(thread, &message);
	return n;
}

static bool call_take(struct thread *thread)
{
	return receive_message(thread, started.exchange[1], MSG_DONTWAIT) >= 0;
}

/* --- Connections ---------------------------------------------------------- */

static bool call_bind(struct thread *thread)
{
	struct sockaddr_storage address;
	int fd = any_fd(thread);
	socklen_t length = any_address(thread, fd, &address);

	if (address.ss_family == AF_UNIX)
		unlink(((struct sockaddr_un *)&address)->sun_path);
	return !bind(fd, (struct sockaddr *)&address, length);
}

static bool call_listen(struct thread *thread)
{
	return !listen(any_fd(thread), (int)choose(thread, 8));
}

static bool call_accept(struct thread *thread)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int flags = one_in(thread, 4) ? 0 : SOCK_NONBLOCK;
	int fd = one_in(thread, 2) ? thread->recent : any_fd(thread);

	return keep(thread, accept4(fd, (struct sockaddr *)&address, &length, flags));
}

static bool call_connect(struct thread *thread)
{
	struct sockaddr_storage address;
	int fd = any_fd(thread);
	socklen_t length = any_address(thread, fd, &address);

	return !connect(fd, (struct sockaddr *)&address, length);
}

static bool call_disconnect(struct thread *thread)
{
	static const struct sockaddr none = { .sa_family = AF_UNSPEC };

	return !connect(any_fd(thread), &none, sizeof(none));
}

static bool call_shutdown(struct thread *thread)
{
	return !shutdown(any_fd(thread), (int)choose(thread, 3));
}

static bool call_getpeername(struct thread *thread)
{
	struct sockaddr_storage name;
	socklen_t length = sizeof(name);

	return !getpeername(any_fd(thread), (struct sockaddr *)&name, &length);
}

static bool call_getsockname(struct thread *thread)
{
	struct sockaddr_storage name;
	socklen_t length = sizeof(name);

	return !getsockname(any_fd(thread), (struct sockaddr *)&name, &length);
}

/* A stream to a service of the host, or to a listener of the guest. */
static bool call_stream(struct thread *thread)
{
	static const int ports[] = { HOST_CALL, HOST_CALL, HOST_ECHO, HOST_TALK, HOST_HALF,
				     HOST_RESET };
	int port = one_in(thread, 3) ? GUEST_PORTS + (int)choose(thread, GUEST_PORT_COUNT) :
				       ports[choose(thread, COUNT(ports))];
	int fd = stream_to("127.0.0.1", port);

	if (fd < 0)
		return false;
	send(fd, block, one_in(thread, 2) ? strlen(block) : any_size(thread), MSG_DONTWAIT);
	thread->recent = fd;
	return keep(thread, fd);
}

/* Listen, and have somebody connect. */
static bool call_serve(struct thread *thread)
{
	int port = GUEST_PORTS + (int)choose(thread, GUEST_PORT_COUNT), one = 1, fd;
	struct sockaddr_in in = inet("0.0.0.0", port);
	struct sockaddr_in6 in6 = inet6("::", port);
	bool ipv4 = one_in(thread, 2);

	fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, ipv4 ? (void *)&in : (void *)&in6, ipv4 ? sizeof(in) : sizeof(in6)) ||
	    listen(fd, (int)choose(thread, 8))) {
		close(fd);
		return false;
	}
	keep(thread, one_in(thread, 2) ? host_calls(port, "stress") :
					 stream_to("127.0.0.1", port));
	thread->recent = fd;
	return keep(thread, fd);
}

/* --- Data ----------------------------------------------------------------- */

static bool call_send(struct thread *thread)
{
	return send(any_fd(thread), block, any_size(thread), send_flags(thread)) >= 0;
}

static bool call_sendto(struct thread *thread)
{
	struct sockaddr_storage address;
	int fd = any_fd(thread);
	socklen_t length = any_address(thread, fd, &address);

	return sendto(fd, block, any_size(thread), send_flags(thread), (struct sockaddr *)&address,
		      length) >= 0;
}

static size_t any_control(struct thread *thread, struct cmsghdr *header, size_t room)
{
	static const struct {
		int level, type;
		size_t size;
	} kinds[] = {
		{ IPPROTO_UDP, 103, 2 }, /* UDP_SEGMENT */
		{ IPPROTO_IP, IP_PKTINFO, sizeof(struct in_pktinfo) },
		{ IPPROTO_IP, IP_TTL, sizeof(int) },
		{ IPPROTO_IPV6, IPV6_PKTINFO, sizeof(struct in6_pktinfo) },
		{ SOL_SOCKET, SCM_CREDENTIALS, sizeof(struct ucred) },
		{ 1234, 5, 6 },
	};
	unsigned int kind = choose(thread, COUNT(kinds));
	uint16_t segment = (uint16_t)(1 + choose(thread, 2000));

	memset(header, 0, room);
	header->cmsg_level = kinds[kind].level;
	header->cmsg_type = kinds[kind].type;
	header->cmsg_len = CMSG_LEN(kinds[kind].size);
	if (kinds[kind].size == sizeof(segment))
		memcpy(CMSG_DATA(header), &segment, sizeof(segment));
	return CMSG_SPACE(kinds[kind].size);
}

/* What a message points to. */
struct parts {
	union {
		struct cmsghdr header;
		char room[128];
	} control;
	struct sockaddr_storage address;
	struct iovec data[3];
};

static void any_message(struct thread *thread, int fd, struct parts *parts, struct msghdr *message)
{
	size_t size = any_size(thread) / 3;

	memset(message, 0, sizeof(*message));
	for (size_t i = 0; i < COUNT(parts->data); i++)
		parts->data[i] = (struct iovec){ block + i * size, size };
	message->msg_iov = parts->data;
	message->msg_iovlen = COUNT(parts->data);
	if (one_in(thread, 2)) {
		message->msg_namelen = any_address(thread, fd, &parts->address);
		message->msg_name = &parts->address;
	}
	if (one_in(thread, 3)) {
		message->msg_control = &parts->control;
		message->msg_controllen = (socklen_t)any_control(thread, &parts->control.header,
								 sizeof(parts->control));
	}
}

static bool call_sendmsg(struct thread *thread)
{
	int fd = any_fd(thread);
	struct msghdr message;
	struct parts parts;

	any_message(thread, fd, &parts, &message);
	return sendmsg(fd, &message, send_flags(thread)) >= 0;
}

static bool call_sendmmsg(struct thread *thread)
{
	struct mmsghdr messages[3];
	struct parts parts[3];
	int fd = any_fd(thread);

	for (size_t i = 0; i < COUNT(messages); i++)
		any_message(thread, fd, &parts[i], &messages[i].msg_hdr);
	return sendmmsg(fd, messages, COUNT(messages), (unsigned int)send_flags(thread)) > 0;
}

static bool call_write(struct thread *thread)
{
	return write(any_fd(thread), block, any_size(thread)) >= 0;
}

static bool call_recv(struct thread *thread)
{
	static _Thread_local char got[BLOCK];

	return recv(any_fd(thread), got, any_size(thread), receive_flags(thread)) >= 0;
}

static bool call_recvfrom(struct thread *thread)
{
	static _Thread_local char got[BLOCK];
	struct sockaddr_storage name;
	socklen_t length = sizeof(name);

	return recvfrom(any_fd(thread), got, any_size(thread), receive_flags(thread),
			(struct sockaddr *)&name, &length) >= 0;
}

static bool call_recvmsg(struct thread *thread)
{
	return receive_message(thread, any_fd(thread), receive_flags(thread)) >= 0;
}

static bool call_recvmmsg(struct thread *thread)
{
	static _Thread_local char got[3][BLOCK];
	struct timespec time = { .tv_nsec = 1000000 };
	struct mmsghdr messages[3] = { 0 };
	struct iovec data[3];

	for (size_t i = 0; i < COUNT(messages); i++) {
		data[i] = (struct iovec){ got[i], any_size(thread) };
		messages[i].msg_hdr.msg_iov = &data[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	return recvmmsg(any_fd(thread), messages, COUNT(messages),
			(unsigned int)receive_flags(thread), &time) > 0;
}

static bool call_read(struct thread *thread)
{
	static _Thread_local char got[BLOCK];

	/* A blocked read() of a datagram socket is as good as recv(), and common. */
	return read(any_fd(thread), got, any_size(thread)) >= 0;
}

static bool call_splice_from(struct thread *thread)
{
	static _Thread_local char got[BLOCK];
	ssize_t n = splice(any_fd(thread), NULL, thread->pipe[1], NULL, BLOCK, SPLICE_F_NONBLOCK);

	if (n > 0)
		read(thread->pipe[0], got, sizeof(got));
	return n > 0;
}

static bool call_splice_to(struct thread *thread)
{
	write(thread->pipe[1], block, any_size(thread) % 4096);
	return splice(thread->pipe[0], NULL, any_fd(thread), NULL, BLOCK,
		      SPLICE_F_NONBLOCK | (one_in(thread, 2) ? SPLICE_F_MORE : 0)) > 0;
}

static bool call_sendfile(struct thread *thread)
{
	off_t from = 0;

	return sendfile(any_fd(thread), started.file, &from, 1 + any_size(thread)) > 0;
}

/* --- Options and events --------------------------------------------------- */

static const struct {
	int level, name;
} options[] = {
	{ SOL_SOCKET, SO_SNDBUF },	 { SOL_SOCKET, SO_RCVBUF },
	{ SOL_SOCKET, SO_LINGER },	 { SOL_SOCKET, SO_KEEPALIVE },
	{ SOL_SOCKET, SO_REUSEADDR },	 { SOL_SOCKET, SO_REUSEPORT },
	{ SOL_SOCKET, SO_BROADCAST },	 { SOL_SOCKET, SO_OOBINLINE },
	{ SOL_SOCKET, SO_RCVTIMEO },	 { SOL_SOCKET, SO_SNDTIMEO },
	{ SOL_SOCKET, SO_RCVLOWAT },	 { SOL_SOCKET, SO_PRIORITY },
	{ SOL_SOCKET, SO_TIMESTAMP },	 { SOL_SOCKET, SO_ZEROCOPY },
	{ SOL_SOCKET, SO_PASSCRED },	 { SOL_SOCKET, SO_BINDTODEVICE },
	{ SOL_SOCKET, SO_ERROR },	 { SOL_SOCKET, SO_ACCEPTCONN },
	{ SOL_SOCKET, SO_PEERCRED },	 { IPPROTO_TCP, TCP_NODELAY },
	{ IPPROTO_TCP, TCP_CORK },	 { IPPROTO_TCP, TCP_DEFER_ACCEPT },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT }, { IPPROTO_TCP, TCP_FASTOPEN },
	{ IPPROTO_TCP, 30 },		 /* TCP_FASTOPEN_CONNECT */
	{ IPPROTO_TCP, TCP_INFO },	 { IPPROTO_UDP, 1 }, /* UDP_CORK */
	{ IPPROTO_UDP, 103 },		 /* UDP_SEGMENT */
	{ IPPROTO_UDP, 104 },		 /* UDP_GRO */
	{ IPPROTO_IP, IP_PKTINFO },	 { IPPROTO_IP, IP_RECVERR },
	{ IPPROTO_IP, IP_TTL },		 { IPPROTO_IP, IP_MTU_DISCOVER },
	{ IPPROTO_IPV6, IPV6_V6ONLY },	 { IPPROTO_IPV6, IPV6_RECVERR },
	{ IPPROTO_IPV6, IPV6_ADDRFORM }, { IPPROTO_IPV6, IPV6_RECVPKTINFO },
};

static bool call_setsockopt(struct thread *thread)
{
	static const int values[] = { 0, 1, 1, 2, 100, 4096, 1 << 20, -1 };
	unsigned int which = choose(thread, COUNT(options));
	int value[4] = { values[choose(thread, COUNT(values))], 0 };
	const struct linger linger = { value[0] != 0, (int)choose(thread, 2) };
	const struct timeval time = { .tv_usec = 1000 * (long)choose(thread, 200) };
	const void *from = value;
	socklen_t length = sizeof(value[0]);

	if (options[which].name == SO_LINGER) {
		from = &linger;
		length = sizeof(linger);
	} else if (options[which].name == SO_RCVTIMEO || options[which].name == SO_SNDTIMEO) {
		from = &time;
		length = sizeof(time);
	} else if (options[which].name == SO_BINDTODEVICE) {
		from = one_in(thread, 4) ? "lo" : "";
		length = 2;
	}
	return !setsockopt(any_fd(thread), options[which].level, options[which].name, from, length);
}

static bool call_getsockopt(struct thread *thread)
{
	unsigned int which = choose(thread, COUNT(options));
	char value[256];
	socklen_t length = sizeof(value);

	return !getsockopt(any_fd(thread), options[which].level, options[which].name, value,
			   &length);
}

static bool call_poll(struct thread *thread)
{
	struct pollfd fds[6];

	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = (struct pollfd){ any_fd(thread), POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0 };
	return poll(fds, COUNT(fds), (int)choose(thread, 10)) > 0;
}

static bool call_epoll(struct thread *thread)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP };

	if (one_in(thread, 2))
		event.events |= EPOLLET;
	if (one_in(thread, 4))
		event.events |= EPOLLONESHOT;
	epoll_ctl(thread->epoll, (int)(1 + choose(thread, 3)), any_fd(thread), &event);
	return epoll_wait(thread->epoll, &event, 1, (int)choose(thread, 5)) > 0;
}

static bool call_ioctl(struct thread *thread)
{
	static const unsigned int requests[] = { FIONREAD, TIOCOUTQ, FIOASYNC, 0x8905 /* SIOCATMARK */ };
	int value = (int)choose(thread, 2);

	return !ioctl(any_fd(thread), requests[choose(thread, COUNT(requests))], &value);
}

static bool call_fcntl(struct thread *thread)
{
	int fd = any_fd(thread);

	if (one_in(thread, 4))
		return !fcntl(fd, F_SETFL, one_in(thread, 4) ? 0 : O_NONBLOCK);
	return !fcntl(fd, F_SETOWN, getpid());
}

/* --- Processes and signals ------------------------------------------------ */

static void sleep_turn(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += STRESS_TURN * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	/* Whatever signals come */
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

void stress_kill(pid_t pid)
{
	int turns = 0, slowest = stress_tally->slowest;
	pid_t ended;

	kill(pid, SIGKILL);
	/*
	 * Turns are counted, and not the time: on a busy machine a turn takes longer,
	 * and so does the end of a process. After a minute it will not end at all.
	 */
	while ((ended = waitpid(pid, NULL, WNOHANG)) >= 0 && turns < 60000000 / STRESS_TURN)
		if (!ended) {
			sleep_turn();
			turns++;
		}
	atomic_fetch_add(&stress_tally->kills, 1);
	while (turns > slowest &&
	       !atomic_compare_exchange_weak(&stress_tally->slowest, &slowest, turns))
		;
}

static bool any_call(struct thread *thread);

/* The child has all sockets, too, and is killed within one of its calls. */
static bool call_fork(struct thread *thread)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_FAILURE);
		thread->seed ^= (unsigned int)getpid();
		for (;;)
			any_call(thread);
	}
	if (pid < 0)
		return false;
	usleep(1000 * choose(thread, 30));
	stress_kill(pid);
	return true;
}

static bool call_alarm(struct thread *thread)
{
	alarm_after(1 + (int)choose(thread, 20));
	return true;
}

static const struct {
	const char *name;
	bool (*make)(struct thread *thread);
	/* How often, beside the others */
	unsigned int weight;
	/* Whether it changes what a socket is */
	bool changes;
} calls[] = {
	{ "socket", call_socket, 8, false },
	{ "bind", call_bind, 4, false },
	{ "listen", call_listen, 3, true },
	{ "accept", call_accept, 12, false },
	{ "connect", call_connect, 12, true },
	{ "disconnect", call_disconnect, 2, true },
	{ "shutdown", call_shutdown, 3, true },
	{ "getpeername", call_getpeername, 3, false },
	{ "getsockname", call_getsockname, 3, false },
	{ "stream", call_stream, 6, false },
	{ "serve", call_serve, 4, false },
	{ "send", call_send, 8, false },
	{ "sendto", call_sendto, 8, false },
	{ "sendmsg", call_sendmsg, 8, false },
	{ "sendmmsg", call_sendmmsg, 4, false },
	{ "write", call_write, 4, false },
	{ "recv", call_recv, 8, false },
	{ "recvfrom", call_recvfrom, 8, false },
	{ "recvmsg", call_recvmsg, 8, false },
	{ "recvmmsg", call_recvmmsg, 6, false },
	{ "read", call_read, 4, false },
	{ "splice-from", call_splice_from, 6, false },
	{ "splice-to", call_splice_to, 6, false },
	{ "sendfile", call_sendfile, 6, false },
	{ "setsockopt", call_setsockopt, 6, false },
	{ "getsockopt", call_getsockopt, 4, false },
	{ "poll", call_poll, 4, false },
	{ "epoll", call_epoll, 6, false },
	{ "ioctl", call_ioctl, 3, false },
	{ "fcntl", call_fcntl, 3, false },
	{ "close", call_close, 3, false },
	{ "dup", call_dup, 3, true },
	{ "pass", call_pass, 4, false },
	{ "take", call_take, 6, false },
	{ "fork", call_fork, 1, false },
	{ "alarm", call_alarm, 2, false },
};

_Static_assert(COUNT(calls) <= STRESS_CALLS, "there is room to count each call");

const char *stress_call_name(unsigned int call)
{
	return call < COUNT(calls) ? calls[call].name : NULL;
}

static unsigned int choose_call(struct thread *thread)
{
	unsigned int sum = 0, call, at;

	for (call = 0; call < COUNT(calls); call++)
		sum += calls[call].weight;
	at = choose(thread, sum);
	for (call = 0; at >= calls[call].weight; call++)
		at -= calls[call].weight;
	return call;
}

/*
 * Two calls that meet at one socket are rare if all are equally likely. So for some
 * time most of them are of three kinds, of which one changes what the socket is.
 */
static void set_focus(struct thread *thread, unsigned int focus)
{
	struct thread chance = { .seed = focus };

	thread->focus = focus;
	thread->focus_slot = choose(&chance, STRESS_SHARED);
	do {
		thread->focus_calls[0] = choose_call(&chance);
	} while (!calls[thread->focus_calls[0]].changes);
	for (size_t i = 1; i < COUNT(thread->focus_calls); i++)
		thread->focus_calls[i] = choose_call(&chance);
}

static bool any_call(struct thread *thread)
{
	unsigned int focus = stress_tally->focus, call;
	bool succeeds;

	if (focus != thread->focus)
		set_focus(thread, focus);
	call = is_focused(thread) ? thread->focus_calls[choose(thread, COUNT(thread->focus_calls))] :
				    choose_call(thread);

	atomic_fetch_add(&stress_tally->calls[call].tried, 1);
	succeeds = calls[call].make(thread);
	if (succeeds)
		atomic_fetch_add(&stress_tally->calls[call].succeeded, 1);
	return succeeds;
}

static void *thread_main(void *argument)
{
	struct thread *thread = argument;

	for (;;) {
		any_call(thread);
		atomic_fetch_add(&thread->calls, 1);
	}
	return NULL;
}

static void nothing(int signal_number)
{
	(void)signal_number;
}

/* One signal after which a call is begun again, the others end it. */
static void heed_signals(void)
{
	struct sigaction action = { .sa_handler = nothing };

	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGIO, &action, NULL);
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &action, NULL);
}

static void start_thread(struct thread *thread, unsigned int number)
{
	thread->seed = started.seed * THREADS + number;
	thread->recent = -1;
	thread->epoll = epoll_create1(0);
	if (thread->epoll < 0 || pipe2(thread->pipe, O_NONBLOCK) ||
	    pthread_create(&thread->id, NULL, thread_main, thread))
		_exit(EXIT_FAILURE);
}

_Noreturn void stress_work(const struct stress_start *start)
{
	unsigned long seen[THREADS] = { 0 };
	struct thread chance = { .seed = start->seed };

	started = *start;
	snprintf(block, sizeof(block), "%d stress\n",
		 GUEST_PORTS + (int)choose(&chance, GUEST_PORT_COUNT));
	host_path(host);
	for (size_t i = 0; i < STRESS_SLOTS; i++)
		slots[i] = i < STRESS_SHARED ? start->shared[i] : -1;
	heed_signals();
	for (unsigned int i = 0; i < THREADS; i++)
		start_thread(&threads[i], i);
	/* Interrupt who blocks; now and then any. */
	for (;;) {
		usleep(20000);
		for (size_t i = 0; i < THREADS; i++) {
			unsigned long number = threads[i].calls;

			if (number == seen[i] || one_in(&chance, 16))
				pthread_kill(threads[i].id, one_in(&chance, 2) ? SIGUSR1 : SIGUSR2);
			seen[i] = number;
		}
	}
}
