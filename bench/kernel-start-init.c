// SPDX-License-Identifier: Apache-2.0
/*
 * PID 1 of bench/kernel-start: reads the clocks before anything else, then says
 * how long the kernel took to get here, how much memory it left, and what it logged
 * when.
 *
 * No C library: its start-up would be measured too.
 */

/* Linux on arm64: system calls, and the constants given to them. */
enum {
	NR_MKDIRAT = 34,
	NR_MOUNT = 40,
	NR_OPENAT = 56,
	NR_READ = 63,
	NR_WRITE = 64,
	NR_CLOCK_GETTIME = 113,
	NR_REBOOT = 142
};
#define AT_FDCWD (-100)
#define CLOCK_MONOTONIC 1
#define O_RDWR 2
#define O_NONBLOCK 04000
#define REBOOT_MAGIC1 0xfee1dead
#define REBOOT_MAGIC2 0x28121969
#define REBOOT_POWER_OFF 0x4321fedc

struct timespec {
	long tv_sec;
	long tv_nsec;
};

static long
call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x8)
			 : "memory");
	return x0;
}

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

/* Nanoseconds since reset: QEMU starts this counter with the machine. */
static unsigned long
since_reset(void)
{
	unsigned long count, frequency;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	return count * 1000 / (frequency / 1000000);
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

__attribute__((noreturn, used)) void
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

	call(NR_REBOOT, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_POWER_OFF, 0, 0);
	for (;;)
		;
}
