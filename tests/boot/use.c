// SPDX-License-Identifier: Apache-2.0
/*
 * In the guest of features.test: use what the kernel has and no common program uses.
 * Each function exercises one thing as a program would, and ends the process with a
 * message where the kernel refuses.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "must.h"

/* The headers of the C library do not have these. */
#define NR_MEMFD_SECRET 447
#define NR_CACHESTAT 451
#define NR_QUOTACTL_FD 443
#define PROTO_SCTP 132
#define LEVEL_ALG 279
#define LEVEL_TLS 282
#define LEVEL_XDP 283
#define FAMILY_ALG 38
#define FAMILY_XDP 44

/* --- Memory and processes */

static void use_secretmem(void)
{
	int fd = syscall(NR_MEMFD_SECRET, 0);
	char *memory;

	must(fd >= 0, "memfd_secret");
	must(!ftruncate(fd, 4096), "ftruncate");
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(memory != MAP_FAILED, "mmap");
	strcpy(memory, "a secret");
	must(!strcmp(memory, "a secret"), "the memory");
}

static void use_cachestat(void)
{
	struct {
		uint64_t offset, length;
	} range = { 0, 0 };
	struct {
		uint64_t cached, dirty, writeback, evicted, recently;
	} answer = { 0 };
	int fd = open("/proc/self/exe", O_RDONLY);

	must(fd >= 0, "open");
	must(!syscall(NR_CACHESTAT, fd, &range, &answer, 0), "cachestat");
	must(answer.cached > 0, "pages of the program that runs");
}

static void use_core_scheduling(void)
{
	unsigned long cookie = 0;

	must(!prctl(62, 1, 0, 0, 0), "PR_SCHED_CORE_CREATE");
	must(!prctl(62, 0, 0, 0, &cookie), "PR_SCHED_CORE_GET");
	must(cookie != 0, "the cookie");
}

static void use_dnotify(void)
{
	int directory = open("/tmp", O_RDONLY);
	sigset_t set;
	struct timespec patience = { 10, 0 };

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	must(directory >= 0, "open");
	must(!fcntl(directory, F_NOTIFY, 4 /* DN_CREATE */), "F_NOTIFY");
	must(open("/tmp/dnotify", O_CREAT | O_WRONLY, 0600) >= 0, "create");
	must(sigtimedwait(&set, NULL, &patience) == SIGIO, "the signal");
}

/* --- Cryptography of the kernel, by AF_ALG */

struct alg_address {
	uint16_t family;
	uint8_t type[14];
	uint32_t feature, mask;
	uint8_t name[64];
};

static int open_alg(const char *type, const char *name, const char *key, int length)
{
	struct alg_address address = { .family = FAMILY_ALG };
	int listener, fd;

	strcpy((char *)address.type, type);
	strcpy((char *)address.name, name);
	listener = socket(FAMILY_ALG, SOCK_SEQPACKET, 0);
	must(listener >= 0, "AF_ALG");
	must(!bind(listener, (struct sockaddr *)&address, sizeof(address)), name);
	if (length)
		must(!setsockopt(listener, LEVEL_ALG, 1, key, length), "key");
	fd = accept(listener, NULL, NULL);
	must(fd >= 0, "accept");
	return fd;
}

/* Sends a text to be encrypted with an IV of zeros, and looks at what comes back. */
static void alg_encrypt(int fd, int iv_length, int extra)
{
	char text[32] = "a text of two blocks, encrypted";
	char answer[64];
	union {
		char bytes[CMSG_SPACE(4) + CMSG_SPACE(4 + 16)];
		struct cmsghdr align;
	} control;
	struct iovec part = { text, sizeof(text) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(4) + CMSG_SPACE(4 + iv_length),
	};
	struct cmsghdr *item;
	uint32_t number;

	memset(&control, 0, sizeof(control));
	item = CMSG_FIRSTHDR(&message);
	item->cmsg_level = LEVEL_ALG;
	item->cmsg_type = 3; /* ALG_SET_OP */
	item->cmsg_len = CMSG_LEN(4);
	number = 1; /* ALG_OP_ENCRYPT */
	memcpy(CMSG_DATA(item), &number, 4);
	item = CMSG_NXTHDR(&message, item);
	item->cmsg_level = LEVEL_ALG;
	item->cmsg_type = 2; /* ALG_SET_IV */
	item->cmsg_len = CMSG_LEN(4 + iv_length);
	number = iv_length;
	memcpy(CMSG_DATA(item), &number, 4);
	must(sendmsg(fd, &message, 0) == sizeof(text), "sendmsg");
	/* Asked for more, it would wait for more to encrypt. */
	must(read(fd, answer, sizeof(text) + extra) == (int)sizeof(text) + extra, "read");
	must(memcmp(answer, text, 16), "the ciphertext");
}

static void use_alg(void)
{
	static const uint8_t abc[4] = { 0xba, 0x78, 0x16, 0xbf };
	static const char key[32] = "thirty-two bytes that are a key";
	uint8_t digest[32];
	char numbers[16], other[16];
	int fd = open_alg("hash", "sha256", NULL, 0);

	must(write(fd, "abc", 3) == 3, "write");
	must(read(fd, digest, 32) == 32, "read");
	must(!memcmp(digest, abc, sizeof(abc)), "SHA-256");
	alg_encrypt(open_alg("skcipher", "xts(aes)", key, 32), 16, 0);
	alg_encrypt(open_alg("skcipher", "cbc(aes)", key, 32), 16, 0);
	alg_encrypt(open_alg("aead", "gcm(aes)", key, 16), 12, 16);
	fd = open_alg("rng", "stdrng", "seed", 4);
	must(read(fd, numbers, 16) == 16 && read(fd, other, 16) == 16, "random numbers");
	must(memcmp(numbers, other, 16), "they differ");
	fd = open_alg("rng", "jitterentropy_rng", NULL, 0);
	must(read(fd, numbers, 16) == 16, "jitter");
}

/* --- Connections */

/* Both ends of a connection over the loopback interface. */
static void connect_pair(int protocol, int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, protocol);

	must(listener >= 0, "socket");
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(!bind(listener, (struct sockaddr *)&address, sizeof(address)), "bind");
	must(!listen(listener, 1), "listen");
	must(!getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
	ends[0] = socket(AF_INET, SOCK_STREAM, protocol);
	must(ends[0] >= 0, "socket");
	must(!connect(ends[0], (struct sockaddr *)&address, sizeof(address)), "connect");
	ends[1] = accept(listener, NULL, NULL);
	must(ends[1] >= 0, "accept");
	close(listener);
}

static void talk(const int ends[2])
{
	char answer[16] = "";

	must(write(ends[0], "question", 8) == 8, "write");
	must(read(ends[1], answer, sizeof(answer)) == 8, "read");
	must(!strcmp(answer, "question"), "what arrived");
	must(write(ends[1], "answer", 6) == 6, "write");
	must(read(ends[0], answer, sizeof(answer)) == 6, "read");
	must(!memcmp(answer, "answer", 6), "what came back");
}

static void use_sctp(void)
{
	int ends[2];

	connect_pair(PROTO_SCTP, ends);
	talk(ends);
}

static void set_tls(int fd, int direction)
{
	struct {
		uint16_t version, cipher;
		uint8_t iv[8], key[16], salt[4], number[8];
	} state = { .version = 0x0303, .cipher = 51 /* AES-128 with GCM */, .key = "a key of sixteen" };

	must(!setsockopt(fd, LEVEL_TLS, direction, &state, sizeof(state)), "keys of TLS");
}

/* The client encrypts in the kernel: the server reads records first, then plain text. */
static void use_tls(void)
{
	uint8_t record[64];
	int ends[2];

	connect_pair(0, ends);
	must(!setsockopt(ends[0], IPPROTO_TCP, 31 /* TCP_ULP */, "tls", 4), "TCP_ULP");
	set_tls(ends[0], 1);
	must(write(ends[0], "question", 8) == 8, "write");
	must(read(ends[1], record, sizeof(record)) == 5 + 8 + 8 + 16, "the length of the record");
	must(record[0] == 23 && memcmp(record + 13, "question", 8), "the record");
	close(ends[0]);
	close(ends[1]);

	connect_pair(0, ends);
	for (int i = 0; i < 2; i++) {
		must(!setsockopt(ends[i], IPPROTO_TCP, 31, "tls", 4), "TCP_ULP");
		set_tls(ends[i], 1);
		set_tls(ends[i], 2);
	}
	talk(ends);
}

/* AF_XDP: a ring of memory, and a packet that is sent from it by a device. */
static void use_xdp(void)
{
	struct {
		uint64_t address, length;
		uint32_t chunk, headroom, flags, metadata;
	} memory = { 0 };
	struct {
		uint16_t family, flags;
		uint32_t device, queue, shared;
	} address = {
		.family = FAMILY_XDP,
		.flags = 2 /* copy */,
		.device = 1,
	};
	int entries = 8, fd = socket(FAMILY_XDP, SOCK_RAW, 0);
	void *pages = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(fd >= 0, "AF_XDP");
	must(pages != MAP_FAILED, "mmap");
	memory.address = (uintptr_t)pages;
	memory.length = 16384;
	memory.chunk = 4096;
	must(!setsockopt(fd, LEVEL_XDP, 4, &memory, 24), "XDP_UMEM_REG");
	for (int ring = 2; ring <= 6; ring++)
		if (ring != 4)
			must(!setsockopt(fd, LEVEL_XDP, ring, &entries, sizeof(entries)), "a ring");
	must(!bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
}

/* --- File systems */

/* A program that touches the directory waits, and the daemon is told the name. */
static void use_autofs(void)
{
	struct {
		int version, type;
		uint32_t token, dev;
		uint64_t inode;
		uint32_t uid, gid, pid, tgid, length;
		char name[256];
	} packet;
	char options[128];
	int ends[2], directory, status;
	pid_t child;

	setpgid(0, 0);
	must(!pipe(ends), "pipe");
	snprintf(options, sizeof(options), "fd=%d,pgrp=%d,minproto=5,maxproto=5,indirect", ends[1],
		 getpgrp());
	mkdir("/tmp/auto", 0700);
	must(!mount("auto", "/tmp/auto", "autofs", 0, options), "mount");
	close(ends[1]);
	directory = open("/tmp/auto", O_RDONLY | O_DIRECTORY);
	must(directory >= 0, "open");
	child = fork();
	if (!child) {
		setpgid(0, 0);
		_exit(open("/tmp/auto/home", O_RDONLY) < 0 ? 0 : 1);
	}
	must(read(ends[0], &packet, sizeof(packet)) > 40, "the packet");
	must(packet.length == 4 && !memcmp(packet.name, "home", 4), "the name");
	must(!ioctl(directory, 0x9361 /* AUTOFS_IOC_FAIL */, packet.token), "AUTOFS_IOC_FAIL");
	must(waitpid(child, &status, 0) == child && !status, "the program");
}

/* use quota DIRECTORY: the limit of user 1 is four blocks of 1 KiB. */
static void use_quota(const char *directory)
{
	struct {
		uint64_t hard, soft, now, inode_hard, inode_soft, inodes, time, inode_time;
		uint32_t valid;
	} limits = { .hard = 4, .soft = 4, .valid = 1 };
	static const char block[16384];
	char path[256];
	pid_t child;
	int fd, status;

	fd = open(directory, O_RDONLY | O_DIRECTORY);
	must(fd >= 0, directory);
	must(!syscall(NR_QUOTACTL_FD, fd, 0x80000800 /* Q_SETQUOTA for users */, 1, &limits),
	     "Q_SETQUOTA");
	snprintf(path, sizeof(path), "%s/full", directory);
	child = fork();
	if (!child) {
		if (setuid(1))
			_exit(1);
		fd = open(path, O_CREAT | O_WRONLY, 0600);
		_exit(fd >= 0 && write(fd, block, sizeof(block)) < (int)sizeof(block) ? 0 : 2);
	}
	must(waitpid(child, &status, 0) == child && !status, "the limit");
}

/* --- Devices behind a socket */

static uint32_t get32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | from[1] << 16 | from[2] << 8 | from[3];
}

static void put32(uint8_t *to, uint32_t value)
{
	to[0] = value >> 24;
	to[1] = value >> 16;
	to[2] = value >> 8;
	to[3] = value;
}

/* A server of zeros for the network block device. */
static void serve_blocks(int fd)
{
	uint8_t request[28], answer[16] = { 0x67, 0x44, 0x66, 0x98 };
	static const char zeros[65536];

	while (read(fd, request, sizeof(request)) == sizeof(request)) {
		uint32_t type = request[6] << 8 | request[7];
		uint32_t length = get32(request + 24);

		memcpy(answer + 8, request + 8, 8);
		if (type == 2)
			return;
		must(write(fd, answer, sizeof(answer)) == sizeof(answer), "answer");
		for (; type == 0 && length; length -= length < 65536 ? length : 65536)
			must(write(fd, zeros, length < 65536 ? length : 65536) > 0, "blocks");
	}
}

static void use_nbd(void)
{
	int ends[2], fd = open("/dev/nbd0", O_RDWR);
	char block[4096] = "not zeros";
	pid_t child;

	must(fd >= 0, "/dev/nbd0");
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	must(!ioctl(fd, 0xab01, 4096UL) && !ioctl(fd, 0xab07, 16UL), "size");
	must(!ioctl(fd, 0xab00, ends[0]), "NBD_SET_SOCK");
	child = fork();
	if (!child) {
		close(ends[1]);
		ioctl(fd, 0xab03, 0);
		_exit(0);
	}
	if (!fork()) {
		close(ends[0]);
		serve_blocks(ends[1]);
		_exit(0);
	}
	close(ends[0]);
	close(ends[1]);
	close(fd);
	for (int i = 0; i < 100; i++) {
		usleep(100000);
		fd = open("/dev/nbd0", O_RDWR);
		if (fd >= 0 && read(fd, block, sizeof(block)) == sizeof(block))
			break;
		close(fd);
	}
	must(!block[0], "a block that was read");
	ioctl(fd, 0xab08, 0);
	waitpid(child, NULL, 0);
}

/* What a USB device has to say, from a file of descriptors; here of a serial adapter. */
static const uint8_t usb_device[] = { 18, 1, 0, 2, 2, 0, 0, 64, 0x23, 1, 0x45, 3, 0, 1, 0, 0, 0, 1 };
static const uint8_t usb_configuration[] = {
	9,
	2,
	48,
	0,
	2,
	1,
	0,
	0x80,
	50,
	9,
	4,
	0,
	0,
	1,
	2,
	2,
	1,
	0,
	4,
	0x24,
	2,
	2,
	5,
	0x24,
	6,
	0,
	1,
	7,
	5,
	0x81,
	3,
	8,
	0,
	9,
	9,
	4,
	1,
	0,
	0,
	10,
	0,
	0,
	0,
	5,
	0x24,
	1,
	0,
	1,
};

/* Answers control transfers until the guest has set the configuration. */
static int serve_usb(int fd)
{
	uint8_t packet[48], answer[48 + 256];

	while (recv(fd, packet, sizeof(packet), MSG_WAITALL) == sizeof(packet)) {
		const uint8_t *setup = packet + 40, *data = NULL;
		uint32_t length = get32(packet + 24), have = 0;

		if (get32(packet) != 1)
			continue;
		if (setup[1] == 6 && setup[3] == 1) {
			data = usb_device;
			have = sizeof(usb_device);
		} else if (setup[1] == 6 && setup[3] == 2) {
			data = usb_configuration;
			have = sizeof(usb_configuration);
		}
		if (have > length)
			have = length;
		memset(answer, 0, sizeof(answer));
		put32(answer, 3);
		memcpy(answer + 4, packet + 4, 4);
		put32(answer + 20, !data && setup[1] == 6 ? (uint32_t)-32 : 0);
		put32(answer + 24, have);
		if (data)
			memcpy(answer + 48, data, have);
		must(write(fd, answer, 48 + have) == 48 + (int)have, "an answer");
		if (setup[1] == 9)
			return 1;
	}
	return 0;
}

static void use_usbip(void)
{
	int ends[2], fd = open("/sys/devices/platform/vhci_hcd.0/attach", O_WRONLY);
	char line[64];

	must(fd >= 0, "vhci_hcd");
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	snprintf(line, sizeof(line), "0 %d 65538 3", ends[0]);
	must(write(fd, line, strlen(line)) > 0, "attach");
	close(ends[0]);
	must(serve_usb(ends[1]), "the device was configured");
}

/* --- NFS, version 3: a server with one file */

static uint8_t *put_words(uint8_t *to, int count, const uint32_t *words)
{
	for (int i = 0; i < count; i++, to += 4)
		put32(to, words[i]);
	return to;
}

static uint8_t *put_attributes(uint8_t *to, uint32_t inode)
{
	uint32_t file[] = { 1, 0444, 1, 0, 0, 0, 6, 0, 4096, 0, 0, 0, 7, 0, inode, 0, 0, 0, 0, 0, 0 };

	if (inode == 1) {
		file[0] = 2;
		file[1] = 0755;
		file[2] = 2;
	}
	return put_words(to, 21, file);
}

static uint8_t *put_handle(uint8_t *to, uint32_t inode)
{
	return put_words(to, 2, (uint32_t[]){ 4, inode });
}

/* The results of one call, after the head of the reply. */
static uint8_t *answer_nfs(uint8_t *to, uint32_t program, uint32_t procedure,
			   const uint8_t *arguments)
{
	uint32_t inode = get32(arguments + 4);

	if (program == 100005) {
		if (procedure != 1)
			return to;
		to = put_handle(put_words(to, 1, (uint32_t[]){ 0 }), 1);
		return put_words(to, 2, (uint32_t[]){ 1, 1 });
	}
	if (procedure == 0)
		return to;
	to = put_words(to, 1, (uint32_t[]){ 0 });
	if (procedure == 1)
		return put_attributes(to, inode);
	if (procedure == 3) {
		to = put_handle(to, 2);
		to = put_attributes(put_words(to, 1, (uint32_t[]){ 1 }), 2);
		return put_words(to, 1, (uint32_t[]){ 0 });
	}
	to = put_attributes(put_words(to, 1, (uint32_t[]){ 1 }), inode);
	switch (procedure) {
	case 4: /* access */
		return put_words(to, 1, (uint32_t[]){ get32(arguments + 8) });
	case 6: /* read */
		to = put_words(to, 3, (uint32_t[]){ 6, 1, 6 });
		memcpy(to, "shared\0", 8);
		return to + 8;
	case 18: /* the state of the file system */
		return put_words(to, 13, (uint32_t[13]){ 0 });
	case 19: /* what the server can do */
		return put_words(to, 12, (uint32_t[]){ 4096, 4096, 1, 4096, 4096, 1, 4096, 0, 65536,
						    0, 1, 0x1b });
	case 20: /* limits of names */
		return put_words(to, 6, (uint32_t[]){ 1, 255, 1, 1, 0, 1 });
	}
	return to;
}

static void serve_nfs(int fd)
{
	uint8_t mark[4], call[4096], reply[4096], *end;
	const uint8_t *arguments;
	uint32_t length;

	while (recv(fd, mark, 4, MSG_WAITALL) == 4) {
		length = get32(mark) & 0x7fffffff;
		if (length > sizeof(call) || recv(fd, call, length, MSG_WAITALL) != (int)length)
			return;
		/* The head of a call ends with two opaques: who calls, and how it proves it. */
		arguments = call + 24;
		arguments += 8 + ((get32(arguments + 4) + 3) & ~3U);
		arguments += 8 + ((get32(arguments + 4) + 3) & ~3U);
		memcpy(reply + 4, call, 4);
		end = put_words(reply + 8, 5, (uint32_t[]){ 1, 0, 0, 0, 0 });
		end = answer_nfs(end, get32(call + 12), get32(call + 20), arguments);
		put32(reply, 0x80000000 | (end - reply - 4));
		must(write(fd, reply, end - reply) == end - reply, "reply");
	}
}

static void use_nfs(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(2049) };
	char text[16] = "";
	int listener = socket(AF_INET, SOCK_STREAM, 0), file;

	must(!bind(listener, (struct sockaddr *)&address, sizeof(address)), "bind");
	must(!listen(listener, 8), "listen");
	if (!fork())
		for (;;) {
			int fd = accept(listener, NULL, NULL);

			if (!fork()) {
				serve_nfs(fd);
				_exit(0);
			}
			close(fd);
		}
	mkdir("/tmp/nfs", 0700);
	must(!mount("127.0.0.1:/", "/tmp/nfs", "nfs", 0,
		    "vers=3,proto=tcp,mountproto=tcp,port=2049,mountport=2049,nolock,"
		    "addr=127.0.0.1,mountaddr=127.0.0.1"),
	     "mount");
	file = open("/tmp/nfs/file", O_RDONLY);
	must(file >= 0, "open");
	must(read(file, text, sizeof(text)) == 6 && !strcmp(text, "shared"), "what the file has");
	umount2("/tmp/nfs", MNT_DETACH);
}

static void use_cifs(void)
{
	/* There is no server: the connection is refused by the guest's own network. */
	mkdir("/tmp/cifs", 0700);
	must(mount("//127.0.0.1/share", "/tmp/cifs", "cifs", 0,
		   "ip=127.0.0.1,unc=\\\\127.0.0.1\\share,user=nobody,pass=none") < 0,
	     "there is no server");
	must(errno == ECONNREFUSED, "mount");
}

static const struct {
	const char *name;
	void (*use)(void);
} uses[] = {
	{ "secretmem", use_secretmem },
	{ "cachestat", use_cachestat },
	{ "core-scheduling", use_core_scheduling },
	{ "dnotify", use_dnotify },
	{ "alg", use_alg },
	{ "sctp", use_sctp },
	{ "tls", use_tls },
	{ "xdp", use_xdp },
	{ "autofs", use_autofs },
	{ "nbd", use_nbd },
	{ "usbip", use_usbip },
	{ "nfs", use_nfs },
	{ "cifs", use_cifs },
};

int main(int argc, char **argv)
{
	alarm(60);
	if (argc == 3 && !strcmp(argv[1], "quota")) {
		use_quota(argv[2]);
		return 0;
	}
	for (size_t i = 0; argc == 2 && i < sizeof(uses) / sizeof(*uses); i++)
		if (!strcmp(argv[1], uses[i].name)) {
			uses[i].use();
			return 0;
		}
	fprintf(stderr, "usage: use THING\n");
	return 2;
}
