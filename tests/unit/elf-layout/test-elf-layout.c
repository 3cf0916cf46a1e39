// SPDX-License-Identifier: Apache-2.0
/* The headers of an ELF kernel, and every way in which they can be wrong. */
#include <check.h>
#include <config.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf-layout.h"

/* A kernel of two segments, whose notes are in the first one, as in vmlinux. */
#define CODE 0x1000
#define NOTES 0x1f00
#define NOTES_SIZE 64
#define XEN_NOTE (NOTES + 20)
#define DATA 0x2000
#define DATA_SIZE 0x800
#define FILE_SIZE (DATA + DATA_SIZE)
#define ADDRESS 0x1000000
#define DATA_ADDRESS (ADDRESS + DATA - CODE)
#define ENTRY (ADDRESS + 0x123)
#define PVH_ENTRY (ADDRESS + 0x456)

/* Where the fields are. */
#define HEADERS 64
#define HEADER(i) (HEADERS + 56 * (i))
#define TYPE(i) HEADER(i)
#define FLAGS(i) (HEADER(i) + 4)
#define OFFSET(i) (HEADER(i) + 8)
#define PADDR(i) (HEADER(i) + 24)
#define FILESZ(i) (HEADER(i) + 32)
#define MEMSZ(i) (HEADER(i) + 40)

/* The file is what the test says; a compressed one may fail to be decoded. */
static int decoding_error;

const unsigned char *payload_bytes(const struct payload *payload)
{
	if (decoding_error != 0) {
		errno = decoding_error;
		return NULL;
	}
	return payload->embedded;
}

static void put(unsigned char *file, size_t offset, unsigned int size, uint64_t value)
{
	for (; size > 0; size--, offset++, value >>= 8)
		file[offset] = (unsigned char)value;
}

static void put_segment(unsigned char *file, unsigned int i, uint32_t type, uint32_t flags,
			uint64_t offset, uint64_t address, uint64_t file_size, uint64_t memory_size)
{
	put(file, TYPE(i), 4, type);
	put(file, FLAGS(i), 4, flags);
	put(file, OFFSET(i), 8, offset);
	put(file, HEADER(i) + 16, 8, address + UINT64_C(0xffffffff80000000));
	put(file, PADDR(i), 8, address);
	put(file, FILESZ(i), 8, file_size);
	put(file, MEMSZ(i), 8, memory_size);
}

/* Returns what comes after the note. */
static size_t put_note(unsigned char *file, size_t note, const char *name, uint32_t type,
		       uint32_t size, uint64_t value)
{
	const size_t name_size = strlen(name) + 1;

	put(file, note, 4, name_size);
	put(file, note + 4, 4, size);
	put(file, note + 8, 4, type);
	memcpy(file + note + 12, name, name_size);
	note += 12 + (name_size + 3) / 4 * 4;
	put(file, note, size < 8 ? size : 8, value);
	return note + (size + 3) / 4 * 4;
}

/* Of exactly its size, so that a sanitizer sees every read beyond it. */
static unsigned char *make_kernel(void)
{
	unsigned char *file = calloc(1, FILE_SIZE);
	size_t end;

	ck_assert_ptr_nonnull(file);
	memcpy(file, "\177ELF\2\1\1", 7);
	put(file, 16, 2, 2);
	put(file, 18, 2, 62);
	put(file, 20, 4, 1);
	put(file, 24, 8, ENTRY);
	put(file, 32, 8, HEADERS);
	put(file, 52, 2, 64);
	put(file, 54, 2, 56);
	put(file, 56, 2, 3);
	put_segment(file, 0, 1, 5, CODE, ADDRESS, DATA - CODE, DATA - CODE);
	put_segment(file, 1, 1, 6, DATA, DATA_ADDRESS, DATA_SIZE, DATA_SIZE + 0x3000);
	put_segment(file, 2, 4, 0, NOTES, ADDRESS + NOTES - CODE, NOTES_SIZE, NOTES_SIZE);
	end = put_note(file, NOTES, "GNU", 3, 1, 0xff);
	ck_assert_uint_eq(end, XEN_NOTE);
	end = put_note(file, end, "Xen", 18, 8, PVH_ENTRY);
	end = put_note(file, end, "Linux", 257, 0, 0);
	ck_assert_uint_eq(end, NOTES + NOTES_SIZE);
	return file;
}

static int layout_of(const unsigned char *file, size_t length, struct supermachine_elf_layout *layout)
{
	const struct payload payload = { .embedded = file, .embedded_length = length, .length = length };

	errno = 0;
	return elf_layout(&payload, layout);
}

static void assert_layout(const unsigned char *file, struct supermachine_elf_layout *layout)
{
	ck_assert_int_eq(layout_of(file, FILE_SIZE, layout), 0);
}

/* Nothing is stored, either. */
static void assert_fails(const unsigned char *file, size_t length, int error)
{
	struct supermachine_elf_layout layout, before;

	memset(&layout, 0x5a, sizeof(layout));
	memcpy(&before, &layout, sizeof(layout));
	ck_assert_int_eq(layout_of(file, length, &layout), -1);
	ck_assert_int_eq(errno, error);
	ck_assert_int_eq(memcmp(&layout, &before, sizeof(layout)), 0);
}

START_TEST(a_kernel_has_its_layout)
{
	unsigned char *file = make_kernel();
	struct supermachine_elf_layout layout;

	assert_layout(file, &layout);
	ck_assert_uint_eq(layout.entry, ENTRY);
	ck_assert_uint_eq(layout.pvh_entry, PVH_ENTRY);
	ck_assert_uint_eq(layout.start, ADDRESS);
	ck_assert_uint_eq(layout.end, DATA_ADDRESS + DATA_SIZE + 0x3000);
	ck_assert_uint_eq(layout.flat_offset, CODE);
	ck_assert_uint_eq(layout.flat_size, FILE_SIZE - CODE);
	ck_assert_uint_eq(layout.segment_count, 2);
	ck_assert_uint_eq(layout.segments[0].offset, CODE);
	ck_assert_uint_eq(layout.segments[0].address, ADDRESS);
	ck_assert_uint_eq(layout.segments[0].file_size, DATA - CODE);
	ck_assert_uint_eq(layout.segments[0].memory_size, DATA - CODE);
	ck_assert_uint_eq(layout.segments[1].offset, DATA);
	ck_assert_uint_eq(layout.segments[1].address, DATA_ADDRESS);
	ck_assert_uint_eq(layout.segments[1].file_size, DATA_SIZE);
	ck_assert_uint_eq(layout.segments[1].memory_size, DATA_SIZE + 0x3000);
	ck_assert_uint_eq(layout.segments[2].memory_size, 0);
	free(file);
}
END_TEST

/* One field with one value. */
struct change {
	const char *what;
	size_t offset;
	unsigned int size;
	uint64_t value;
};

static const struct change wrong[] = {
	{ "magic", 0, 1, 0x7e },
	{ "32 bits", 4, 1, 1 },
	{ "big-endian", 5, 1, 2 },
	{ "an object file", 16, 2, 1 },
	{ "another machine", 18, 2, 183 },
	{ "no program headers", 56, 2, 0 },
	{ "program headers of another size", 54, 2, 64 },
	{ "program headers after the end", 32, 8, FILE_SIZE },
	{ "program headers beyond the end", 32, 8, FILE_SIZE - 2 * 56 },
	{ "program headers at the end of all numbers", 32, 8, UINT64_MAX - 3 * 56 + 1 },
	{ "as many program headers as can be", 56, 2, 0xffff },
	{ "an entry before the kernel", 24, 8, ADDRESS - 1 },
	{ "an entry in data", 24, 8, DATA_ADDRESS },
	{ "an entry after the kernel", 24, 8, UINT64_MAX },
	{ "a virtual entry", 24, 8, UINT64_C(0xffffffff81000123) },
	{ "a segment in the file after its end", OFFSET(1), 8, FILE_SIZE },
	{ "a segment in the file beyond its end", OFFSET(1), 8, DATA + 1 },
	{ "a segment at the end of all offsets", OFFSET(1), 8, UINT64_MAX - DATA_SIZE + 1 },
	{ "a segment longer than the file", FILESZ(1), 8, DATA_SIZE + 1 },
	{ "a segment as long as can be", FILESZ(1), 8, UINT64_MAX },
	{ "a segment with less memory than file", MEMSZ(1), 8, DATA_SIZE - 1 },
	{ "a segment with file and no memory", MEMSZ(1), 8, 0 },
	{ "a segment with as much memory as can be", MEMSZ(1), 8, UINT64_MAX },
	{ "a segment at the end of all addresses", PADDR(1), 8, UINT64_MAX - DATA_SIZE },
	{ "a segment in another", PADDR(1), 8, ADDRESS + 1 },
	{ "a segment that begins in another", PADDR(1), 8, DATA_ADDRESS - 1 },
	{ "a segment that comes before another", PADDR(1), 8, ADDRESS - 0x100000 },
	{ "a segment that cannot be executed", FLAGS(0), 4, 4 },
	{ "no segment with code", TYPE(0), 4, 0x70000000 },
	{ "no notes", TYPE(2), 4, 0x70000000 },
	{ "notes twice", TYPE(1), 4, 4 },
	{ "notes in the file after its end", OFFSET(2), 8, FILE_SIZE },
	{ "notes at the end of all offsets", OFFSET(2), 8, UINT64_MAX - NOTES_SIZE + 1 },
	{ "notes longer than the file", FILESZ(2), 8, UINT64_MAX },
	{ "notes that end in a header", FILESZ(2), 8, 20 + 11 },
	{ "notes that end in a name", FILESZ(2), 8, 20 + 13 },
	{ "notes that end in a value", FILESZ(2), 8, 20 + 16 + 7 },
	{ "notes that are none", FILESZ(2), 8, 0 },
	{ "a note before with a name as long as can be", NOTES, 4, UINT32_MAX },
	{ "a note before with a value as long as can be", NOTES + 4, 4, UINT32_MAX },
	{ "another note", XEN_NOTE + 8, 4, 19 },
	{ "a note of another owner", XEN_NOTE + 12, 4, 0x006e6558 + 1 },
	{ "a note of an owner with a longer name", XEN_NOTE, 4, 5 },
	{ "a note with a value too short", XEN_NOTE + 4, 4, 3 },
	{ "a note with a value of another size", XEN_NOTE + 4, 4, 12 },
	{ "a note without a value", XEN_NOTE + 4, 4, 0 },
	{ "a PVH entry of more than 32 bits", XEN_NOTE + 16 + 4, 4, 1 },
	{ "a PVH entry before the kernel", XEN_NOTE + 16, 4, ADDRESS - 1 },
	{ "a PVH entry in data", XEN_NOTE + 16, 4, DATA_ADDRESS },
	{ "no PVH entry", XEN_NOTE + 16, 4, 0 },
};

START_TEST(what_is_wrong_is_refused)
{
	const struct change *change = &wrong[_i];
	unsigned char *file = make_kernel();

	put(file, change->offset, change->size, change->value);
	ck_assert_msg(layout_of(file, FILE_SIZE, &(struct supermachine_elf_layout){ 0 }) == -1, "%s",
		      change->what);
	assert_fails(file, FILE_SIZE, EBADMSG);
	free(file);
}
END_TEST

/* Wherever it ends, all that it says of itself is no longer there. */
START_TEST(what_is_cut_short_is_refused)
{
	unsigned char *file = make_kernel();
	size_t length;

	for (length = 0; length < FILE_SIZE; length++) {
		unsigned char *part = malloc(length + 1);

		ck_assert_ptr_nonnull(part);
		memcpy(part + 1, file, length);
		assert_fails(part + 1, length, EBADMSG);
		free(part);
	}
	free(file);
}
END_TEST

static const struct change not_flat[] = {
	{ "a segment elsewhere in the file", OFFSET(1), 8, DATA - 0x800 },
	{ "a segment before the first one in the file", OFFSET(1), 8, 0 },
	{ "a segment elsewhere in memory", PADDR(1), 8, DATA_ADDRESS + 0x200000 },
	{ "memory of its own behind the first segment", FILESZ(0), 8, DATA - CODE - 1 },
	{ "a first segment not at a page", OFFSET(0), 8, CODE - 1 },
};

START_TEST(segments_elsewhere_are_not_flat)
{
	unsigned char *file = make_kernel();
	struct supermachine_elf_layout layout;

	put(file, not_flat[_i].offset, not_flat[_i].size, not_flat[_i].value);
	assert_layout(file, &layout);
	ck_assert_msg(layout.flat_size == 0 && layout.flat_offset == 0, "%s", not_flat[_i].what);
	ck_assert_uint_eq(layout.segment_count, 2);
	ck_assert_uint_eq(layout.start, ADDRESS);
	ck_assert_uint_eq(layout.end, layout.segments[1].address + layout.segments[1].memory_size);
	free(file);
}
END_TEST

/* As it is with vmlinux of other kernels: a value of 32 bits, and nothing after it. */
START_TEST(a_pvh_entry_may_have_32_bits_and_be_the_last_note)
{
	unsigned char *file = make_kernel();
	struct supermachine_elf_layout layout;

	ck_assert_uint_eq(put_note(file, XEN_NOTE, "Xen", 18, 4, PVH_ENTRY), XEN_NOTE + 20);
	put(file, FILESZ(2), 8, 20 + 20);
	assert_layout(file, &layout);
	ck_assert_uint_eq(layout.pvh_entry, PVH_ENTRY);
	free(file);
}
END_TEST

START_TEST(a_segment_without_memory_is_none)
{
	unsigned char *file = make_kernel();
	struct supermachine_elf_layout layout;

	put(file, FILESZ(1), 8, 0);
	put(file, MEMSZ(1), 8, 0);
	assert_layout(file, &layout);
	ck_assert_uint_eq(layout.segment_count, 1);
	ck_assert_uint_eq(layout.end, DATA_ADDRESS);
	free(file);
}
END_TEST

/* Program headers anywhere in the file, and as many as there is room for. */
static void put_many(unsigned char *file, unsigned int count)
{
	unsigned int i;

	put(file, 56, 2, count + 1);
	put_segment(file, 0, 4, 0, NOTES, 0, NOTES_SIZE, NOTES_SIZE);
	for (i = 0; i < count; i++)
		put_segment(file, i + 1, 1, 5, CODE + i, ADDRESS + i * 0x1000, 0x800, 0x1000);
}

START_TEST(segments_are_bounded)
{
	unsigned char *file = make_kernel();
	struct supermachine_elf_layout layout;

	put_many(file, SUPERMACHINE_KERNEL_SEGMENTS_MAX);
	assert_layout(file, &layout);
	ck_assert_uint_eq(layout.segment_count, SUPERMACHINE_KERNEL_SEGMENTS_MAX);
	ck_assert_uint_eq(layout.end, ADDRESS + SUPERMACHINE_KERNEL_SEGMENTS_MAX * 0x1000);
	put_many(file, SUPERMACHINE_KERNEL_SEGMENTS_MAX + 1);
	assert_fails(file, FILE_SIZE, EBADMSG);
	free(file);
}
END_TEST

START_TEST(an_image_has_no_such_layout)
{
	unsigned char *file = make_kernel();

	memset(file, 0, 64);
	memcpy(file + 56, "ARM\x64", 4);
	assert_fails(file, FILE_SIZE, ENOTSUP);
	assert_fails(file, 63, EBADMSG);
	free(file);
}
END_TEST

START_TEST(errors_of_caller_and_payload_are_told)
{
	unsigned char *file = make_kernel();

	ck_assert_int_eq(layout_of(file, FILE_SIZE, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	decoding_error = ENOMEM;
	assert_fails(file, FILE_SIZE, ENOMEM);
	decoding_error = 0;
	free(file);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	Suite *suite = suite_create("elf-layout");
	TCase *layout = tcase_create("layout");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(layout, a_kernel_has_its_layout);
	tcase_add_loop_test(layout, what_is_wrong_is_refused, 0, COUNT(wrong));
	tcase_add_test(layout, what_is_cut_short_is_refused);
	tcase_add_loop_test(layout, segments_elsewhere_are_not_flat, 0, COUNT(not_flat));
	tcase_add_test(layout, a_pvh_entry_may_have_32_bits_and_be_the_last_note);
	tcase_add_test(layout, a_segment_without_memory_is_none);
	tcase_add_test(layout, segments_are_bounded);
	tcase_add_test(layout, an_image_has_no_such_layout);
	tcase_add_test(layout, errors_of_caller_and_payload_are_told);
	suite_add_tcase(suite, layout);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	/* The TAP driver reads what failed; the status says only that all ran. */
	return EXIT_SUCCESS;
}
