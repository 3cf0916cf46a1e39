// SPDX-License-Identifier: Apache-2.0
/*
 * The guest kernel for programs that use libkrun, which looks for a library of this
 * name and calls one function of it. On x86_64, it maps the bytes into the guest as
 * they are, and the guest writes to them.
 */
#include <config.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "libkrunfw-kernel.h"

#define PUBLIC __attribute__((visibility("default")))

#define ABI_VERSION 5

/* Of Linux, since 5.13 for pages of a file; not in the headers of older C libraries */
#if !defined MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

PUBLIC int krunfw_get_version(void);
PUBLIC char *krunfw_get_kernel(size_t *load_address, size_t *entry_address, size_t *size);

/*
 * The bytes are never written to here, nor handed out: every caller gets a mapping of
 * its own. Yet they are in the writable segment, for such a mapping to be writable, and
 * for no segment to be executable that has them. Of macOS, the linker takes no more
 * alignment than a page of the machine.
 */
#if defined __APPLE__
#define SECTION ".section __DATA,__kernel\n.private_extern libkrunfw_kernel\n.p2align 12\n"
#else
#define SECTION ".section .kernel,\"aw\",%progbits\n.hidden libkrunfw_kernel\n.p2align 16\n"
#endif
__asm__(SECTION
	".globl libkrunfw_kernel\n"
	"libkrunfw_kernel:\n"
	".incbin \"src/libkrunfw-kernel\"\n"
	".text\n");
extern char kernel[] __asm__("libkrunfw_kernel") __attribute__((visibility("hidden")));

/* Room in the address space, aligned. */
static char *reserve(int protection)
{
	char *start = mmap(NULL, KERNEL_SIZE + KERNEL_ALIGNMENT, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (start == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)start % KERNEL_ALIGNMENT;
	if (before > 0)
		munmap(start, before);
	munmap(start + before + KERNEL_SIZE, KERNEL_ALIGNMENT - before);
	return start + before;
}

/*
 * Another mapping of the file's pages, private and untouched, without the file's name,
 * which may mean another file by now: libkrun's caller may have changed its root. It is
 * moved to its alignment only when it is there: Linux may give up the room of a move
 * before it fails, another thread's mapping may be there by then, and so the room stays.
 * Old ones and sandboxes, which fail always, would take it with each call.
 */
static char *map_again(void)
{
#if defined __linux__
	void *mapped = mremap(kernel, KERNEL_SIZE, KERNEL_SIZE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL), *moved;
	char *room;

	if (mapped == MAP_FAILED)
		return NULL;
	if ((uintptr_t)mapped % KERNEL_ALIGNMENT == 0)
		return mapped;
	room = reserve(PROT_NONE);
	if (room == NULL)
		return mapped;
	/* Without memory, a multiple of a page will do, which is all that libkrun needs. */
	moved = mremap(mapped, KERNEL_SIZE, KERNEL_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	return moved == MAP_FAILED ? mapped : moved;
#else
	return NULL;
#endif
}

static char *copy(void)
{
	char *room = reserve(PROT_READ | PROT_WRITE);

	return room == NULL ? NULL : memcpy(room, kernel, KERNEL_SIZE);
}

PUBLIC int krunfw_get_version(void)
{
	return ABI_VERSION;
}

/* NULL, of which libkrun makes an error, without memory. */
PUBLIC char *krunfw_get_kernel(size_t *load_address, size_t *entry_address, size_t *size)
{
	char *bytes = map_again();

	if (bytes == NULL)
		bytes = copy();
	*load_address = KERNEL_LOAD_ADDRESS;
	*entry_address = KERNEL_ENTRY_ADDRESS;
	*size = KERNEL_SIZE;
	return bytes;
}
