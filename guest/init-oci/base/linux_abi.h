/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_LINUX_ABI_H
#define INIT_OCI_LINUX_ABI_H

/*
 * The few pieces of the kernel's interface that musl's headers do not have.
 * The kernel's own headers would be one more package to pin for them.
 */

#include <fcntl.h>
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
