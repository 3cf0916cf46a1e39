// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpio.h"

/* The format's values, whatever the host's are. */
#define TYPE_DIRECTORY 0040000
#define TYPE_CHARACTER_DEVICE 0020000
#define TYPE_FILE 0100000

#define HEADER_SIZE 110
/* Names and data begin at multiples of this. */
#define ALIGNMENT 4
/* Archivers pad to this; kernels do not need it. */
#define BLOCK_SIZE 512
#define TRAILER "TRAILER!!!"

struct entry {
	const char *name;
	mode_t mode;
	unsigned int links;
	unsigned int major, minor;
	const void *bytes;
	size_t length;
};

/* Makes room for length more bytes. Returns where they go, or NULL with errno set. */
static unsigned char *append(struct cpio *archive, size_t length)
{
	unsigned char *start;

	if (length > SIZE_MAX / 2 - archive->length) {
		errno = ENOMEM;
		return NULL;
	}
	if (archive->length + length > archive->room) {
		size_t room = (archive->length + length) * 2;
		unsigned char *bytes = realloc(archive->bytes, room);

		if (bytes == NULL)
			return NULL;
		archive->bytes = bytes;
		archive->room = room;
	}
	start = archive->bytes + archive->length;
	archive->length += length;
	return start;
}

static int pad(struct cpio *archive, size_t multiple)
{
	size_t missing = (multiple - archive->length % multiple) % multiple;
	unsigned char *start = append(archive, missing);

	if (start == NULL)
		return -1;
	memset(start, 0, missing);
	return 0;
}

static int append_bytes(struct cpio *archive, const void *bytes, size_t length)
{
	unsigned char *start = append(archive, length);

	if (start == NULL)
		return -1;
	if (length > 0)
		memcpy(start, bytes, length);
	return pad(archive, ALIGNMENT);
}

static int add(struct cpio *archive, const struct entry *entry)
{
	char header[HEADER_SIZE + 1];
	size_t name_size = strlen(entry->name) + 1, start = archive->length;

	if (entry->length > UINT32_MAX || name_size > UINT32_MAX) {
		errno = EFBIG;
		return -1;
	}
	snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		 (unsigned int)archive->inode, (unsigned int)entry->mode, 0U /* user */,
		 0U /* group */, entry->links, 0U /* time */, (unsigned int)entry->length,
		 0U, 0U /* device that it is on */, entry->major, entry->minor,
		 (unsigned int)name_size, 0U /* checksum, of another format */);
	/* The header's own length makes the name end at a multiple. */
	if (append(archive, HEADER_SIZE) == NULL)
		goto take_back;
	memcpy(archive->bytes + start, header, HEADER_SIZE);
	if (append_bytes(archive, entry->name, name_size) < 0 ||
	    append_bytes(archive, entry->bytes, entry->length) < 0)
		goto take_back;
	return 0;

take_back:
	archive->length = start;
	return -1;
}

int cpio_add_directory(struct cpio *archive, const char *name, mode_t permissions)
{
	archive->inode++;
	return add(archive, &(struct entry){ .name = name, .mode = TYPE_DIRECTORY | permissions, .links = 2 });
}

int cpio_add_file(struct cpio *archive, const char *name, mode_t permissions,
		  const void *bytes, size_t length)
{
	archive->inode++;
	return add(archive, &(struct entry){ .name = name, .mode = TYPE_FILE | permissions, .links = 1,
					     .bytes = bytes, .length = length });
}

int cpio_add_character_device(struct cpio *archive, const char *name, mode_t permissions,
			      unsigned int major, unsigned int minor)
{
	archive->inode++;
	return add(archive, &(struct entry){ .name = name, .mode = TYPE_CHARACTER_DEVICE | permissions,
					     .links = 1, .major = major, .minor = minor });
}

int cpio_end(struct cpio *archive)
{
	archive->inode = 0;
	if (add(archive, &(struct entry){ .name = TRAILER, .links = 1 }) < 0)
		return -1;
	return pad(archive, BLOCK_SIZE);
}

/* A field of a header that was written here. */
static uint32_t field(const unsigned char *header, int number)
{
	char text[9] = "";

	memcpy(text, header + 6 + 8 * number, 8);
	return (uint32_t)strtoul(text, NULL, 16);
}

static size_t aligned(size_t length)
{
	return (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

mode_t cpio_find(const struct cpio *archive, const char *name)
{
	size_t at = 0;

	while (at < archive->length) {
		const unsigned char *header = archive->bytes + at;

		if (strcmp((const char *)header + HEADER_SIZE, name) == 0)
			return (mode_t)field(header, 1);
		at += aligned(HEADER_SIZE + field(header, 11)) + aligned(field(header, 6));
	}
	return 0;
}
