/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files whose server does not answer and disks that do not write, and the parts of the
 * kernel's interface that musl's headers lack.
 */
#ifndef HOLD_FILES_H
#define HOLD_FILES_H

#include <stdint.h>

/* Returns 0, or -1 with errno of the step that failed. */
int write_text(const char *path, const char *text);

/* A mount of FUSE whose server has stopped; it waits for itself, and cannot be killed. */
int fuse_unanswered(void);
/* The same, with a read that is waited for when the process ends. */
int fuse_aio(void);
/* With a disk on one of its files, which has something to be written. */
int fuse_loop(void);
/* With it as the root of every process. */
int fuse_root(void);

/* The disk with the serial disk0, in path. Returns 0, or -1. */
int find_disk(char *path, unsigned int size);

enum mapper_command {
	MAPPER_CREATE = 3,
	MAPPER_SUSPEND = 6,
	MAPPER_LOAD = 9,
};

/* Flags of a suspension. None is a resumption. */
#define MAPPER_SUSPENDED (1u << 1)
#define MAPPER_WITHOUT_FREEZE (1u << 10)
#define MAPPER_WITHOUT_FLUSH (1u << 11)

/* With the one device that the device mapper has; disk is for MAPPER_LOAD. */
int device_mapper(enum mapper_command command, unsigned int flags, const char *disk);

/* Namespaces of its own; without rights, the user's own right to make them. */
int own_namespaces(int namespaces);

/* FIFREEZE */
#define FREEZE 0xc0045877

/* io_uring */
#define URING_RING 0
#define URING_ENTRIES 0x10000000
#define URING_READ 22
#define URING_ASYNC (1 << 4)

struct uring_parameters {
	uint32_t entries, completions, flags, processor, idle, features, worker, reserved[3];
	struct {
		uint32_t head, tail, mask, count, flags, dropped, array, reserved;
		uint64_t address;
	} submission;
	struct {
		uint32_t head, tail, mask, count, overflow, entries, flags, reserved;
		uint64_t address;
	} completion;
};

struct uring_entry {
	uint8_t operation, flags;
	uint16_t priority;
	int32_t fd;
	uint64_t offset, address;
	uint32_t length, operation_flags;
	uint64_t more[4];
};

/* userfaultfd */
#define USERFAULT_VERSION 0xaa
#define USERFAULT_USER_ONLY 1
#define USERFAULT_API 0xc018aa3f
#define USERFAULT_REGISTER 0xc020aa00

struct userfault_api {
	uint64_t version, features, requests;
};

struct userfault_range {
	uint64_t start, length, mode, requests;
};

/* fanotify */
#define FANOTIFY_CONTENT 4
#define FANOTIFY_ADD 1
#define FANOTIFY_FILE_SYSTEM 0x100
#define FANOTIFY_OPEN_PERMISSION 0x10000
#define FANOTIFY_ACCESS_PERMISSION 0x20000

/* sched_setattr(2) */
#define SCHEDULE_DEADLINE 6

struct schedule {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

struct vsock_address {
	uint16_t family, reserved;
	uint32_t port, cid;
	uint8_t flags, zero[3];
};

#endif
