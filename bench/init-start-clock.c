// SPDX-License-Identifier: Apache-2.0
/*
 * Both ends of the time that bench/init-start measures. As PID 1 it notes the time
 * in the hostname, which outlives the program, and becomes init-oci. As the
 * container's process it says how long ago that was, and how much memory PID 1
 * uses.
 */
#include "system-calls.h"

struct utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

static unsigned long now(void)
{
	struct timespec time;

	call(NR_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&time, 0, 0, 0);
	return (unsigned long)time.tv_sec * 1000000000UL + (unsigned long)time.tv_nsec;
}

static unsigned long length_of(const char *text)
{
	unsigned long length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

static void print(const char *text)
{
	call(NR_WRITE, 1, (long)text, (long)length_of(text), 0, 0);
}

/* Writes the number into a buffer of 24 bytes; returns where its digits begin. */
static char *digits_of(unsigned long number, char *buffer)
{
	char *digit = buffer + 23;

	*digit = '\0';
	do
		*--digit = (char)('0' + number % 10);
	while (number /= 10);
	return digit;
}

static unsigned long number_of(const char *digits)
{
	unsigned long number = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++)
		number = number * 10 + (unsigned long)(*digits - '0');
	return number;
}

static void become_init(void)
{
	static char *const arguments[] = { "/init-oci", (char *)0 };
	static char *const environment[] = { (char *)0 };
	char buffer[24];
	char *digits;

	digits = digits_of(now(), buffer);
	call(NR_SETHOSTNAME, (long)digits, (long)length_of(digits), 0, 0, 0);
	call(NR_EXECVE, (long)arguments[0], (long)arguments, (long)environment, 0, 0);
}

static void report(unsigned long end)
{
	static char text[4096];
	struct utsname names;
	char buffer[24];
	long file;

	call(NR_UNAME, (long)&names, 0, 0, 0, 0);
	print("\ninit-start: Nanoseconds: ");
	print(digits_of(end - number_of(names.nodename), buffer));
	print("\n");
	file = call(NR_OPENAT, AT_FDCWD, (long)"/proc/1/smaps_rollup", 0, 0, 0);
	if (call(NR_READ, file, (long)text, sizeof(text) - 1, 0, 0) > 0)
		print(text);
}

ENTRY void _start(void)
{
	unsigned long end = now();

	if (call(NR_GETPID, 0, 0, 0, 0, 0) == 1)
		become_init();
	else
		report(end);
	call(NR_EXIT, 0, 0, 0, 0, 0);
	for (;;)
		;
}
