/* SPDX-License-Identifier: Apache-2.0 */
/* The assets of the library as rows of a table, made from that of configure.ac. */
#ifndef ASSET_H
#define ASSET_H

#include <stdbool.h>
#include <stddef.h>
#include <supermachine-kernel.h>

/* The one that becomes /init of an initramfs. */
#define INIT_ASSET "init-oci"

/* A line of assets/NAME.buildinfo. */
struct build_fact {
	/* As there, "Source-Version", and for programs, "source_version". */
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
	/* Of a kernel; else NULL. */
	int (*image_header)(struct supermachine_image_header *header);

	/*
	 * What was known when this command was built: of which bytes, whether
	 * they came with the package, and if so, what they were made with; a
	 * fact without a name ends the list. asset_is_as_recorded() tells
	 * whether the library still has those bytes.
	 */
	const char *recorded_sha256;
	bool bundled;
	const struct build_fact *facts;
};

extern const struct asset assets[];
extern const size_t assets_count;

/* NULL if there is none of that name. */
const struct asset *asset_find(const char *name);

/* The first one that is a kernel. */
const struct asset *asset_kernel(void);

bool asset_is_as_recorded(const struct asset *asset);

/* strerror(3), but for what the library alone means by an errno. */
const char *asset_error(int error);

/* Where in bytes the text first is, or NULL. */
const unsigned char *find_text(const unsigned char *bytes, size_t length, const char *text);

/*
 * The line "Linux version 6.12.117 (who@where) (compiler, linker) #1 ..." in a
 * kernel, without what follows it, in memory that the caller frees; or NULL.
 */
char *kernel_banner(const unsigned char *image, size_t length);

#endif
