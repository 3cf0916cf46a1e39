// SPDX-License-Identifier: Apache-2.0
/* The header of an arm64 Image: Documentation/arch/arm64/booting.rst of Linux. */
#include <config.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "image-header.h"

#define HEADER_SIZE 64
#define TEXT_OFFSET 8
#define IMAGE_SIZE 16
#define FLAGS 24
#define MAGIC 56

#define FLAG_BIG_ENDIAN (UINT64_C(1) << 0)
#define FLAG_ANY_BASE (UINT64_C(1) << 3)
/* Bits 1 and 2: 0 for unspecified, then 4, 16 and 64 KiB. */
#define PAGE_SIZE_SHIFT 1
#define PAGE_SIZE_MASK 3

struct head {
	unsigned char bytes[HEADER_SIZE];
	size_t length;
};

/* Stops the stream once the header is complete, which the length tells. */
static int take_head(void *context, const unsigned char *block, size_t length)
{
	struct head *head = context;
	size_t wanted = HEADER_SIZE - head->length;

	if (length > wanted)
		length = wanted;
	memcpy(head->bytes + head->length, block, length);
	head->length += length;
	return head->length == HEADER_SIZE ? -1 : 0;
}

/* All fields are little-endian, even if the kernel is not. */
static uint64_t field(const struct head *head, size_t offset)
{
	uint64_t value = 0;
	int i;

	for (i = 7; i >= 0; i--)
		value = value << 8 | head->bytes[offset + (size_t)i];
	return value;
}

static uint32_t page_size(uint64_t flags)
{
	unsigned int code = flags >> PAGE_SIZE_SHIFT & PAGE_SIZE_MASK;

	return code == 0 ? 0 : UINT32_C(1024) << (2 * code);
}

/* A kernel for another guest, sound as such. */
static bool is_elf(const struct head *head)
{
	return head->length == HEADER_SIZE && memcmp(head->bytes, "\177ELF", 4) == 0;
}

int image_header(const struct payload *payload, struct supermachine_image_header *header)
{
	struct head head = { .length = 0 };
	uint64_t flags;

	if (header == NULL) {
		errno = EINVAL;
		return -1;
	}
	if (payload_stream(payload, take_head, &head) < 0 && head.length < HEADER_SIZE)
		return -1;
	if (head.length < HEADER_SIZE || memcmp(head.bytes + MAGIC, "ARM\x64", 4) != 0) {
		errno = is_elf(&head) ? ENOTSUP : EBADMSG;
		return -1;
	}
	flags = field(&head, FLAGS);
	header->text_offset = field(&head, TEXT_OFFSET);
	header->image_size = field(&head, IMAGE_SIZE);
	header->page_size = page_size(flags);
	header->big_endian = (flags & FLAG_BIG_ENDIAN) != 0;
	header->any_base = (flags & FLAG_ANY_BASE) != 0;
	return 0;
}
