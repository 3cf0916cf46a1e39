// SPDX-License-Identifier: Apache-2.0
/* The names of capabilities, resource limits and signals, and their numbers. */
#include "config/kernel_names.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/*
 * What images mean by SIGRTMIN. The kernel's real-time signals begin at 32, but glibc
 * keeps two for itself, and musl, which this program is linked with, three.
 */
#define REAL_TIME_MIN 34
#define REAL_TIME_MAX 64

/* These tables are the kernel's ABI: a name's index is its number. */
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

static const char signals[][7] = {
	"", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
	"USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
	"URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
};

static const struct {
	char name[7];
	unsigned char number;
} signal_aliases[] = { { "IOT", 6 }, { "CLD", 17 }, { "POLL", 29 } };

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

/* One or two digits; -1 for anything else. */
static int number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 2 || text[digits])
		return -1;
	return digits == 1 ? text[0] - '0' : (text[0] - '0') * 10 + (text[1] - '0');
}

/* The name is what follows RTMIN or RTMAX: nothing, or the sign and a number. */
static int real_time(const char *name, char sign, int base)
{
	int distance = 0;

	if (*name) {
		if (*name != sign)
			return -1;
		distance = number(name + 1);
		if (distance < 0 || distance > REAL_TIME_MAX - REAL_TIME_MIN)
			return -1;
	}
	return sign == '+' ? base + distance : base - distance;
}

int signal_number(const char *name)
{
	int value = number(name);

	if (value >= 0)
		return value >= 1 && value <= REAL_TIME_MAX ? value : -1;
	if (!strncasecmp(name, "SIG", 3))
		name += 3;
	if (!strncasecmp(name, "RTMIN", 5))
		return real_time(name + 5, '+', REAL_TIME_MIN);
	if (!strncasecmp(name, "RTMAX", 5))
		return real_time(name + 5, '-', REAL_TIME_MAX);
	for (int i = 1; i < (int)(sizeof(signals) / sizeof(signals[0])); i++) {
		if (!strcasecmp(name, signals[i]))
			return i;
	}
	for (size_t i = 0; i < sizeof(signal_aliases) / sizeof(signal_aliases[0]); i++) {
		if (!strcasecmp(name, signal_aliases[i].name))
			return signal_aliases[i].number;
	}
	return -1;
}
