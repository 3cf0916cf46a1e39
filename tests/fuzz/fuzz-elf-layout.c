// SPDX-License-Identifier: Apache-2.0
/* A kernel for x86_64, which may be anyone's: configure --with-kernel takes it. */
#include "fuzz.h"

#include <errno.h>

#include "elf-layout.h"

/* In this library nothing is compressed. */
const unsigned char *payload_bytes(const struct payload *payload)
{
	return payload->embedded;
}

static bool is_in_memory(const struct supermachine_elf_layout *layout, uint64_t address)
{
	for (uint32_t i = 0; i < layout->segment_count; i++)
		if (address >= layout->segments[i].address &&
		    address - layout->segments[i].address < layout->segments[i].file_size)
			return true;
	return false;
}

/* A VMM that maps the segments, or copies all in one piece, stays in the file. */
static void check_layout(const struct supermachine_elf_layout *layout, size_t size)
{
	uint64_t end = layout->start;

	CHECK(layout->segment_count >= 1 && layout->segment_count <= SUPERMACHINE_KERNEL_SEGMENTS_MAX);
	CHECK(layout->start == layout->segments[0].address);
	for (uint32_t i = 0; i < layout->segment_count; i++) {
		const struct supermachine_elf_segment *segment = &layout->segments[i];

		CHECK(segment->address >= end && segment->memory_size > 0);
		CHECK(segment->file_size <= segment->memory_size);
		CHECK(segment->offset <= size && segment->file_size <= size - segment->offset);
		CHECK(segment->memory_size <= UINT64_MAX - segment->address);
		end = segment->address + segment->memory_size;
	}
	CHECK(layout->end == end);
	CHECK(is_in_memory(layout, layout->entry));
	CHECK(is_in_memory(layout, layout->pvh_entry) && layout->pvh_entry <= UINT32_MAX);
	CHECK(layout->flat_offset <= size && layout->flat_size <= size - layout->flat_offset);
	CHECK(layout->flat_size <= layout->end - layout->start);
}

/* What is at each address is the same in one piece, after which all is zero. */
static void check_flat(const struct supermachine_elf_layout *layout)
{
	CHECK(layout->flat_offset % 4096 == 0);
	for (uint32_t i = 0; i < layout->segment_count; i++) {
		const struct supermachine_elf_segment *segment = &layout->segments[i];

		CHECK(segment->offset - layout->flat_offset == segment->address - layout->start);
		CHECK(segment->offset - layout->flat_offset + segment->file_size <= layout->flat_size);
		CHECK(i + 1 == layout->segment_count || segment->file_size == segment->memory_size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t input_size)
{
	/* Not in the corpus, whose files would look like programs without a source. */
	static const uint8_t magic[] = { 0x7f, 'E', 'L', 'F' };
	const size_t size = sizeof(magic) + input_size;
	/* Of exactly its size, so that a sanitizer sees every read beyond it. */
	uint8_t *file = malloc(size);
	const struct payload payload = { .embedded = file, .embedded_length = size, .length = size };
	struct supermachine_elf_layout layout, before;
	bool good;

	CHECK(file);
	memcpy(file, magic, sizeof(magic));
	if (input_size)
		memcpy(file + sizeof(magic), data, input_size);
	memset(&layout, 0xa5, sizeof(layout));
	before = layout;
	good = elf_layout(&payload, &layout) == 0;
	if (good) {
		check_layout(&layout, size);
		if (layout.flat_size)
			check_flat(&layout);
	} else {
		CHECK(errno == EBADMSG || errno == ENOTSUP);
		CHECK(!memcmp(&layout, &before, sizeof(layout)));
	}
	free(file);
	check_expected(good);
	return 0;
}
