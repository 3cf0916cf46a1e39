/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU has no performance monitors for x86_64. But with "-icount shift=0" it has a clock
 * that advances by one with each instruction of any processor, and the TSC is that
 * clock. While all processors wait, it would follow the host's time, so one never waits:
 * it executes a loop, and tells how often, which is subtracted.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../operations.h"
#include "counter.h"

/* The processor that no row uses. */
#define LOOPING 2
#define LOOP_INSTRUCTIONS 3u

static volatile uint64_t *loops;

/* QEMU executes one processor at a time. At "pause" it turns to the next one. */
static void loop(int processor)
{
	if (!run_on((unsigned int)processor))
		return;
	__asm__ volatile("1:	incq %0\n"
			 "	pause\n"
			 "	jmp 1b"
			 : "+m"(*loops));
}

/*
 * With maxcpus=1, the kernel leaves the others to this. Debian's kernel gives way to
 * processes while it waits for a processor to start, but does not pause: without a process
 * that does, QEMU would never turn to the new processor.
 */
static bool start_processors(void)
{
	pid_t peer = start_peer(loop, 0);
	bool good = peer && write_text("/sys/devices/system/cpu/cpu1/online", "1") &&
		write_text("/sys/devices/system/cpu/cpu2/online", "1");

	stop_peer(peer);
	return good;
}

bool open_counter(void)
{
	loops = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return loops != MAP_FAILED && start_processors() && start_peer(loop, LOOPING);
}

double counted(void)
{
	return (double)(__builtin_ia32_rdtsc() - *loops * LOOP_INSTRUCTIONS);
}
