/* SPDX-License-Identifier: Apache-2.0 */
/* The library's assets as rows of a table, made from the one in configure.ac. */
#ifndef ASSET_H
#define ASSET_H

#include <stdbool.h>
#include <stddef.h>
#include <supermachine-kernel.h>

/* The one that becomes /init of an initramfs. */
#define INIT_ASSET "init-oci"

/* A line of assets/GUEST/NAME.buildinfo. */
struct build_fact {
	/* "Source-Version", as in the file, and "source_version", for programs. */
	const char *name;
	const char *key;
	const char *value;
};

struct asset {
	const char *name;
	const char *description;
	const unsigned char *(*get)(size_t *length);
	const size_t *length;
	const char *(*sha256)(void);
	int (*extract_to)(const char *path);
	/* NULL unless it is a kernel; one of them fits its format. */
	int (*image_header)(struct supermachine_image_header *header);
	int (*elf_layout)(struct supermachine_elf_layout *layout);

	/*
	 * What was known when this command was built: the digest of the bytes,
	 * whether they came with the package, and if so, what they were made
	 * with; a fact without a name ends the list. asset_is_as_recorded()
	 * tells whether the library still has those bytes.
	 */
	const char *recorded_sha256;
	bool bundled;
	const struct build_fact *facts;
};

extern const struct asset assets[];
extern const size_t assets_count;

/* NULL if there is none with that name. */
const struct asset *asset_find(const char *name);

/* The first one that is a kernel. */
const struct asset *asset_kernel(void);

bool asset_is_as_recorded(const struct asset *asset);

/* strerror(3), except where the library gives an errno a meaning of its own. */
const char *asset_error(int error);

/* Where the text first appears in bytes, or NULL. */
const unsigned char *find_text(const unsigned char *bytes, size_t length, const char *text);

/*
 * The line "Linux version 6.12.117 (who@where) (compiler, linker) #1 ..." in a
 * kernel, without its end of line, in memory that the caller frees; or NULL.
 */
char *kernel_banner(const unsigned char *image, size_t length);

#endif
