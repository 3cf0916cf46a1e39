/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that programs map, and touch for the first time. Always less than a huge page:
 * Debian's kernel gives those unasked.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "operations.h"

#define PAGES 64u

static int file = -1;

static bool touch_pages(int protection, int flags, int fd)
{
	volatile char *memory = mmap(NULL, PAGES * PAGE, protection, flags, fd, 0);

	if (memory == MAP_FAILED)
		return false;
	for (unsigned int i = 0; i < PAGES; i++)
		if (protection & PROT_WRITE)
			memory[i * PAGE] = 1;
		else
			(void)memory[i * PAGE];
	return !munmap((void *)memory, PAGES * PAGE);
}

static bool map_and_unmap(void)
{
	void *memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED && !munmap(memory, PAGES * PAGE);
}

static bool touch_anonymous(void)
{
	return touch_pages(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static bool make_file(void)
{
	file = open("/tmp/mapped", O_RDWR | O_CREAT, 0644);
	return file >= 0 && write(file, block, PAGES * PAGE) == (ssize_t)(PAGES * PAGE);
}

static void close_file(void)
{
	close(file);
}

static bool touch_file(void)
{
	return touch_pages(PROT_READ, MAP_SHARED, file);
}

static bool copy_file(void)
{
	return touch_pages(PROT_READ | PROT_WRITE, MAP_PRIVATE, file);
}

static const struct row rows[] = {
	{ "mmap and munmap", 500, NULL, NULL, map_and_unmap, NULL },
	{ "mmap, 64 pages touched, munmap", 20, NULL, NULL, touch_anonymous, NULL },
	{ "64 pages of a mapped file, read", 100, make_file, NULL, touch_file, close_file },
	{ "64 pages of a mapped file, copied", 20, make_file, NULL, copy_file, close_file },
};

void measure_memory(void)
{
	measure(rows, COUNT(rows));
}
