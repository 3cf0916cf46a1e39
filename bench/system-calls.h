// SPDX-License-Identifier: Apache-2.0
/*
 * System calls of the programs that are PID 1 of a bench, without a C library: its
 * start-up would be measured, too. What differs between guests is here.
 */
#ifndef SYSTEM_CALLS_H
#define SYSTEM_CALLS_H

#define AT_FDCWD (-100)
#define CLOCK_MONOTONIC 1
#define O_RDWR 2
#define O_NONBLOCK 04000
#define REBOOT_MAGIC1 0xfee1dead
#define REBOOT_MAGIC2 0x28121969
#define REBOOT_RESTART 0x01234567

struct timespec {
	long tv_sec;
	long tv_nsec;
};

#if defined __aarch64__
#define ENTRY __attribute__((noreturn, used))

enum {
	NR_MKDIRAT = 34,
	NR_MOUNT = 40,
	NR_OPENAT = 56,
	NR_READ = 63,
	NR_WRITE = 64,
	NR_EXIT = 93,
	NR_CLOCK_GETTIME = 113,
	NR_REBOOT = 142,
	NR_UNAME = 160,
	NR_SETHOSTNAME = 161,
	NR_GETPID = 172,
	NR_EXECVE = 221
};

static inline long call(long number, long a, long b, long c, long d, long e)
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

/* Nanoseconds since reset: QEMU starts this counter with the machine. */
static inline unsigned long since_reset(void)
{
	unsigned long count, frequency;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	return count * 1000 / (frequency / 1000000);
}
#elif defined __x86_64__
/* The kernel does not leave the stack as a function is used to find it. */
#define ENTRY __attribute__((noreturn, used, force_align_arg_pointer))

enum {
	NR_READ = 0,
	NR_WRITE = 1,
	NR_GETPID = 39,
	NR_EXECVE = 59,
	NR_EXIT = 60,
	NR_UNAME = 63,
	NR_MOUNT = 165,
	NR_REBOOT = 169,
	NR_SETHOSTNAME = 170,
	NR_CLOCK_GETTIME = 228,
	NR_OPENAT = 257,
	NR_MKDIRAT = 258
};

static inline long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;

	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return number;
}

/* Nanoseconds since reset: those that QEMU counts are what this counter shows. */
static inline unsigned long since_reset(void)
{
	unsigned int low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (unsigned long)high << 32 | low;
}
#else
#error "no guest has this architecture"
#endif

#endif
