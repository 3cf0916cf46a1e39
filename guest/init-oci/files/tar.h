/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_OCI_TAR_H
#define INIT_OCI_TAR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK 512

/* A block that stands before each file, in the formats ustar and GNU's. */
struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], time[12], sum[8], type, link[100];
	char magic[8], user[32], group[32], major[8], minor[8], prefix[155], padding[12];
};

enum {
	TAR_FILE = '0',
	TAR_HARD_LINK = '1',
	TAR_LINK = '2',
	TAR_CHARACTER = '3',
	TAR_BLOCK_DEVICE = '4',
	TAR_DIRECTORY = '5',
	TAR_FIFO = '6',
	TAR_CONTIGUOUS = '7',
	TAR_PAX = 'x',
	TAR_PAX_OF_ALL = 'g',
	TAR_LONG_NAME = 'L',
	TAR_LONG_LINK = 'K',
};

/* A file as headers tell it, of which there may be several. */
struct tar_entry {
	char name[PATH_MAX], link[PATH_MAX];
	char type;
	uint32_t mode, uid, gid, major, minor;
	uint64_t size;		/* of what follows the header */
	uint64_t known_size;
	int64_t time;
	/* Given by a header before the file's own, which has no room for it. */
	bool has_name, has_link, has_size, has_time, has_uid, has_gid;
};

/* Bytes after a file of that size, up to the next block. */
size_t tar_padding(uint64_t size);

/* What is to be written for the entry, with what fits of its name and link. */
void tar_make_header(const struct tar_entry *entry, struct tar_header *header);
/* The same for a name or a link that does not, of so many bytes. */
void tar_make_long_header(char type, size_t size, struct tar_header *header);

/* The longest name or link that has room in a header. */
#define TAR_NAME_MAX 100

/*
 * What has been read: 1; 0 for the end of the archive; -1 when it is no header. What the
 * entry has of headers before it stays.
 */
int tar_parse_header(const struct tar_header *header, struct tar_entry *entry);

/* Whether what follows such a header is about the next one. */
bool tar_is_more(char type);

/* Takes that. Returns 0, or -1 when it is wrong. */
int tar_parse_more(char type, const char *text, size_t length, struct tar_entry *entry);

#endif
