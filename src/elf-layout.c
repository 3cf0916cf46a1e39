// SPDX-License-Identifier: Apache-2.0
/*
 * The headers of an ELF kernel for x86_64: elf(5), and for its PVH entry the boot ABI
 * for direct starts of Xen's HVM guests. The file may be anyone's, given to configure,
 * so every number in it is checked before it is used.
 */
#include <config.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "elf-layout.h"

/* Before it, nothing is read from the file but its magic. */
#define HEADER_SIZE 64
#define CLASS 4
#define CLASS_64 2
#define DATA 5
#define DATA_LITTLE_ENDIAN 1
#define TYPE 16
#define TYPE_EXECUTABLE 2
#define MACHINE 18
#define MACHINE_X86_64 62
#define ENTRY 24
#define PROGRAM_HEADERS 32
#define PROGRAM_HEADER_SIZE 54
#define PROGRAM_HEADER_COUNT 56

/* In a program header. */
#define SEGMENT_HEADER_SIZE 56
#define SEGMENT_TYPE 0
#define SEGMENT_LOAD 1
#define SEGMENT_NOTE 4
#define SEGMENT_FLAGS 4
#define SEGMENT_EXECUTABLE 1
#define SEGMENT_OFFSET 8
#define SEGMENT_ADDRESS 24
#define SEGMENT_FILE_SIZE 32
#define SEGMENT_MEMORY_SIZE 40

/* A note: the sizes of name and value, type, name, value. */
#define NOTE_HEADER_SIZE 12
#define NOTE_PHYS32_ENTRY 18
#define NOTE_NAME "Xen"

#define IMAGE_MAGIC 56
/* The smallest page of a host, and that of the guest. */
#define PAGE_SIZE 4096

struct file {
	const unsigned char *bytes;
	uint64_t length;
};

/* A range that is known to be in the file. */
struct range {
	uint64_t offset;
	uint64_t size;
};

/* What becomes of the program headers: the public part, and the rest. */
struct reading {
	struct supermachine_elf_layout *layout;
	/* A bit for each segment. */
	uint32_t executable;
	struct range notes;
	bool has_notes;
};

_Static_assert(SUPERMACHINE_KERNEL_SEGMENTS_MAX <= 32, "a bit for each segment");

static bool is_in_file(const struct file *file, uint64_t offset, uint64_t size)
{
	return size <= file->length && offset <= file->length - size;
}

/* A little-endian number in what is known to be in the file. */
static uint64_t number(const struct file *file, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	while (size-- > 0)
		value = value << 8 | file->bytes[offset + size];
	return value;
}

static bool is_elf(const struct file *file)
{
	return file->length >= HEADER_SIZE && memcmp(file->bytes, "\177ELF", 4) == 0;
}

static bool is_image(const struct file *file)
{
	return file->length >= HEADER_SIZE && memcmp(file->bytes + IMAGE_MAGIC, "ARM\x64", 4) == 0;
}

static bool is_kernel(const struct file *file)
{
	return file->bytes[CLASS] == CLASS_64 && file->bytes[DATA] == DATA_LITTLE_ENDIAN &&
	       number(file, TYPE, 2) == TYPE_EXECUTABLE && number(file, MACHINE, 2) == MACHINE_X86_64 &&
	       number(file, PROGRAM_HEADER_SIZE, 2) == SEGMENT_HEADER_SIZE;
}

/* Segments follow each other in memory, so that they cannot overlap. */
static bool add_segment(const struct file *file, uint64_t header, struct reading *reading)
{
	struct supermachine_elf_layout *layout = reading->layout;
	const struct supermachine_elf_segment segment = {
		.offset = number(file, header + SEGMENT_OFFSET, 8),
		.address = number(file, header + SEGMENT_ADDRESS, 8),
		.file_size = number(file, header + SEGMENT_FILE_SIZE, 8),
		.memory_size = number(file, header + SEGMENT_MEMORY_SIZE, 8),
	};

	if (!is_in_file(file, segment.offset, segment.file_size) || segment.file_size > segment.memory_size ||
	    segment.memory_size > UINT64_MAX - segment.address)
		return false;
	if (segment.memory_size == 0)
		return true;
	if (layout->segment_count == SUPERMACHINE_KERNEL_SEGMENTS_MAX || segment.address < layout->end)
		return false;
	if (number(file, header + SEGMENT_FLAGS, 4) & SEGMENT_EXECUTABLE)
		reading->executable |= UINT32_C(1) << layout->segment_count;
	layout->segments[layout->segment_count++] = segment;
	layout->end = segment.address + segment.memory_size;
	return true;
}

/* Loaders differ in which notes they take if there is more than one place of them. */
static bool add_notes(const struct file *file, uint64_t header, struct reading *reading)
{
	reading->notes.offset = number(file, header + SEGMENT_OFFSET, 8);
	reading->notes.size = number(file, header + SEGMENT_FILE_SIZE, 8);
	if (reading->has_notes || !is_in_file(file, reading->notes.offset, reading->notes.size))
		return false;
	reading->has_notes = true;
	return true;
}

static bool read_program_headers(const struct file *file, struct reading *reading)
{
	uint64_t header = number(file, PROGRAM_HEADERS, 8);
	unsigned int left = (unsigned int)number(file, PROGRAM_HEADER_COUNT, 2);
	bool good = is_in_file(file, header, (uint64_t)left * SEGMENT_HEADER_SIZE);

	for (; good && left > 0; left--, header += SEGMENT_HEADER_SIZE) {
		switch (number(file, header + SEGMENT_TYPE, 4)) {
		case SEGMENT_LOAD:
			good = add_segment(file, header, reading);
			break;
		case SEGMENT_NOTE:
			good = add_notes(file, header, reading);
			break;
		default:
			break;
		}
	}
	return good && reading->layout->segment_count > 0 && reading->has_notes;
}

static uint64_t round_up(uint64_t size)
{
	return (size + 3) & ~UINT64_C(3);
}

/* The name and the value of each note are padded, except perhaps at the end. */
static bool find_pvh_entry(const struct file *file, const struct range *notes, uint64_t *entry)
{
	uint64_t note = notes->offset, left = notes->size;

	while (left >= NOTE_HEADER_SIZE) {
		const uint64_t name_size = number(file, note, 4), value_size = number(file, note + 4, 4);
		const uint64_t value = NOTE_HEADER_SIZE + round_up(name_size);
		uint64_t size = value + value_size;

		if (size > left)
			return false;
		if (number(file, note + 8, 4) == NOTE_PHYS32_ENTRY && name_size == sizeof(NOTE_NAME) &&
		    memcmp(file->bytes + note + NOTE_HEADER_SIZE, NOTE_NAME, sizeof(NOTE_NAME)) == 0) {
			if (value_size != 4 && value_size != 8)
				return false;
			*entry = number(file, note + value, (unsigned int)value_size);
			return *entry <= UINT32_MAX;
		}
		size = round_up(size);
		if (size > left)
			break;
		note += size;
		left -= size;
	}
	return false;
}

/* Whether it is an address of code that comes from the file. */
static bool is_code(const struct reading *reading, uint64_t address)
{
	unsigned int i;

	for (i = 0; i < reading->layout->segment_count; i++) {
		const struct supermachine_elf_segment *segment = &reading->layout->segments[i];

		if (reading->executable >> i & 1 && address >= segment->address &&
		    address - segment->address < segment->file_size)
			return true;
	}
	return false;
}

/*
 * Whether the file, from the first segment to the end of the last one, lies as it
 * does in memory: what is zero there then comes after all of that.
 */
static bool is_flat(const struct supermachine_elf_layout *layout)
{
	const struct supermachine_elf_segment *first = &layout->segments[0];
	unsigned int i;

	if (first->offset % PAGE_SIZE != 0 || first->address % PAGE_SIZE != 0)
		return false;
	for (i = 0; i < layout->segment_count; i++) {
		const struct supermachine_elf_segment *segment = &layout->segments[i];

		if (segment->offset < first->offset ||
		    segment->offset - first->offset != segment->address - first->address ||
		    (i + 1 < layout->segment_count && segment->file_size < segment->memory_size))
			return false;
	}
	return true;
}

static bool read_layout(const struct file *file, struct supermachine_elf_layout *layout)
{
	struct reading reading = { .layout = layout };
	const struct supermachine_elf_segment *last;

	if (!is_elf(file) || !is_kernel(file) || !read_program_headers(file, &reading) ||
	    !find_pvh_entry(file, &reading.notes, &layout->pvh_entry))
		return false;
	layout->entry = number(file, ENTRY, 8);
	if (!is_code(&reading, layout->entry) || !is_code(&reading, layout->pvh_entry))
		return false;
	layout->start = layout->segments[0].address;
	if (is_flat(layout)) {
		last = &layout->segments[layout->segment_count - 1];
		layout->flat_offset = layout->segments[0].offset;
		layout->flat_size = last->offset + last->file_size - layout->flat_offset;
	}
	return true;
}

int elf_layout(const struct payload *payload, struct supermachine_elf_layout *layout)
{
	struct file file = { .length = payload->length };
	struct supermachine_elf_layout read = { 0 };

	if (layout == NULL) {
		errno = EINVAL;
		return -1;
	}
	/* The caller needs the bytes, too, and compressed ones are decoded once. */
	file.bytes = payload_bytes(payload);
	if (file.bytes == NULL)
		return -1;
	if (read_layout(&file, &read)) {
		*layout = read;
		return 0;
	}
	errno = is_image(&file) && !is_elf(&file) ? ENOTSUP : EBADMSG;
	return -1;
}
