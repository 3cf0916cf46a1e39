/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_LINUX_ABI_H
#define INIT_OCI_LINUX_ABI_H

/*
 * The few pieces of the kernel's interface that musl's headers do not have.
 * The kernel's own headers would be one more package to pin for them.
 */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NETLINK_KOBJECT_UEVENT 15

struct netlink_address {
	uint16_t family;
	uint16_t padding;
	uint32_t port;
	uint32_t groups;
};

#define VSOCK_CID_ANY 0xffffffffU
#define VSOCK_CID_HOST 2

struct vsock_address {
	uint16_t family;
	uint16_t reserved;
	uint32_t port;
	uint32_t cid;
	uint8_t flags;
	uint8_t padding[3];
};

/* The clock behind a descriptor, such as one of /dev/ptp0. */
static inline clockid_t clock_of_descriptor(int fd)
{
	return (clockid_t)(~(unsigned int)fd << 3 | 3);
}

#define FSOPEN_CLOEXEC 1
#define FSMOUNT_CLOEXEC 1
#define FSPICK_CLOEXEC 1
#define FSPICK_EMPTY_PATH 8
#define OPEN_TREE_CLONE 1
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#define MOVE_MOUNT_F_EMPTY_PATH 0x04
#define MOVE_MOUNT_T_EMPTY_PATH 0x40

enum {
	FSCONFIG_SET_FLAG = 0,
	FSCONFIG_SET_STRING = 1,
	FSCONFIG_CMD_CREATE = 6,
	FSCONFIG_CMD_RECONFIGURE = 7,
};

static inline int fsopen(const char *file_system, unsigned int flags)
{
	return (int)syscall(SYS_fsopen, file_system, flags);
}

static inline int fsconfig(int context, unsigned int command, const char *key, const void *value,
			   int auxiliary)
{
	return (int)syscall(SYS_fsconfig, context, command, key, value, auxiliary);
}

static inline int fsmount(int context, unsigned int flags, unsigned int attributes)
{
	return (int)syscall(SYS_fsmount, context, flags, attributes);
}

static inline int fspick(int directory, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_fspick, directory, path, flags);
}

static inline int open_tree(int directory, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, directory, path, flags);
}

static inline int move_mount(int from, const char *from_path, int to, const char *to_path,
			     unsigned int flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

/* A copy of an open directory or file as a mount, and with AT_RECURSIVE of mounts on it. */
static inline int copy_mount(int fd, unsigned int flags)
{
	return open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | flags);
}

static inline int attach_mount(int mounted, int place)
{
	return move_mount(mounted, "", place, "",
			  MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

#define MOUNT_ATTR_RDONLY 0x01
#define MOUNT_ATTR_NOSUID 0x02
#define MOUNT_ATTR_NODEV 0x04
#define MOUNT_ATTR_NOEXEC 0x08
/* Covers the three values of one setting, whose default is 0, relatime. */
#define MOUNT_ATTR_ATIME 0x70
#define MOUNT_ATTR_NOATIME 0x10
#define MOUNT_ATTR_STRICTATIME 0x20
#define MOUNT_ATTR_NODIRATIME 0x80
#define MOUNT_ATTR_NOSYMFOLLOW 0x200000
#define AT_RECURSIVE 0x8000

/* MS_... of <sys/mount.h>, under names that do not need that header. */
#define PROPAGATION_UNBINDABLE (1 << 17)
#define PROPAGATION_PRIVATE (1 << 18)
#define PROPAGATION_SLAVE (1 << 19)
#define PROPAGATION_SHARED (1 << 20)

struct mount_attributes {
	uint64_t set, clear, propagation, user_namespace;
};

static inline int mount_setattr(int directory, const char *path, unsigned int flags,
				const struct mount_attributes *attributes)
{
	return (int)syscall(SYS_mount_setattr, directory, path, flags, attributes,
			    sizeof(*attributes));
}

#define RESOLVE_NO_MAGICLINKS 0x02
#define RESOLVE_NO_SYMLINKS 0x04
#define RESOLVE_BENEATH 0x08
#define RESOLVE_IN_ROOT 0x10

/* openat2(2), under another name than newer C libraries declare it by. */
struct open_request {
	uint64_t flags, mode, resolve;
};

static inline int open_path(int directory, const char *path, const struct open_request *how)
{
	return (int)syscall(SYS_openat2, directory, path, how, sizeof(*how));
}

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define IO_PRIORITY_OF_PROCESS 1
#define IO_PRIORITY_CLASS_SHIFT 13

struct scheduling_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t least_utilization, most_utilization;
};

/* Readable when the process has ended. */
static inline int process_descriptor(pid_t process)
{
	return (int)syscall(SYS_pidfd_open, process, 0);
}

/* seccomp(2) and what its filters, which are programs for BPF, are made of. */

#define SECCOMP_MODE_SET_FILTER 1

#define SECCOMP_FLAG_TSYNC 0x01
#define SECCOMP_FLAG_LOG 0x02
#define SECCOMP_FLAG_SPEC_ALLOW 0x04

#define SECCOMP_RETURN_KILL_PROCESS 0x80000000
#define SECCOMP_RETURN_KILL_THREAD 0x00000000
#define SECCOMP_RETURN_TRAP 0x00030000
#define SECCOMP_RETURN_ERRNO 0x00050000
#define SECCOMP_RETURN_TRACE 0x7ff00000
#define SECCOMP_RETURN_LOG 0x7ffc0000
#define SECCOMP_RETURN_ALLOW 0x7fff0000
/* Without the number that goes with some. */
#define SECCOMP_RETURN_ACTION 0xffff0000

/* What a filter is shown of a system call. */
struct seccomp_call {
	int32_t number;
	uint32_t architecture;
	uint64_t instruction_pointer;
	uint64_t arguments[6];
};

#define BPF_INSTRUCTIONS_MAX 4096

enum {
	BPF_LOAD_WORD = 0x20,
	BPF_RETURN = 0x06,
	BPF_AND = 0x54,
	BPF_JUMP = 0x05,
	BPF_JUMP_EQUAL = 0x15,
	BPF_JUMP_GREATER = 0x25,
	BPF_JUMP_GREATER_OR_EQUAL = 0x35,
};

struct bpf_instruction {
	uint16_t code;
	uint8_t if_true, if_false;	/* instructions to skip */
	uint32_t operand;
};

struct bpf_program {
	unsigned short length;
	const struct bpf_instruction *instructions;
};

#define CAPABILITY_SYS_ADMIN 21
#define CLONE_INTO_CGROUP 0x200000000ULL

struct clone_request {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};

/* fork() into the cgroup whose directory this is, with further flags of clone(). */
static inline pid_t clone_into_cgroup(uint64_t flags, int directory)
{
	const struct clone_request request = {
		.flags = CLONE_INTO_CGROUP | flags,
		/* A sibling ends as this process does. */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
		.cgroup = (uint64_t)directory,
	};

	return (pid_t)syscall(SYS_clone3, &request, sizeof(request));
}

#define BPF_PROGRAM_LOAD 5
#define BPF_PROGRAM_ATTACH 8
#define BPF_CGROUP_DEVICE_PROGRAM 15
#define BPF_CGROUP_DEVICE 6
#define BPF_ALLOW_MULTIPLE 2

struct bpf_load_request {
	uint32_t type, instruction_count;
	uint64_t instructions, license;
};

struct bpf_attach_request {
	uint32_t target, program, type, flags;
};

static inline int bpf(unsigned int command, const void *request, size_t size)
{
	return (int)syscall(SYS_bpf, command, request, size);
}

#define CAPABILITY_VERSION_3 0x20080522

struct capability_header {
	uint32_t version;
	int pid;
};

/* Two of them: capabilities 0 to 31, and the rest. */
struct capability_data {
	uint32_t effective, permitted, inheritable;
};

#endif
