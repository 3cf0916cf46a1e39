/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSI_PEER_GUEST_MEMORY_H
#define TSI_PEER_GUEST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* The guest's memory as the monitor shares it. */

#define MEMORY_REGIONS_MAX 8

struct memory_region {
	/* Where it begins: for the guest, for the monitor, and here. */
	uint64_t guest_address, user_address;
	uint64_t size;
	uint8_t *host_address;
	void *mapping;
	size_t mapping_size;
};

struct guest_memory {
	struct memory_region regions[MEMORY_REGIONS_MAX];
	unsigned int count;
};

/* Maps size bytes at the offset of a file. Returns 0, or -1 with errno set. */
int guest_memory_add(struct guest_memory *memory, uint64_t guest_address, uint64_t user_address,
		     uint64_t size, uint64_t offset, int fd);
void guest_memory_clear(struct guest_memory *memory);

/* NULL when the range is not, or not as a whole, in one region. */
void *guest_memory_at(const struct guest_memory *memory, uint64_t guest_address, uint64_t size);
/* The monitor's address of what the guest has there, or 0. */
uint64_t guest_memory_to_user(const struct guest_memory *memory, uint64_t guest_address);
void *guest_memory_at_user(const struct guest_memory *memory, uint64_t user_address,
			   uint64_t size);

#endif
