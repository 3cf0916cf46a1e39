// SPDX-License-Identifier: Apache-2.0
#include "config/signal_names.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/*
 * What images mean by SIGRTMIN. The kernel's real-time signals begin at 32, but glibc
 * keeps two for itself, and musl, which this program is linked with, three.
 */
#define REAL_TIME_MIN 34
#define REAL_TIME_MAX 64

/* The kernel's ABI: a name's index is its number. */
static const char names[][7] = {
	"", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
	"USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
	"URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
};
#define NAMES ((int)(sizeof(names) / sizeof(names[0])))

static const struct {
	char name[7];
	unsigned char number;
} aliases[] = { { "IOT", 6 }, { "CLD", 17 }, { "POLL", 29 } };

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
	for (int i = 1; i < NAMES; i++) {
		if (!strcasecmp(name, names[i]))
			return i;
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (!strcasecmp(name, aliases[i].name))
			return aliases[i].number;
	}
	return -1;
}
