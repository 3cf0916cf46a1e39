// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel, read by the rules of what loads it: a table of rules, each with a change
 * of the file that breaks it, so that no rule stays that cannot fail.
 *
 * Usage: kernel-format FILE
 *
 * The rules come from the loaders' sources and manuals. Where one holds for several
 * loaders, one of them is named.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

/* elf(5). */
#define HEADER_SIZE 64
#define E_TYPE 16
#define E_MACHINE 18
#define E_ENTRY 24
#define E_PHOFF 32
#define E_SHOFF 40
#define E_FLAGS 48
#define E_PHENTSIZE 54
#define E_PHNUM 56
#define E_SHENTSIZE 58
#define E_SHNUM 60
#define PH_SIZE 56
#define P_TYPE 0
#define P_FLAGS 4
#define P_OFFSET 8
#define P_VADDR 16
#define P_PADDR 24
#define P_FILESZ 32
#define P_MEMSZ 40
#define P_ALIGN 48
#define SH_SIZE 64
#define SH_TYPE 4

enum { PT_LOAD = 1,
       PT_DYNAMIC = 2,
       PT_INTERP = 3,
       PT_NOTE = 4 };
enum { SHT_SYMTAB = 2,
       SHT_RELA = 4,
       SHT_REL = 9 };

/* The header of an arm64 Image. */
#define TEXT_OFFSET 8
#define IMAGE_SIZE 16
#define FLAGS 24
#define MAGIC 56

struct file {
	unsigned char *bytes;
	uint64_t length;
};

static uint64_t get(const struct file *file, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	if (size > file->length || offset > file->length - size)
		return UINT64_MAX;
	while (size-- > 0)
		value = value << 8 | file->bytes[offset + size];
	return value;
}

static void put(struct file *file, uint64_t offset, unsigned int size, uint64_t value)
{
	for (; size > 0 && offset < file->length; size--, offset++, value >>= 8)
		file->bytes[offset] = (unsigned char)value;
}

/* --- Segments, by their numbers among all of one type; 0 if there is none. */

static uint64_t header_of(const struct file *file, uint32_t type, unsigned int number)
{
	uint64_t header = get(file, E_PHOFF, 8);
	unsigned int left = (unsigned int)get(file, E_PHNUM, 2);

	for (; left > 0 && left < 64; left--, header += PH_SIZE)
		if (get(file, header + P_TYPE, 4) == type && number-- == 0)
			return header;
	return 0;
}

#define EACH_LOAD(file, i, header) \
	(i) = 0; \
	((header) = header_of(file, PT_LOAD, i)) != 0; \
	(i)++

static uint64_t last_load(const struct file *file)
{
	uint64_t header, last = 0;
	unsigned int i;

	for (EACH_LOAD(file, i, header))
		last = header;
	return last;
}

/* Whether a segment has code from the file at that address. */
static bool is_code(const struct file *file, uint64_t address)
{
	uint64_t header;
	unsigned int i;

	for (EACH_LOAD(file, i, header)) {
		uint64_t start = get(file, header + P_PADDR, 8);

		if (get(file, header + P_FLAGS, 4) & 1 && address >= start &&
		    address - start < get(file, header + P_FILESZ, 8))
			return true;
	}
	return false;
}

/*
 * Where the note with the PVH entry is: as QEMU looks for it, with the alignment that
 * the segment asks for.
 */
static uint64_t pvh_note(const struct file *file)
{
	uint64_t header = header_of(file, PT_NOTE, 0), note = get(file, header + P_OFFSET, 8);
	uint64_t end = note + get(file, header + P_FILESZ, 8), align = get(file, header + P_ALIGN, 8);

	if (header == 0 || (align != 4 && align != 8))
		return 0;
	while (note + 12 <= end && end <= file->length) {
		uint64_t name = get(file, note, 4), value = get(file, note + 4, 4);

		if (get(file, note + 8, 4) == 18 && name == 4 && get(file, note + 12, 4) == 0x006e6558)
			return note;
		note += 12 + (name + align - 1) / align * align + (value + align - 1) / align * align;
	}
	return 0;
}

static uint64_t pvh_entry(const struct file *file)
{
	uint64_t note = pvh_note(file);

	return note == 0 ? UINT64_MAX : get(file, note + 16, 8);
}

static bool has_section(const struct file *file, uint32_t type)
{
	uint64_t header = get(file, E_SHOFF, 8);
	unsigned int left = (unsigned int)get(file, E_SHNUM, 2);

	for (; left > 0; left--, header += SH_SIZE)
		if (get(file, header + SH_TYPE, 4) == type)
			return true;
	return false;
}

/* --- Rules of ELF loaders: whether the file keeps it, and how a file breaks it. */

static bool is_64_bit(const struct file *file)
{
	return file->bytes[4] == 2;
}

static void break_64_bit(struct file *file)
{
	put(file, 4, 1, 1);
}

static bool is_little_endian(const struct file *file)
{
	return file->bytes[5] == 1 && file->bytes[6] == 1;
}

static void break_little_endian(struct file *file)
{
	put(file, 5, 1, 2);
}

static bool is_executable(const struct file *file)
{
	return get(file, E_TYPE, 2) == 2;
}

static void break_executable(struct file *file)
{
	put(file, E_TYPE, 2, 3);
}

static bool is_for_x86(const struct file *file)
{
	return get(file, E_MACHINE, 2) == 62;
}

static void break_for_x86(struct file *file)
{
	put(file, E_MACHINE, 2, 183);
}

static bool has_program_headers(const struct file *file)
{
	return get(file, E_PHENTSIZE, 2) == PH_SIZE;
}

static void break_program_headers(struct file *file)
{
	put(file, E_PHENTSIZE, 2, 32);
}

static bool has_headers_in_place(const struct file *file)
{
	return get(file, E_PHOFF, 8) >= HEADER_SIZE &&
	       get(file, E_PHOFF, 8) + get(file, E_PHNUM, 2) * PH_SIZE <= 4 * KIB;
}

static void break_headers_in_place(struct file *file)
{
	put(file, E_PHOFF, 8, file->length - PH_SIZE);
}

static bool has_no_address_flags(const struct file *file)
{
	return (get(file, E_FLAGS, 4) & 0x00010004) == 0;
}

static void break_no_address_flags(struct file *file)
{
	put(file, E_FLAGS, 4, 4);
}

static bool has_no_setup_header(const struct file *file)
{
	return get(file, 0x202, 4) != 0x53726448;
}

static void break_no_setup_header(struct file *file)
{
	put(file, 0x202, 4, 0x53726448);
}

static bool has_no_multiboot_header(const struct file *file)
{
	uint64_t i;

	for (i = 0; i < 8192 - 48; i += 4)
		if (get(file, i, 4) == 0x1badb002 &&
		    (uint32_t)(get(file, i, 4) + get(file, i + 4, 4) + get(file, i + 8, 4)) == 0)
			return false;
	return true;
}

static void break_no_multiboot_header(struct file *file)
{
	put(file, 4096, 4, 0x1badb002);
	put(file, 4100, 4, 0);
	put(file, 4104, 4, -(uint64_t)0x1badb002);
}

static bool has_pvh_note(const struct file *file)
{
	return pvh_note(file) != 0;
}

static void break_pvh_note(struct file *file)
{
	put(file, pvh_note(file) + 8, 4, 17);
}

static bool has_notes_once(const struct file *file)
{
	return header_of(file, PT_NOTE, 1) == 0;
}

static void break_notes_once(struct file *file)
{
	put(file, last_load(file) + P_TYPE, 4, PT_NOTE);
}

static bool has_aligned_notes(const struct file *file)
{
	return get(file, header_of(file, PT_NOTE, 0) + P_ALIGN, 8) == 4;
}

static void break_aligned_notes(struct file *file)
{
	put(file, header_of(file, PT_NOTE, 0) + P_ALIGN, 8, 8);
}

static bool has_wide_pvh_entry(const struct file *file)
{
	return get(file, pvh_note(file) + 4, 4) == 8;
}

static void break_wide_pvh_entry(struct file *file)
{
	put(file, pvh_note(file) + 4, 4, 4);
}

static bool has_pvh_entry_in_32_bits(const struct file *file)
{
	return pvh_entry(file) <= UINT32_MAX;
}

static void break_pvh_entry_in_32_bits(struct file *file)
{
	put(file, pvh_note(file) + 20, 4, 1);
}

static bool has_pvh_entry_in_code(const struct file *file)
{
	return is_code(file, pvh_entry(file));
}

static void break_pvh_entry_in_code(struct file *file)
{
	put(file, pvh_note(file) + 16, 4, 0x1000);
}

static bool has_entry_in_high_memory(const struct file *file)
{
	return get(file, E_ENTRY, 8) >= MIB;
}

static void break_entry_in_high_memory(struct file *file)
{
	put(file, E_ENTRY, 8, MIB - 1);
}

static bool has_entry_in_code(const struct file *file)
{
	return is_code(file, get(file, E_ENTRY, 8));
}

static void break_entry_in_code(struct file *file)
{
	put(file, E_ENTRY, 8, get(file, E_ENTRY, 8) + UINT64_C(0xffffffff80000000));
}

static bool has_all_bytes(const struct file *file)
{
	uint64_t header;
	unsigned int i;

	for (EACH_LOAD(file, i, header)) {
		uint64_t offset = get(file, header + P_OFFSET, 8), size = get(file, header + P_FILESZ, 8);

		if (size > file->length || offset > file->length - size)
			return false;
	}
	return i > 0;
}

static void break_all_bytes(struct file *file)
{
	put(file, last_load(file) + P_OFFSET, 8, file->length - 1);
}

static bool has_bytes_in_each(const struct file *file)
{
	uint64_t header;
	unsigned int i;

	for (EACH_LOAD(file, i, header)) {
		uint64_t size = get(file, header + P_FILESZ, 8);

		if (size == 0 || size > get(file, header + P_MEMSZ, 8))
			return false;
	}
	return true;
}

static void break_bytes_in_each(struct file *file)
{
	put(file, last_load(file) + P_FILESZ, 8, 0);
}

static bool is_above_2_mib(const struct file *file)
{
	uint64_t header;
	unsigned int i;

	for (EACH_LOAD(file, i, header))
		if (get(file, header + P_PADDR, 8) < 2 * MIB)
			return false;
	return true;
}

static void break_above_2_mib(struct file *file)
{
	put(file, header_of(file, PT_LOAD, 0) + P_PADDR, 8, MIB);
}

static bool is_in_low_memory(const struct file *file)
{
	uint64_t header;
	unsigned int i;

	for (EACH_LOAD(file, i, header))
		if (get(file, header + P_PADDR, 8) > 64 * MIB || get(file, header + P_MEMSZ, 8) > 64 * MIB)
			return false;
	return true;
}

static void break_low_memory(struct file *file)
{
	put(file, last_load(file) + P_PADDR, 8, 3072 * MIB);
}

static bool is_ascending(const struct file *file)
{
	uint64_t header, end = 0;
	unsigned int i;

	for (EACH_LOAD(file, i, header)) {
		if (get(file, header + P_PADDR, 8) < end)
			return false;
		end = get(file, header + P_PADDR, 8) + get(file, header + P_MEMSZ, 8);
	}
	return true;
}

static void break_ascending(struct file *file)
{
	uint64_t first = get(file, header_of(file, PT_LOAD, 0) + P_PADDR, 8);

	put(file, header_of(file, PT_LOAD, 1) + P_PADDR, 8, first + 4096);
}

static bool begins_at_2_mib(const struct file *file)
{
	return get(file, header_of(file, PT_LOAD, 0) + P_PADDR, 8) % (2 * MIB) == 0;
}

static void break_begins_at_2_mib(struct file *file)
{
	uint64_t header = header_of(file, PT_LOAD, 0);

	put(file, header + P_PADDR, 8, get(file, header + P_PADDR, 8) - 4096);
}

static bool asks_for_large_pages(const struct file *file)
{
	uint64_t header;
	unsigned int i;

	for (EACH_LOAD(file, i, header))
		if (get(file, header + P_ALIGN, 8) % (2 * MIB) != 0)
			return false;
	return true;
}

static void break_large_pages(struct file *file)
{
	put(file, header_of(file, PT_LOAD, 0) + P_ALIGN, 8, 8192);
}

static bool has_virtual_start(const struct file *file)
{
	uint64_t header = header_of(file, PT_LOAD, 0);

	return (get(file, header + P_VADDR, 8) & 0xfffffff) == get(file, header + P_PADDR, 8);
}

static void break_virtual_start(struct file *file)
{
	put(file, header_of(file, PT_LOAD, 0) + P_VADDR, 8, UINT64_C(0xffffffff82000000));
}

/* The rest of the page of the last segment is zeroed by who maps it. */
static bool has_pages(const struct file *file)
{
	uint64_t header;
	unsigned int i;

	for (EACH_LOAD(file, i, header))
		if (get(file, header + P_PADDR, 8) % (4 * KIB) != 0 || get(file, header + P_OFFSET, 8) % (4 * KIB) != 0)
			return false;
	return true;
}

static void break_pages(struct file *file)
{
	uint64_t header = last_load(file);

	put(file, header + P_OFFSET, 8, get(file, header + P_OFFSET, 8) + 16);
}

static bool lies_as_in_memory(const struct file *file)
{
	uint64_t header, first = header_of(file, PT_LOAD, 0);
	uint64_t difference = get(file, first + P_PADDR, 8) - get(file, first + P_OFFSET, 8);
	unsigned int i;

	for (EACH_LOAD(file, i, header))
		if (get(file, header + P_PADDR, 8) - get(file, header + P_OFFSET, 8) != difference)
			return false;
	return true;
}

static void break_as_in_memory(struct file *file)
{
	uint64_t header = last_load(file);

	put(file, header + P_PADDR, 8, get(file, header + P_PADDR, 8) + 4096);
}

static bool has_zeros_at_the_end_only(const struct file *file)
{
	uint64_t header, last = last_load(file);
	unsigned int i;

	for (EACH_LOAD(file, i, header))
		if (header != last && get(file, header + P_FILESZ, 8) != get(file, header + P_MEMSZ, 8))
			return false;
	return true;
}

static void break_zeros_at_the_end(struct file *file)
{
	uint64_t header = header_of(file, PT_LOAD, 0);

	put(file, header + P_FILESZ, 8, get(file, header + P_FILESZ, 8) - 16);
}

static bool has_no_hole(const struct file *file)
{
	uint64_t header, end = 0, i;
	unsigned int n;

	for (EACH_LOAD(file, n, header)) {
		if (get(file, header + P_OFFSET, 8) - end >= MIB)
			return false;
		end = get(file, header + P_OFFSET, 8) + get(file, header + P_FILESZ, 8);
	}
	/* Nor one inside a segment: a large page that is filled up with one byte. */
	for (i = 0, n = 0; i < file->length && n < MIB; i++)
		n = i > 0 && file->bytes[i] == file->bytes[i - 1] ? n + 1 : 0;
	return n < MIB && file->length - end < MIB;
}

static void break_no_hole(struct file *file)
{
	memset(file->bytes + file->length / 2, 0xcc, MIB + 1);
}

static bool is_stripped(const struct file *file)
{
	return !has_section(file, SHT_SYMTAB);
}

static void break_stripped(struct file *file)
{
	put(file, get(file, E_SHOFF, 8) + SH_SIZE + SH_TYPE, 4, SHT_SYMTAB);
}

static bool has_no_relocations(const struct file *file)
{
	return !has_section(file, SHT_RELA) && !has_section(file, SHT_REL);
}

static void break_no_relocations(struct file *file)
{
	put(file, get(file, E_SHOFF, 8) + SH_SIZE + SH_TYPE, 4, SHT_RELA);
}

static bool needs_no_linker(const struct file *file)
{
	return header_of(file, PT_INTERP, 0) == 0 && header_of(file, PT_DYNAMIC, 0) == 0;
}

static void break_no_linker(struct file *file)
{
	put(file, last_load(file) + P_TYPE, 4, PT_INTERP);
}

struct rule {
	const char *loader;
	const char *text;
	bool (*holds)(const struct file *file);
	void (*break_it)(struct file *file);
};

static const struct rule elf_rules[] = {
	{ "QEMU", "its machine is x86_64", is_for_x86, break_for_x86 },
	{ "QEMU", "no flag says that a multiboot header has addresses", has_no_address_flags,
	  break_no_address_flags },
	{ "QEMU", "it is not taken for a bzImage", has_no_setup_header, break_no_setup_header },
	{ "QEMU", "it is not taken for a multiboot kernel", has_no_multiboot_header,
	  break_no_multiboot_header },
	{ "QEMU", "its notes are at multiples of 4 bytes, and say so", has_aligned_notes,
	  break_aligned_notes },
	{ "QEMU", "the value of its PVH note has 8 bytes", has_wide_pvh_entry, break_wide_pvh_entry },
	{ "linux-loader (Firecracker, cloud-hypervisor, libkrun)", "it is little-endian", is_little_endian,
	  break_little_endian },
	{ "linux-loader", "its program headers have the size of 64-bit ones", has_program_headers,
	  break_program_headers },
	{ "linux-loader", "its program headers follow its header", has_headers_in_place,
	  break_headers_in_place },
	{ "linux-loader", "its entry is at 1 MiB or higher", has_entry_in_high_memory,
	  break_entry_in_high_memory },
	{ "linux-loader", "every segment has bytes in the file, or its memory would not be kept free",
	  has_bytes_in_each, break_bytes_in_each },
	{ "linux-loader", "all bytes of its segments are in the file", has_all_bytes, break_all_bytes },
	{ "linux-loader", "it has notes in one place, or the last one would count", has_notes_once,
	  break_notes_once },
	{ "linux-loader, as proposed, and Linux itself",
	  "the alignment of its segments is none or a multiple of 2 MiB", asks_for_large_pages,
	  break_large_pages },
	{ "cloud-hypervisor", "it has a PVH note", has_pvh_note, break_pvh_note },
	{ "crosvm", "it has 64 bits", is_64_bit, break_64_bit },
	{ "crosvm", "its segments are at 2 MiB or higher", is_above_2_mib, break_above_2_mib },
	{ "crosvm", "its segments ascend and do not overlap", is_ascending, break_ascending },
	{ "libkrun", "its first virtual address is the physical one and the kernel's base",
	  has_virtual_start, break_virtual_start },
	{ "a VMM that maps segments", "they are at whole pages, in memory and in the file", has_pages,
	  break_pages },
	{ "a VMM that maps it as a whole", "its segments lie in the file as in memory", lies_as_in_memory,
	  break_as_in_memory },
	{ "a VMM that maps it as a whole", "only its last segment has memory of its own",
	  has_zeros_at_the_end_only, break_zeros_at_the_end },
	{ "PVH", "its PVH entry has 32 bits", has_pvh_entry_in_32_bits, break_pvh_entry_in_32_bits },
	{ "PVH", "its PVH entry is code that comes from the file", has_pvh_entry_in_code,
	  break_pvh_entry_in_code },
	{ "Linux", "its entry is the physical address of code that comes from the file", has_entry_in_code,
	  break_entry_in_code },
	{ "Linux", "it begins at a multiple of 2 MiB", begins_at_2_mib, break_begins_at_2_mib },
	{ "small guests", "it is in the first 128 MiB", is_in_low_memory, break_low_memory },
	{ "no loader relocates it", "it is an executable file", is_executable, break_executable },
	{ "no loader relocates it", "it has no relocations", has_no_relocations, break_no_relocations },
	{ "no loader relocates it", "it needs no dynamic linker", needs_no_linker, break_no_linker },
	{ "size", "it has no hole of a megabyte", has_no_hole, break_no_hole },
	{ "size", "it has no symbol table", is_stripped, break_stripped },
};

/* --- Rules for an arm64 Image: Documentation/arch/arm64/booting.rst, and loaders'. */

static bool has_magic(const struct file *file)
{
	return get(file, MAGIC, 4) == 0x644d5241;
}

static void break_magic(struct file *file)
{
	put(file, MAGIC, 1, 'a');
}

static bool says_its_size(const struct file *file)
{
	return get(file, IMAGE_SIZE, 8) >= file->length;
}

static void break_its_size(struct file *file)
{
	put(file, IMAGE_SIZE, 8, 0);
}

static bool is_little_endian_image(const struct file *file)
{
	return (get(file, FLAGS, 8) & 1) == 0;
}

static void break_little_endian_image(struct file *file)
{
	put(file, FLAGS, 1, get(file, FLAGS, 1) | 1);
}

static bool has_small_pages(const struct file *file)
{
	return (get(file, FLAGS, 8) >> 1 & 3) == 1;
}

static void break_small_pages(struct file *file)
{
	put(file, FLAGS, 1, get(file, FLAGS, 1) ^ 6);
}

static bool goes_anywhere(const struct file *file)
{
	return (get(file, FLAGS, 8) >> 3 & 1) == 1;
}

static void break_anywhere(struct file *file)
{
	put(file, FLAGS, 1, get(file, FLAGS, 1) ^ 8);
}

static bool has_no_text_offset(const struct file *file)
{
	return get(file, TEXT_OFFSET, 8) == 0;
}

static void break_text_offset(struct file *file)
{
	put(file, TEXT_OFFSET, 8, 0x80000);
}

/* The rest of flags and what comes after it is for later. */
static bool has_zeros_reserved(const struct file *file)
{
	return get(file, FLAGS, 8) >> 4 == 0 && get(file, 32, 8) == 0 && get(file, 40, 8) == 0 &&
	       get(file, 48, 8) == 0;
}

static void break_zeros_reserved(struct file *file)
{
	put(file, 40, 8, 1);
}

/* The first instruction or the second one is a branch; the first may be "MZ" for EFI. */
static bool begins_with_code(const struct file *file)
{
	return get(file, 0, 4) >> 26 == 5 || get(file, 4, 4) >> 26 == 5;
}

static void break_begins_with_code(struct file *file)
{
	put(file, 0, 8, 0);
}

static const struct rule image_rules[] = {
	{ "every loader", "it has the magic number", has_magic, break_magic },
	{ "every loader", "it says its size, no less than the file", says_its_size, break_its_size },
	{ "crosvm", "it is little-endian", is_little_endian_image, break_little_endian_image },
	{ "libkrun", "it goes to the start of the memory", has_no_text_offset, break_text_offset },
	{ "Linux", "its pages have 4 KiB", has_small_pages, break_small_pages },
	{ "Linux", "it goes anywhere in the memory", goes_anywhere, break_anywhere },
	{ "Linux", "what is reserved is zero", has_zeros_reserved, break_zeros_reserved },
	{ "Linux", "it begins with a branch", begins_with_code, break_begins_with_code },
};

/* --- */

static int count;

static void report(bool good, const struct rule *rule, const char *what)
{
	printf("%sok %d - %s: %s%s\n", good ? "" : "not ", ++count, rule->loader, rule->text, what);
}

static void try_rule(const struct file *file, const struct rule *rule)
{
	struct file broken = { malloc(file->length), file->length };

	if (broken.bytes == NULL)
		exit(EXIT_FAILURE);
	memcpy(broken.bytes, file->bytes, file->length);
	report(rule->holds(file), rule, "");
	rule->break_it(&broken);
	report(!rule->holds(&broken), rule, ", and a file for which that is not so is refused");
	free(broken.bytes);
}

static bool read_file(const char *path, struct file *file)
{
	FILE *stream = fopen(path, "rb");
	long length;
	bool good;

	if (stream == NULL)
		return false;
	good = fseek(stream, 0, SEEK_END) == 0 && (length = ftell(stream)) >= (long)(3 * MIB) &&
	       fseek(stream, 0, SEEK_SET) == 0;
	if (good) {
		file->length = (uint64_t)length;
		file->bytes = malloc(file->length);
		good = file->bytes != NULL && fread(file->bytes, 1, file->length, stream) == file->length;
	}
	fclose(stream);
	return good;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int main(int argc, char **argv)
{
	const struct rule *rules = image_rules;
	size_t rules_count = COUNT(image_rules), i;
	struct file file = { NULL, 0 };

	if (argc != 2 || !read_file(argv[1], &file)) {
		puts("Bail out! the kernel cannot be read, or is too short to be one");
		return EXIT_FAILURE;
	}
	if (memcmp(file.bytes, "\177ELF", 4) == 0) {
		rules = elf_rules;
		rules_count = COUNT(elf_rules);
	}
	for (i = 0; i < rules_count; i++)
		try_rule(&file, &rules[i]);
	printf("1..%d\n", count);
	free(file.bytes);
	return EXIT_SUCCESS;
}
