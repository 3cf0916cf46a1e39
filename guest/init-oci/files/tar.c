// SPDX-License-Identifier: Apache-2.0
/* The headers of tar archives. */
#include "files/tar.h"

#include <string.h>

/* Both magics begin like this. */
#define MAGIC "ustar"

size_t tar_padding(uint64_t size)
{
	return (size_t)(-size % TAR_BLOCK);
}

/* Octal, or as GNU has it, when that is too short: a first bit, and the number in bytes. */
static void put_number(char *field, size_t size, uint64_t value)
{
	const bool is_octal = 3 * (size - 1) >= 64 || value >> 3 * (size - 1) == 0;

	field[0] = is_octal ? '0' : '\200';
	if (is_octal)
		field[--size] = '\0';
	while (size > (is_octal ? 0 : 1)) {
		field[--size] = is_octal ? (char)('0' + (value & 7)) : (char)(value & 0xff);
		value >>= is_octal ? 3 : 8;
	}
}

static bool get_number(const char *field, size_t size, uint64_t *value)
{
	const bool is_octal = !(field[0] & '\200');
	size_t i = 0;

	*value = 0;
	if (!is_octal) {
		*value = (unsigned char)field[0] & 0x3f;
		for (i = 1; i < size; i++) {
			if (*value >> 55)
				return false;
			*value = *value << 8 | (unsigned char)field[i];
		}
		return true;
	}
	while (i < size && field[i] == ' ')
		i++;
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		*value = *value << 3 | (uint64_t)(field[i] - '0');
	return i == size || field[i] == '\0' || field[i] == ' ';
}

/* As if the sum itself was made of spaces. */
static unsigned int sum_of(const struct tar_header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	const size_t start = offsetof(struct tar_header, sum);
	unsigned int sum = 0;

	for (size_t i = 0; i < sizeof(*header); i++)
		sum += i >= start && i < start + sizeof(header->sum) ? ' ' : bytes[i];
	return sum;
}

static void finish(struct tar_header *header)
{
	memcpy(header->magic, MAGIC "  ", sizeof(header->magic));
	put_number(header->sum, sizeof(header->sum) - 1, sum_of(header));
	header->sum[sizeof(header->sum) - 1] = ' ';
}

void tar_make_header(const struct tar_entry *entry, struct tar_header *header)
{
	memset(header, 0, sizeof(*header));
	memcpy(header->name, entry->name, strnlen(entry->name, sizeof(header->name)));
	memcpy(header->link, entry->link, strnlen(entry->link, sizeof(header->link)));
	put_number(header->mode, sizeof(header->mode), entry->mode);
	put_number(header->uid, sizeof(header->uid), entry->uid);
	put_number(header->gid, sizeof(header->gid), entry->gid);
	put_number(header->size, sizeof(header->size), entry->size);
	put_number(header->time, sizeof(header->time), entry->time < 0 ? 0 : (uint64_t)entry->time);
	put_number(header->major, sizeof(header->major), entry->major);
	put_number(header->minor, sizeof(header->minor), entry->minor);
	header->type = entry->type;
	finish(header);
}

void tar_make_long_header(char type, size_t size, struct tar_header *header)
{
	static const char name[] = "././@LongLink";

	memset(header, 0, sizeof(*header));
	memcpy(header->name, name, sizeof(name));
	put_number(header->size, sizeof(header->size), size);
	header->type = type;
	finish(header);
}

/* Text that need not end with '\0' if it fills its field. */
static void copy_text(char *to, const char *field, size_t size)
{
	const size_t length = strnlen(field, size);

	memcpy(to, field, length);
	to[length] = '\0';
}

static void take_name(const struct tar_header *header, struct tar_entry *entry)
{
	size_t length = 0;

	/* GNU's magic is another one, and has other things in the place of the prefix. */
	if (!memcmp(header->magic, MAGIC, sizeof(MAGIC)) && header->prefix[0]) {
		copy_text(entry->name, header->prefix, sizeof(header->prefix));
		length = strlen(entry->name);
		entry->name[length++] = '/';
	}
	copy_text(entry->name + length, header->name, sizeof(header->name));
}

static bool take_id(const char *field, size_t size, bool known, uint32_t *id)
{
	uint64_t value;

	if (known)
		return true;
	if (!get_number(field, size, &value) || value >= UINT32_MAX)
		return false;
	*id = (uint32_t)value;
	return true;
}

bool tar_is_more(char type)
{
	return type == TAR_PAX || type == TAR_PAX_OF_ALL || type == TAR_LONG_NAME ||
	       type == TAR_LONG_LINK;
}

int tar_parse_header(const struct tar_header *header, struct tar_entry *entry)
{
	uint64_t sum, mode, size, time, major, minor;

	if (!header->name[0] && !header->sum[0])
		return 0;
	if (!get_number(header->sum, sizeof(header->sum), &sum) || sum != sum_of(header) ||
	    !get_number(header->mode, sizeof(header->mode), &mode) ||
	    !get_number(header->size, sizeof(header->size), &size) ||
	    !get_number(header->major, sizeof(header->major), &major) ||
	    !get_number(header->minor, sizeof(header->minor), &minor) ||
	    !take_id(header->uid, sizeof(header->uid), entry->has_uid, &entry->uid) ||
	    !take_id(header->gid, sizeof(header->gid), entry->has_gid, &entry->gid) ||
	    size > INT64_MAX)
		return -1;
	entry->type = header->type ? header->type : TAR_FILE;
	entry->mode = (uint32_t)mode & 07777;
	entry->major = (uint32_t)major;
	entry->minor = (uint32_t)minor;
	entry->size = entry->has_size && !tar_is_more(entry->type) ? entry->known_size : size;
	/* It may be one before 1970. */
	if (!entry->has_time)
		entry->time = get_number(header->time, sizeof(header->time), &time) ? (int64_t)time : 0;
	if (!entry->has_name)
		take_name(header, entry);
	if (!entry->has_link)
		copy_text(entry->link, header->link, sizeof(header->link));
	return 1;
}

static int take_long(char *to, const char *text, size_t length, bool *has)
{
	if (length >= PATH_MAX)
		return -1;
	copy_text(to, text, length);
	*has = true;
	return 0;
}

static bool parse_digits(const char *text, size_t length, uint64_t max, uint64_t *value)
{
	size_t i;

	*value = 0;
	for (i = 0; i < length && text[i] >= '0' && text[i] <= '9'; i++) {
		const unsigned int digit = (unsigned int)(text[i] - '0');

		if (digit > max || *value > (max - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	/* A time may have a fraction. */
	return i > 0 && (i == length || text[i] == '.');
}

static int take_record(const char *key, size_t key_length, const char *text, size_t length,
		       struct tar_entry *entry)
{
	uint64_t value;

	if (key_length == 4 && !memcmp(key, "path", 4))
		return take_long(entry->name, text, length, &entry->has_name);
	if (key_length == 8 && !memcmp(key, "linkpath", 8))
		return take_long(entry->link, text, length, &entry->has_link);
	if (key_length == 4 && !memcmp(key, "size", 4)) {
		entry->has_size = parse_digits(text, length, INT64_MAX, &entry->known_size);
		return entry->has_size ? 0 : -1;
	}
	if (key_length == 5 && !memcmp(key, "mtime", 5)) {
		/* What is not one after 1970 is left as it is in the header. */
		entry->has_time = parse_digits(text, length, INT64_MAX, &value);
		entry->time = (int64_t)value;
		return 0;
	}
	if (key_length != 3 || (memcmp(key, "uid", 3) != 0 && memcmp(key, "gid", 3) != 0))
		return 0;
	if (!parse_digits(text, length, UINT32_MAX - 1, &value))
		return -1;
	*(key[0] == 'u' ? &entry->uid : &entry->gid) = (uint32_t)value;
	*(key[0] == 'u' ? &entry->has_uid : &entry->has_gid) = true;
	return 0;
}

/* Records: their whole length, a space, a key, '=', a value, and a newline. */
static int take_records(const char *text, size_t length, struct tar_entry *entry)
{
	while (length) {
		const char *key = memchr(text, ' ', length), *value;
		uint64_t whole;

		if (!key || !parse_digits(text, (size_t)(key - text), length, &whole) ||
		    whole < (size_t)(key - text) + 2 || text[whole - 1] != '\n')
			return -1;
		key++;
		value = memchr(key, '=', (size_t)(text + whole - key));
		if (!value ||
		    take_record(key, (size_t)(value - key), value + 1,
				(size_t)(text + whole - 1 - (value + 1)), entry) < 0)
			return -1;
		text += whole;
		length -= (size_t)whole;
	}
	return 0;
}

int tar_parse_more(char type, const char *text, size_t length, struct tar_entry *entry)
{
	switch (type) {
	case TAR_PAX:
		return take_records(text, length, entry);
	case TAR_LONG_NAME:
		return take_long(entry->name, text, length, &entry->has_name);
	case TAR_LONG_LINK:
		return take_long(entry->link, text, length, &entry->has_link);
	default:
		return 0;
	}
}
