// SPDX-License-Identifier: Apache-2.0
#include "guest_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A file that is shorter than it says would be a SIGBUS later. */
static int check_extent(uint64_t size, uint64_t offset, int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -1;
	if (!size || size > SIZE_MAX / 2 || offset > SIZE_MAX / 2 ||
	    (S_ISREG(status.st_mode) && offset + size > (uint64_t)status.st_size)) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

int guest_memory_add(struct guest_memory *memory, uint64_t guest_address, uint64_t user_address,
		     uint64_t size, uint64_t offset, int fd)
{
	struct memory_region *region = &memory->regions[memory->count];

	if (memory->count == MEMORY_REGIONS_MAX || guest_address + size < guest_address ||
	    user_address + size < user_address) {
		errno = EINVAL;
		return -1;
	}
	if (check_extent(size, offset, fd))
		return -1;
	/* From the beginning of the file: the offset need not be that of a page. */
	region->mapping_size = (size_t)(offset + size);
	region->mapping = mmap(NULL, region->mapping_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			       fd, 0);
	if (region->mapping == MAP_FAILED)
		return -1;
	region->guest_address = guest_address;
	region->user_address = user_address;
	region->size = size;
	region->host_address = (uint8_t *)region->mapping + offset;
	memory->count++;
	return 0;
}

void guest_memory_clear(struct guest_memory *memory)
{
	while (memory->count) {
		struct memory_region *region = &memory->regions[--memory->count];

		munmap(region->mapping, region->mapping_size);
	}
	memset(memory, 0, sizeof(*memory));
}

static void *at(const struct memory_region *region, uint64_t begin, uint64_t address,
		uint64_t size)
{
	uint64_t offset = address - begin;

	if (address < begin || offset > region->size || size > region->size - offset)
		return NULL;
	return region->host_address + offset;
}

void *guest_memory_at(const struct guest_memory *memory, uint64_t guest_address, uint64_t size)
{
	void *found = NULL;
	unsigned int i;

	for (i = 0; i < memory->count && !found; i++)
		found = at(&memory->regions[i], memory->regions[i].guest_address, guest_address,
			   size);
	return found;
}

void *guest_memory_at_user(const struct guest_memory *memory, uint64_t user_address,
			   uint64_t size)
{
	void *found = NULL;
	unsigned int i;

	for (i = 0; i < memory->count && !found; i++)
		found = at(&memory->regions[i], memory->regions[i].user_address, user_address,
			   size);
	return found;
}

uint64_t guest_memory_to_user(const struct guest_memory *memory, uint64_t guest_address)
{
	unsigned int i;

	for (i = 0; i < memory->count; i++) {
		const struct memory_region *region = &memory->regions[i];

		if (at(region, region->guest_address, guest_address, 1))
			return region->user_address + (guest_address - region->guest_address);
	}
	return 0;
}
