// SPDX-License-Identifier: Apache-2.0
/*
 * In the guest of features.test: what the kernel copies from a program, to a program,
 * and clears for it, next to memory that is not there.
 *
 *	user-copies from|to|clear [all]
 *
 * One call copies once, and returns how much. For each size, each alignment, and each
 * place where the program's memory ends, it may not claim more than there was, must
 * have copied what it claims, must claim most of what there was, and may touch nothing
 * else. With "all", there are 16 alignments for the large sizes, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "must.h"

#define LARGEST 300
#define SMALL 144 /* more than twice what a turn of the kernel's loops copies */
#define MARGIN 64
#define PAGE 4096
#define UNTOUCHED 0xa5

/*
 * MEMORY is a page and nothing behind it, PLAIN has no end nearby. How much the kernel
 * may leave out before the end: a turn of its loop and what that had loaded before, of
 * which it has not noted the success; and one step where it clears.
 */
struct copy {
	const char *name;
	ssize_t (*call)(uint8_t *memory, uint8_t *plain, size_t size);
	size_t inexact;
};

static uint8_t *memory_end, *plain_page, pattern[2 * PAGE];
static int zeros;

static ssize_t copy_from(uint8_t *memory, uint8_t *plain, size_t size)
{
	struct iovec from = { memory, size }, to = { plain, size };

	return process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}

static ssize_t copy_to(uint8_t *memory, uint8_t *plain, size_t size)
{
	struct iovec to = { memory, size }, from = { plain, size };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0);
}

static ssize_t clear(uint8_t *memory, uint8_t *plain, size_t size)
{
	(void)plain;
	return read(zeros, memory, size);
}

static const struct copy copies[] = {
	{ "from", copy_from, 127 },
	{ "to", copy_to, 127 },
	{ "clear", clear, 7 },
};

static void prepare(void)
{
	uint8_t *pages = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(pages != MAP_FAILED, "mmap");
	must(!munmap(pages + PAGE, PAGE), "munmap");
	memory_end = pages + PAGE;
	plain_page = pages + 2 * PAGE;
	memset(pages, UNTOUCHED, PAGE);
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = 1 + i % 151;
	zeros = open("/dev/zero", O_RDONLY);
	must(zeros >= 0, "/dev/zero");
}

/* Is TARGET, of which LENGTH bytes are there, as it must be after CLAIMED were copied? */
static int is_right(const uint8_t *target, const uint8_t *source, size_t claimed, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (target[i] == source[i])
			continue;
		if (i < claimed || target[i] != UNTOUCHED)
			return 0;
	}
	return 1;
}

static int is_untouched(const uint8_t *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (from[i] != UNTOUCHED)
			return 0;
	return 1;
}

/* One call, of whose SIZE bytes PRESENT are there at MEMORY. Returns what is wrong. */
static const char *try_one(const struct copy *copy, uint8_t *memory, size_t size, size_t present,
			   unsigned int alignment)
{
	static const uint8_t nothing[LARGEST];
	uint8_t *plain = plain_page + MARGIN + alignment, *target = memory;
	const uint8_t *source = pattern + alignment;
	size_t room = present, behind = memory_end - memory - present, claimed;
	const char *wrong = NULL;
	ssize_t result;

	if (copy->call == copy_from) {
		memcpy(memory, source, present);
		memset(plain - MARGIN, UNTOUCHED, size + 2 * MARGIN);
		target = plain;
		room = size;
		behind = MARGIN;
	} else {
		memset(memory - MARGIN, UNTOUCHED, memory_end - memory + MARGIN);
		memcpy(plain, source, size);
	}
	if (copy->call == clear)
		source = nothing;

	result = copy->call(memory, plain, size);
	claimed = result < 0 ? 0 : result;
	if (result < 0 && errno != EFAULT)
		wrong = "the error";
	else if (claimed > present)
		wrong = "claims more than there was";
	else if (claimed + copy->inexact < present)
		wrong = "leaves out what was there";
	else if (present && !claimed && copy->call != clear)
		wrong = "leaves out all that was there";
	else if (present == size && claimed != size)
		wrong = "leaves out some without a reason";
	else if (!is_right(target, source, claimed, room < present ? room : present))
		wrong = "has not copied what it claims";
	else if (!is_untouched(target - MARGIN, MARGIN))
		wrong = "touches what is before";
	else if (!is_untouched(target + (room < present ? room : present),
			       room - (room < present ? room : present) + behind))
		wrong = "touches what is behind";
	if (wrong)
		printf("%s: %zu bytes, of which %zu are there at ...%x, the other side at ...%x: "
		       "%zd: %s\n",
		       copy->name, size, present, (unsigned int)((uintptr_t)memory & 15), alignment,
		       result, wrong);
	return wrong;
}

/* Where the memory ends in the middle, its alignment follows from what is there. */
static int try_ends(const struct copy *copy, size_t size, int all)
{
	int wrong = 0;

	for (size_t present = 0; present <= size; present++)
		for (unsigned int alignment = 0; alignment < 16; alignment++)
			if (all || size <= SMALL || (size + present) % 16 == alignment)
				wrong += !!try_one(copy, memory_end - present, size, present, alignment);
	return wrong;
}

static int try_whole(const struct copy *copy, size_t size, int all)
{
	int wrong = 0;

	for (unsigned int place = 0; place < 16; place++)
		for (unsigned int alignment = 0; alignment < 16; alignment++)
			if (all || size <= SMALL || (size + place) % 16 == alignment)
				wrong += !!try_one(copy, memory_end - 512 + place, size, size, alignment);
	return wrong;
}

int main(int argc, char **argv)
{
	int wrong = 0, all = argc == 3 && !strcmp(argv[2], "all");
	const struct copy *copy = NULL;

	for (size_t i = 0; argc >= 2 && i < sizeof(copies) / sizeof(*copies); i++)
		if (!strcmp(argv[1], copies[i].name))
			copy = copies + i;
	if (!copy) {
		fprintf(stderr, "usage: user-copies from|to|clear [all]\n");
		return 2;
	}
	prepare();
	for (size_t size = 0; size <= LARGEST && wrong < 20; size++)
		wrong += try_ends(copy, size, all) + try_whole(copy, size, all);
	return wrong > 0;
}
