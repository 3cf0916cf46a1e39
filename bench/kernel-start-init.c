// SPDX-License-Identifier: Apache-2.0
/*
 * PID 1 of bench/kernel-start: reads the clocks before anything else, then says
 * how long the kernel took to get here, how much memory it left, and what it logged
 * when.
 */
#include "system-calls.h"

static void
print(const char *text, unsigned long length)
{
	call(NR_WRITE, 1, (long)text, (long)length, 0, 0);
}

static unsigned long
length_of(const char *text)
{
	unsigned long length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

static void
print_text(const char *text)
{
	print(text, length_of(text));
}

static void
print_number(unsigned long number)
{
	char digits[20];
	unsigned long at = sizeof digits;

	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	print(digits + at, sizeof digits - at);
}

/* The line of /proc/meminfo that starts with LABEL, as the kernel wrote it. */
static void
print_memory(const char *label)
{
	static char text[4096];
	unsigned long label_length = length_of(label);
	long file, size;

	file = call(NR_OPENAT, AT_FDCWD, (long)"/proc/meminfo", 0, 0, 0);
	size = call(NR_READ, file, (long)text, sizeof text - 1, 0, 0);
	if (size < 0)
		return;
	for (char *line = text; *line != '\0';) {
		unsigned long length = 0, same = 0;

		while (line[length] != '\n' && line[length] != '\0')
			length++;
		while (same < label_length && line[same] == label[same])
			same++;
		if (same == label_length) {
			print_text("kernel-start: ");
			print(line, length);
			print_text("\n");
		}
		line += length + (line[length] == '\n');
	}
}

static void
print_figure(const char *name, unsigned long number)
{
	print_text("kernel-start: ");
	print_text(name);
	print_text(": ");
	print_number(number);
	print_text("\n");
}

/* The kernel's log: "PRIORITY,NUMBER,MICROSECONDS,FLAGS;MESSAGE" each. */
static void
print_log(void)
{
	static char record[8192];
	unsigned long now;
	long file, size;

	call(NR_MKDIRAT, AT_FDCWD, (long)"/dev", 0755, 0, 0);
	call(NR_MOUNT, (long)"dev", (long)"/dev", (long)"devtmpfs", 0, 0);
	file = call(NR_OPENAT, AT_FDCWD, (long)"/dev/kmsg", O_RDWR | O_NONBLOCK, 0, 0);
	/* The last record tells how far the log's clock is from this one. */
	now = since_reset();
	call(NR_WRITE, file, (long)"now\n", 4, 0, 0);
	print_figure("Logged", now);
	while (file >= 0) {
		size = call(NR_READ, file, (long)record, sizeof record, 0, 0);
		if (size <= 0)
			return;
		print_text("log: ");
		print(record, (unsigned long)size);
	}
}

ENTRY void
_start(void)
{
	unsigned long reset = since_reset();
	struct timespec now;

	call(NR_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&now, 0, 0, 0);
	print_text("\n");
	print_figure("Reset", reset);
	print_figure("Nanoseconds",
		     (unsigned long)now.tv_sec * 1000000000UL + (unsigned long)now.tv_nsec);

	call(NR_MKDIRAT, AT_FDCWD, (long)"/proc", 0755, 0, 0);
	call(NR_MOUNT, (long)"proc", (long)"/proc", (long)"proc", 0, 0);
	print_memory("MemTotal:");
	print_memory("MemAvailable:");
	print_log();

	/* QEMU ends then. Debian's kernel cannot switch a microvm off. */
	call(NR_REBOOT, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_RESTART, 0, 0);
	for (;;)
		;
}
