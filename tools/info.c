// SPDX-License-Identifier: Apache-2.0
/* supermachine-kernel info: what the library contains, and where it came from. */
#include <config.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asset.h"
#include "commands.h"
#include "json.h"
#include "options.h"

#if defined PAYLOAD_XZ
#define PAYLOAD "xz"
#define PAYLOAD_MEANING "compressed"
#else
#define PAYLOAD "raw"
#define PAYLOAD_MEANING "usable in place"
#endif

/* The library that libkrun opens, if it is built with ours. */
#if defined LIBKRUNFW
static const char *const libkrunfw = LIBDIR "/" LIBKRUNFW;
#else
static const char *const libkrunfw;
#endif

/*
 * What our library has, for the linker of its users, and that of libkrun's project, which
 * has the same name, has not: mostly near its start, but some linkers put the kernel
 * before it. Other formats than ELF have nothing like it.
 */
#define LIBKRUNFW_MARK "SUPERMACHINE_LIBKRUNFW_"

/* Where values start; a SHA-256 there just fits a terminal's 80 columns. */
#define VALUE_COLUMN 16

/* What a kernel's image says about itself. */
struct kernel_facts {
	/* The one that fits its format. */
	bool is_elf;
	struct supermachine_image_header header;
	struct supermachine_elf_layout layout;
	/* All NULL if there is no banner. */
	char *banner;
	char *release;
	char *compiler;
	/* Only newer kernels name it. */
	char *linker;
};

void help_info(const struct program *program)
{
	print_usage(program, "[OPTION]...");
	fputs("Show version, assets, their sizes and digests, and what they were built from.\n\n", stdout);
	print_help_row(program, "--json", "show all that is known, in JSON");
	print_common_help(program);
}

/* What is in the second pair of parentheses: "gcc (Debian 12.2.0-14) 12.2.0, GNU ld ..." */
static char *tools_in(const char *banner)
{
	const char *start = strstr(banner, ") ("), *end;
	int depth = 1;

	if (start == NULL)
		return NULL;
	start += 3;
	for (end = start; *end != '\0'; end++) {
		depth += *end == '(';
		depth -= *end == ')';
		if (depth == 0)
			return strndup(start, (size_t)(end - start));
	}
	return NULL;
}

static void read_tools(struct kernel_facts *facts)
{
	char *comma = NULL, *next;

	facts->compiler = tools_in(facts->banner);
	if (facts->compiler == NULL)
		return;
	for (next = facts->compiler; (next = strstr(next, ", ")) != NULL; next++)
		comma = next;
	if (comma != NULL) {
		facts->linker = strdup(comma + 2);
		*comma = '\0';
	}
}

/* How to load it. */
static int read_format(const struct asset *asset, struct kernel_facts *facts)
{
	if (asset->image_header(&facts->header) == 0)
		return 0;
	if (errno != ENOTSUP)
		return -1;
	facts->is_elf = true;
	return asset->elf_layout(&facts->layout);
}

static int read_kernel(const struct asset *asset, struct kernel_facts *facts)
{
	const unsigned char *image;
	const char *release;
	size_t length;

	memset(facts, 0, sizeof(*facts));
	image = asset->get(&length);
	if (image == NULL || read_format(asset, facts) < 0)
		return -1;
	facts->banner = kernel_banner(image, length);
	if (facts->banner == NULL)
		return 0;
	release = facts->banner + strlen("Linux version ");
	facts->release = strndup(release, strcspn(release, " "));
	read_tools(facts);
	return 0;
}

static void free_kernel(struct kernel_facts *facts)
{
	free(facts->banner);
	free(facts->release);
	free(facts->compiler);
	free(facts->linker);
}

enum origin { ORIGIN_BUNDLED,
	      ORIGIN_OVERRIDE,
	      ORIGIN_UNKNOWN };

static enum origin origin_of(const struct asset *asset)
{
	if (!asset_is_as_recorded(asset))
		return ORIGIN_UNKNOWN;
	return asset->bundled ? ORIGIN_BUNDLED : ORIGIN_OVERRIDE;
}

/* --- For people */

static void print_value(const char *name, const char *value)
{
	printf("  %-*s %s\n", VALUE_COLUMN - 3, name, value);
}

/* Digests of sources, and flags, are for programs. */
static bool is_for_people(const struct build_fact *fact)
{
	static const char *const others[] = { "SHA256", "Flags", "Size" };
	size_t length = strlen(fact->name), i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		size_t end = strlen(others[i]);

		if (length >= end && strcmp(fact->name + length - end, others[i]) == 0)
			return false;
	}
	return true;
}

/* Whether a fact is the version of another one: Source, and Source-Version. */
static bool is_version_of(const struct build_fact *fact, const struct build_fact *other)
{
	size_t length = strlen(other->name);

	return fact->name != NULL && strncmp(fact->name, other->name, length) == 0 &&
	       strcmp(fact->name + length, "-Version") == 0;
}

static void print_fact(const struct build_fact *fact)
{
	char name[64], *dash;

	snprintf(name, sizeof(name), "%s", fact->name);
	while ((dash = strchr(name, '-')) != NULL) {
		dash[0] = ' ';
		dash[1] = (char)tolower((unsigned char)dash[1]);
	}
	print_value(name, fact->value);
}

static void print_build(const struct asset *asset)
{
	const struct build_fact *fact;
	char value[256];

	for (fact = asset->facts; fact->name != NULL; fact++) {
		if (is_version_of(fact + 1, fact)) {
			snprintf(value, sizeof(value), "%s %s", fact->value, fact[1].value);
			print_value(fact->name, value);
			fact++;
		} else if (is_for_people(fact)) {
			print_fact(fact);
		}
	}
}

static void print_origin(const struct asset *asset, const struct kernel_facts *kernel)
{
	switch (origin_of(asset)) {
	case ORIGIN_BUNDLED:
		print_value("Origin", "bundled");
		print_build(asset);
		return;
	case ORIGIN_OVERRIDE:
		print_value("Origin", "override, a file given to configure");
		break;
	default:
		print_value("Origin", "unknown: library and command are from different builds");
	}
	/* There is nothing but what the kernel says about itself. */
	if (kernel->compiler != NULL)
		print_value("Compiler", kernel->compiler);
	if (kernel->linker != NULL)
		print_value("Linker", kernel->linker);
}

static void print_asset(const struct program *program, const struct asset *asset,
			const struct kernel_facts *kernel)
{
	char size[SIZE_TEXT], text[2 * SIZE_TEXT];

	fputc('\n', stdout);
	print_styled(program, STYLE_HEADING, asset->name);
	printf("%*s%s\n", VALUE_COLUMN - (int)strlen(asset->name), "", asset->description);
	snprintf(text, sizeof(text), "%zu bytes (%s)", *asset->length, size_text(size, *asset->length));
	print_value("Size", text);
	print_value("SHA-256", asset->sha256());
	if (asset->image_header != NULL)
		print_value("Release", kernel->release != NULL ? kernel->release : "unknown");
	print_origin(asset, kernel);
}

/* --- For programs */

static void write_image_header(struct json *json, const struct supermachine_image_header *header)
{
	json_number(json, "text_offset", header->text_offset);
	json_number(json, "image_size", header->image_size);
	json_number(json, "page_size", header->page_size);
	json_bool(json, "big_endian", header->big_endian);
	json_bool(json, "any_base", header->any_base);
}

static void write_elf_layout(struct json *json, const struct supermachine_elf_layout *layout)
{
	uint32_t i;

	json_number(json, "pvh_entry", layout->pvh_entry);
	json_number(json, "entry", layout->entry);
	json_number(json, "start", layout->start);
	json_number(json, "end", layout->end);
	json_number(json, "flat_offset", layout->flat_offset);
	json_number(json, "flat_size", layout->flat_size);
	json_open(json, "segments", '[');
	for (i = 0; i < layout->segment_count; i++) {
		const struct supermachine_elf_segment *segment = &layout->segments[i];

		json_open(json, NULL, '{');
		json_number(json, "offset", segment->offset);
		json_number(json, "address", segment->address);
		json_number(json, "file_size", segment->file_size);
		json_number(json, "memory_size", segment->memory_size);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_kernel(struct json *json, const struct kernel_facts *kernel)
{
	json_open(json, "kernel", '{');
	json_string(json, "release", kernel->release);
	json_string(json, "banner", kernel->banner);
	json_string(json, "compiler", kernel->compiler);
	json_string(json, "linker", kernel->linker);
	json_string(json, "format", kernel->is_elf ? "elf" : "arm64-image");
	if (kernel->is_elf)
		write_elf_layout(json, &kernel->layout);
	else
		write_image_header(json, &kernel->header);
	json_close(json, '}');
}

static void write_asset(struct json *json, const struct asset *asset, const struct kernel_facts *kernel)
{
	static const char *const origins[] = { "bundled", "override", "unknown" };
	const enum origin origin = origin_of(asset);
	const struct build_fact *fact;

	json_open(json, NULL, '{');
	json_string(json, "name", asset->name);
	json_string(json, "description", asset->description);
	json_number(json, "size", *asset->length);
	json_string(json, "sha256", asset->sha256());
	json_string(json, "origin", origins[origin]);
	if (asset->image_header != NULL)
		write_kernel(json, kernel);
	if (origin == ORIGIN_BUNDLED) {
		json_open(json, "build", '{');
		for (fact = asset->facts; fact->name != NULL; fact++)
			json_string(json, fact->key, fact->value);
		json_close(json, '}');
	} else {
		json_string(json, "build", NULL);
	}
	json_close(json, '}');
}

/* Shows an asset to people, or writes it if json is not NULL. */
static int show_asset(const struct program *program, struct json *json, const struct asset *asset)
{
	struct kernel_facts kernel = { 0 };

	if (asset->image_header != NULL && read_kernel(asset, &kernel) < 0) {
		complain(program, "%s: %s", asset->name, asset_error(errno));
		return STATUS_TROUBLE;
	}
	if (json == NULL)
		print_asset(program, asset, &kernel);
	else
		write_asset(json, asset, &kernel);
	free_kernel(&kernel);
	return STATUS_DONE;
}

static int show_assets(const struct program *program, struct json *json)
{
	int status = STATUS_DONE;
	size_t i;

	for (i = 0; i < assets_count && status == STATUS_DONE; i++)
		status = show_asset(program, json, &assets[i]);
	return status;
}

/* Whether text is in the file, from where it is read next. */
static bool holds(FILE *file, const char *text)
{
	const size_t kept = strlen(text) - 1;
	char block[65536];
	size_t length = 0, more;

	while ((more = fread(block + length, 1, sizeof(block) - length, file)) > 0) {
		length += more;
		if (memmem(block, length, text, kept + 1) != NULL)
			return true;
		/* It may begin at the end of a block. */
		if (length > kept) {
			memmove(block, block + length - kept, kept);
			length = kept;
		}
	}
	return false;
}

static const char *const installed = "yes";

static const char *libkrunfw_state(void)
{
	char magic[4];
	const char *state = installed;
	FILE *file = libkrunfw != NULL ? fopen(libkrunfw, "rb") : NULL;

	if (file == NULL)
		return "no";
	if (fread(magic, 1, sizeof(magic), file) == sizeof(magic) && memcmp(magic, "\177ELF", sizeof(magic)) == 0 &&
	    !holds(file, LIBKRUNFW_MARK))
		state = "no, this is another library of that name";
	fclose(file);
	return state;
}

static void print_libkrunfw(const struct program *program)
{
	if (libkrunfw == NULL)
		return;
	fputc('\n', stdout);
	print_styled(program, STYLE_HEADING, "libkrunfw");
	printf("%*sthe same kernel, for programs that use libkrun\n", VALUE_COLUMN - (int)strlen("libkrunfw"), "");
	print_value("File", libkrunfw);
	print_value("Installed", libkrunfw_state());
}

static int show(const struct program *program)
{
	int status;

	print_styled(program, STYLE_HEADING, PACKAGE_NAME);
	printf(" %s for %s guests, payload " PAYLOAD " (" PAYLOAD_MEANING ")\n",
	       supermachine_kernel_version(), supermachine_kernel_guest());
	status = show_assets(program, NULL);
	if (status == STATUS_DONE)
		print_libkrunfw(program);
	return status;
}

static int show_json(const struct program *program)
{
	struct json json = { 0 };
	int status;

	json_open(&json, NULL, '{');
	json_string(&json, "version", supermachine_kernel_version());
	json_string(&json, "guest", supermachine_kernel_guest());
	json_string(&json, "payload", PAYLOAD);
	json_string(&json, "libkrunfw", libkrunfw_state() == installed ? libkrunfw : NULL);
	json_open(&json, "assets", '[');
	status = show_assets(program, &json);
	json_close(&json, ']');
	json_close(&json, '}');
	return status;
}

int command_info(const struct program *program, int argc, char **argv)
{
	bool json = false;
	int status;

	if (plain_options(program, argc, argv, help_info, &json, &status) == OPTIONS_STOP)
		return status;
	if (!operands_are_at_most(program, argc, argv, 0))
		return STATUS_TROUBLE;
	status = json ? show_json(program) : show(program);
	return finish_output(program, status);
}
