# SPDX-License-Identifier: Apache-2.0
#
# Usage: awk -f find-payload.awk ALIGNMENT FILE LENGTH
#
# Print the offset and the size of the section with the payload in FILE, an object
# or a shared library. Fail, and print what is wrong, if section, segment or symbol
# is not as the header promises; the symbol of an object has to be of LENGTH. Print
# "unknown" if FILE is neither ELF nor Mach-O.

# read_bytes(OFFSET, COUNT): into at[], by their offsets.
function read_bytes(offset, count,    command, line, bytes, i, n) {
	command = sprintf("od -A n -v -t u1 -j %d -N %d %s 2>/dev/null", offset, count, file)
	while ((command | getline line) > 0) {
		n = split(line, bytes, " ")
		for (i = 1; i <= n; i++)
			at[offset++] = bytes[i]
	}
	close(command)
}

function number(offset, size,    i, value) {
	value = 0
	for (i = 0; i < size; i++)
		value = 256 * value + at[big_endian ? offset + i : offset + size - 1 - i]
	return value
}

function text(offset,    value) {
	for (value = ""; at[offset] > 0; offset++)
		value = value sprintf("%c", at[offset] + 0)
	return value
}

function is_set(flag, flags) {
	return int(flags / flag) % 2
}

function fail(problem) {
	print problem
	exit 1
}

function check_place(address, offset, wanted) {
	if (address % wanted != 0)
		fail("the address of the payload is not a multiple of " wanted)
	if (offset % wanted != 0)
		fail("the offset of the payload in the file is not a multiple of " wanted)
}

# --- ELF, see elf(5) ---

# A field of the ELF header or of a section's. They differ between 32 and 64 bits
# in the words that stand before them.
function elf_half(offset, words) {
	return number(offset + words * word, 2)
}
function section_word(section, words) {
	return number(section + 8 + words * word, word)
}
function flags_of(section) {
	return section_word(section, 0)
}
function address_of(section) {
	return section_word(section, 1)
}
function offset_of(section) {
	return section_word(section, 2)
}
function size_of(section) {
	return section_word(section, 3)
}
function alignment_of(section) {
	return number(section + 16 + 4 * word, word)
}
function entry_size_of(section) {
	return number(section + 16 + 5 * word, word)
}
function type_of(header) {
	return number(header, 4)
}

# Which of the sections are the payload, the symbols and the note of what an object
# needs of its stack.
function find_sections(    table, size, count, names, i, section, name) {
	table = number(24 + 2 * word, word)
	size = elf_half(34, 3)
	count = elf_half(36, 3)
	read_bytes(table, size * count)
	names = table + size * elf_half(38, 3)
	read_bytes(offset_of(names), size_of(names))
	for (i = 0; i < count; i++) {
		section = table + size * i
		name = text(offset_of(names) + number(section, 4))
		if (name == ".supermachine") {
			payload = section
			payload_index = i
		} else if (name == ".note.GNU-stack") {
			stack_note = section
			if (is_set(SHF_EXECINSTR, flags_of(section)))
				fail("it asks for an executable stack")
		} else if (type_of(section + 4) == SHT_SYMTAB) {
			symbols = section
		}
	}
	if (!payload)
		fail("it has no section .supermachine")
}

function check_section(    flags) {
	flags = flags_of(payload)
	if (type_of(payload + 4) != SHT_PROGBITS || !is_set(SHF_ALLOC, flags) ||
	    is_set(SHF_WRITE, flags) || is_set(SHF_EXECINSTR, flags))
		fail("the section with the payload is not read-only data")
	if (alignment_of(payload) % alignment != 0)
		fail("the section with the payload is aligned to " alignment_of(payload) ", not to " alignment)
}

# The only one that is not local; hidden, or a program could get a copy of the bytes.
function check_symbol(wanted_size,    size, end, symbol, info, value, globals) {
	if (!symbols || entry_size_of(symbols) == 0)
		fail("it has no symbols")
	read_bytes(offset_of(symbols), size_of(symbols))
	end = offset_of(symbols) + size_of(symbols)
	for (symbol = offset_of(symbols); symbol < end; symbol += entry_size_of(symbols)) {
		info = symbol + (word == 8 ? 4 : 12)
		value = symbol + (word == 8 ? 8 : 4)
		if (at[info] < STB_GLOBAL)
			continue
		globals++
		size = number(value + word, word)
		if (at[info] != STB_GLOBAL + STT_OBJECT || at[info + 1] % 4 != STV_HIDDEN)
			fail("the symbol of the payload is not a hidden object")
		if (number(info + 2, 2) != payload_index || number(value, word) != 0 || size != wanted_size)
			fail("the symbol of the payload does not stand for its bytes")
	}
	if (globals != 1)
		fail("it has " globals + 0 " global symbols, not 1")
}

function check_segments(    table, size, count, i, segment, flags, start, loaded) {
	table = number(24 + word, word)
	size = elf_half(30, 3)
	count = elf_half(32, 3)
	read_bytes(table, size * count)
	for (i = 0; i < count; i++) {
		segment = table + size * i
		flags = number(segment + (word == 8 ? 4 : 24), 4)
		if (type_of(segment) == PT_GNU_STACK && is_set(PF_X, flags))
			fail("it asks for an executable stack")
		start = number(segment + word, word)
		if (type_of(segment) != PT_LOAD || start > offset_of(payload) ||
		    start + number(segment + 4 * word, word) < offset_of(payload) + size_of(payload))
			continue
		loaded = 1
		if (is_set(PF_W, flags))
			fail("the payload is in a segment that can be written to")
		if (number(segment + (word == 8 ? 48 : 28), word) % alignment != 0)
			fail("the segment with the payload is not aligned to " alignment)
	}
	if (!loaded)
		fail("no segment has the payload")
}

function check_elf(length_of_asset) {
	SHT_PROGBITS = 1; SHT_SYMTAB = 2
	SHF_WRITE = 1; SHF_ALLOC = 2; SHF_EXECINSTR = 4
	PT_LOAD = 1; PT_GNU_STACK = 1685382481
	PF_X = 1; PF_W = 2
	STB_GLOBAL = 16; STT_OBJECT = 1; STV_HIDDEN = 2
	ET_REL = 1

	word = at[4] == 2 ? 8 : 4
	big_endian = at[5] == 2
	find_sections()
	check_section()
	if (number(16, 2) == ET_REL) {
		if (!stack_note)
			fail("it does not say that it needs no executable stack")
		check_symbol(length_of_asset)
	} else {
		check_place(address_of(payload), offset_of(payload), alignment)
		check_segments()
	}
	printf "%d %d\n", offset_of(payload), size_of(payload)
}

# --- Mach-O, see <mach-o/loader.h> ---

# The headers of its sections follow that of a segment.
function find_mach_o_section(    count, command, sections, section) {
	read_bytes(32, number(20, 4))
	command = 32
	for (count = number(16, 4); count > 0; count--) {
		sections = type_of(command) == LC_SEGMENT_64 ? number(command + 64, 4) : 0
		for (section = command + 72; sections > 0; sections--) {
			if (text(section) == "__supermachine" && text(section + 16) == "__TEXT")
				payload = section
			section += 80
		}
		command += number(command + 4, 4)
	}
	if (!payload)
		fail("it has no section __TEXT,__supermachine")
}

function check_mach_o(    page, wanted) {
	LC_SEGMENT_64 = 25
	CPU_TYPE_ARM64 = 16777228
	MH_OBJECT = 1

	# More than a page is not kept there: see build-aux/asset.S.
	page = number(4, 4) == CPU_TYPE_ARM64 ? 16384 : 4096
	wanted = alignment < page ? alignment : page
	find_mach_o_section()
	if (2 ^ number(payload + 52, 4) < wanted)
		fail("the section with the payload is aligned to " 2 ^ number(payload + 52, 4) ", not to " wanted)
	if (number(12, 4) != MH_OBJECT)
		check_place(number(payload + 32, 8), number(payload + 48, 4), wanted)
	printf "%d %d\n", number(payload + 48, 4), number(payload + 40, 8)
}

BEGIN {
	alignment = ARGV[1]
	# As a word of the shell.
	file = ARGV[2]
	gsub(/\047/, "\047\\\047\047", file)
	file = "\047" file "\047"

	read_bytes(0, 64)
	if (!(3 in at))
		fail("it cannot be read")
	magic = at[0] " " at[1] " " at[2] " " at[3]
	if (magic == "127 69 76 70")
		check_elf(ARGV[3])
	else if (magic == "207 250 237 254")
		check_mach_o()
	else
		print "unknown"
}
