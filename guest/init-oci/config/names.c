// SPDX-License-Identifier: Apache-2.0
#include "config/names.h"

#include <string.h>

/* Both tables are the kernel's ABI: a name's index is its number. */
static const char *const capabilities[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID",
	"SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST",
	"NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO",
	"SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE",
	"AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM",
	"BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
};

static const char *const resource_limits[RESOURCE_LIMITS] = {
	"CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS",
	"LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
};

static int find(const char *name, const char *prefix, const char *const *table, int count)
{
	size_t prefix_length = strlen(prefix);

	if (strncmp(name, prefix, prefix_length) != 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (!strcmp(name + prefix_length, table[i]))
			return i;
	}
	return -1;
}

int capability_number(const char *name)
{
	return find(name, "CAP_", capabilities,
		    (int)(sizeof(capabilities) / sizeof(capabilities[0])));
}

int resource_limit_number(const char *name)
{
	return find(name, "RLIMIT_", resource_limits, RESOURCE_LIMITS);
}
