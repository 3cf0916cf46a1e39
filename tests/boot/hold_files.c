// SPDX-License-Identifier: Apache-2.0
#include "hold_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FILE_SIZE (16 << 20)
#define FILE_NODE 2
#define DIRECTORY_NODE 3

/* The kernel's requests, as far as anything is answered. */
enum fuse_operation {
	FUSE_LOOKUP = 1,
	FUSE_FORGET = 2,
	FUSE_GETATTR = 3,
	FUSE_OPEN = 14,
	FUSE_READ = 15,
	FUSE_WRITE = 16,
	FUSE_INIT = 26,
	FUSE_OPENDIR = 27,
	FUSE_ACCESS = 34,
	FUSE_NOTHING = 0,
};

struct fuse_request {
	uint32_t length, operation;
	uint64_t unique, node;
	uint32_t uid, gid, pid, extensions;
	union {
		char name[256];
		struct {
			uint64_t file, offset;
			uint32_t size;
		} read;
		char data[1 << 20];
	};
};

struct fuse_attributes {
	uint64_t inode, size, blocks, times[3];
	uint32_t nanoseconds[3], mode, links, uid, gid, device, block_size, flags;
};

struct fuse_answer {
	uint32_t length;
	int32_t error;
	uint64_t unique;
	union {
		struct {
			uint32_t major, minor, read_ahead, flags;
			uint16_t background, congestion;
			uint32_t max_write, granularity;
			uint16_t max_pages, alignment;
			uint32_t more[8];
		} init;
		struct {
			uint64_t node, generation, valid, attributes_valid;
			uint32_t nanoseconds[2];
			struct fuse_attributes attributes;
		} entry;
		struct {
			uint64_t valid;
			uint32_t nanoseconds, unused;
			struct fuse_attributes attributes;
		} attributes;
		struct {
			uint64_t file;
			uint32_t flags, unused;
		} open;
		char data[1 << 20];
	};
};

#define ANSWER_HEAD 16
#define FUSE_ASYNC_DIRECT (1 << 15)
#define FUSE_DIRECT 1

/* What is waited for, and the server that does not give it. */
struct wait {
	int server;
	enum fuse_operation unanswered;
	void (*begin)(void);
};

int write_text(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text));
	close(fd);
	return written < 0 ? -1 : 0;
}

static void map_to_root(const char *path, unsigned int id)
{
	char text[32];

	snprintf(text, sizeof(text), "0 %u 1", id);
	write_text(path, text);
}

int own_namespaces(int namespaces)
{
	const unsigned int uid = geteuid(), gid = getegid();

	if (uid == 0)
		return unshare(namespaces);
	if (unshare(CLONE_NEWUSER | namespaces) < 0)
		return -1;
	write_text("/proc/self/setgroups", "deny");
	map_to_root("/proc/self/uid_map", uid);
	map_to_root("/proc/self/gid_map", gid);
	return 0;
}

static void describe(uint64_t node, struct fuse_attributes *attributes)
{
	*attributes = (struct fuse_attributes){
		.inode = node, .size = node == FILE_NODE ? FILE_SIZE : 0, .links = 1,
		.mode = node == FILE_NODE ? S_IFREG | 0666 : S_IFDIR | 0777, .block_size = 4096,
	};
}

/* Returns the length of the answer's body; -1 if there is none. */
static int answer_body(const struct fuse_request *request, struct fuse_answer *answer)
{
	uint64_t node;

	switch (request->operation) {
	case FUSE_FORGET:
		return -1;
	case FUSE_INIT:
		answer->init.major = 7;
		answer->init.minor = 31;
		answer->init.max_write = 65536;
		answer->init.background = 16;
		answer->init.flags = FUSE_ASYNC_DIRECT;
		return sizeof(answer->init);
	case FUSE_LOOKUP:
		node = strcmp(request->name, "directory") ? FILE_NODE : DIRECTORY_NODE;
		answer->entry.node = node;
		answer->entry.valid = 1000;
		describe(node, &answer->entry.attributes);
		return sizeof(answer->entry);
	case FUSE_GETATTR:
		describe(request->node, &answer->attributes.attributes);
		return sizeof(answer->attributes);
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		answer->open.flags = FUSE_DIRECT;
		return sizeof(answer->open);
	case FUSE_READ:
		return (int)request->read.size;
	case FUSE_ACCESS:
		return 0;
	default:
		answer->error = -ENOSYS;
		return 0;
	}
}

/* Answers up to the request that it does not. Returns 0, or -1. */
static int serve(int server, enum fuse_operation unanswered)
{
	static struct fuse_request request;
	static struct fuse_answer answer;

	for (;;) {
		int length;

		if (read(server, &request, sizeof(request)) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			return -1;
		}
		if (request.operation == unanswered)
			return 0;
		memset(&answer, 0, sizeof(answer));
		length = answer_body(&request, &answer);
		if (length < 0)
			continue;
		answer.unique = request.unique;
		answer.length = ANSWER_HEAD + (uint32_t)(answer.error ? 0 : length);
		if (write(server, &answer, answer.length) < 0 && errno != ENOENT)
			return -1;
	}
}

/* Where it is mounted; nobody else may wait for it. */
static char directory[32];

static int fuse_mount(void)
{
	char options[128];
	const int server = open("/dev/fuse", O_RDWR);

	snprintf(directory, sizeof(directory), "/tmp/fuse.%d", getpid());
	if (server < 0 || mkdir(directory, 0777) < 0)
		return -1;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 server);
	return mount("fuse", directory, "fuse", 0, options) < 0 ? -1 : server;
}

static void *begin_waiting(void *begin)
{
	void (**function)(void) = begin;

	if (chdir(directory) == 0)
		(*function)();
	return NULL;
}

/*
 * The thread that waits has the server's descriptor, too. So the kernel does not close
 * it, which would end the wait, when this process is killed.
 */
static int wait_for_itself(int server, enum fuse_operation unanswered, void (*begin)(void))
{
	static void (*function)(void);
	pthread_t thread;

	if (server < 0)
		return -1;
	function = begin;
	errno = pthread_create(&thread, NULL, begin_waiting, &function);
	return errno ? -1 : serve(server, unanswered);
}

static void look_up(void)
{
	struct stat status;

	stat("file", &status);
}

int fuse_unanswered(void)
{
	if (geteuid() != 0 && own_namespaces(CLONE_NEWNS) < 0)
		return -1;
	return wait_for_itself(fuse_mount(), FUSE_LOOKUP, look_up);
}

/* iocb of io_submit(2) */
struct request {
	uint64_t data;
	uint32_t key, flags;
	uint16_t operation, priority;
	uint32_t fd;
	uint64_t buffer, length;
	int64_t offset;
	uint64_t reserved;
	uint32_t more[2];
};

static void read_without_wait(void)
{
	static char block[4096] __attribute__((aligned(4096)));
	struct request request = { .buffer = (uintptr_t)block, .length = sizeof(block) };
	struct request *requests[] = { &request };
	unsigned long context = 0;

	request.fd = (uint32_t)open("file", O_RDONLY | O_DIRECT);
	if (syscall(SYS_io_setup, 4, &context) < 0 ||
	    syscall(SYS_io_submit, context, 1, requests) < 1)
		perror("io_submit");
	for (;;)
		pause();
}

int fuse_aio(void)
{
	if (geteuid() != 0 && own_namespaces(CLONE_NEWNS) < 0)
		return -1;
	return wait_for_itself(fuse_mount(), FUSE_READ, read_without_wait);
}

/* LOOP_CTL_GET_FREE and LOOP_SET_FD */
#define LOOP_GET_FREE 0x4c82
#define LOOP_SET_FILE 0x4c00

static void write_loop(void)
{
	static char block[65536];
	char path[32];
	const int file = open("file", O_RDWR);
	const int control = open("/dev/loop-control", O_RDWR);
	const int number = ioctl(control, LOOP_GET_FREE);
	int disk;

	snprintf(path, sizeof(path), "/dev/loop%d", number);
	disk = open(path, O_RDWR);
	if (ioctl(disk, LOOP_SET_FILE, file) < 0 ||
	    write(disk, block, sizeof(block)) < 0)
		perror(path);
	fsync(disk);
}

int fuse_loop(void)
{
	return wait_for_itself(fuse_mount(), FUSE_WRITE, write_loop);
}

static void enter_root(void)
{
	struct stat status;

	if (syscall(SYS_pivot_root, ".", "directory") < 0)
		perror("pivot_root");
	stat("/file", &status);
	stat("/another", &status);
	open("/file", O_RDONLY);
}

int fuse_root(void)
{
	return wait_for_itself(fuse_mount(), FUSE_OPEN, enter_root);
}

int find_disk(char *path, unsigned int size)
{
	static const char serial[] = "disk0";

	for (char letter = 'a'; letter <= 'h'; letter++) {
		char text[32] = "", name[64];
		int fd;

		snprintf(name, sizeof(name), "/sys/block/vd%c/serial", letter);
		fd = open(name, O_RDONLY);
		if (fd < 0)
			continue;
		read(fd, text, sizeof(text) - 1);
		close(fd);
		if (!strncmp(text, serial, strlen(serial))) {
			snprintf(path, size, "/dev/vd%c", letter);
			return 0;
		}
	}
	errno = ENODEV;
	return -1;
}

/* dm_ioctl, with a dm_target_spec and its parameters. */
struct mapper_request {
	uint32_t version[3], size, start, targets;
	int32_t opened;
	uint32_t flags, event, padding;
	uint64_t device;
	char name[128], uuid[129], rest[7];
	uint64_t first, sectors;
	int32_t status;
	uint32_t next;
	char type[16], parameters[64];
};

#define MAPPER_HEAD 312
#define MAPPER_IOCTL 0xc138fd00
#define SECTORS_OF_DISK 8192

int device_mapper(enum mapper_command command, unsigned int flags, const char *disk)
{
	struct mapper_request request = {
		.version = { 4 }, .size = sizeof(request), .start = MAPPER_HEAD, .flags = flags,
		.name = "held",
	};
	const int control = open("/dev/mapper/control", O_RDWR);
	struct stat status;
	int result;

	if (control < 0 || (disk && stat(disk, &status) < 0))
		return -1;
	if (disk) {
		request.targets = 1;
		request.sectors = SECTORS_OF_DISK;
		strcpy(request.type, "linear");
		snprintf(request.parameters, sizeof(request.parameters), "%u:%u 0",
			 major(status.st_rdev), minor(status.st_rdev));
	}
	result = ioctl(control, MAPPER_IOCTL | command, &request);
	close(control);
	return result;
}
