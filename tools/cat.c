// SPDX-License-Identifier: Apache-2.0
/* supermachine-kernel cat: one asset on standard output. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asset.h"
#include "commands.h"
#include "files.h"
#include "initramfs.h"
#include "options.h"

void help_cat(const struct program *program)
{
	size_t i;

	print_usage(program, "[OPTION]... ASSET");
	fputs("Write the bytes of ASSET to standard output, which must not be a terminal.\n\n", stdout);
	for (i = 0; i < assets_count; i++)
		print_help_row(program, assets[i].name, assets[i].description);
	print_help_row(program, INITRAMFS_NAME, "a cpio archive that has " INIT_ASSET " as /init");
	fputc('\n', stdout);
	print_append_help(program);
	print_common_help(program);
}

static int write_output(const struct program *program, const void *bytes, size_t length)
{
	if (write_all(STDOUT_FILENO, bytes, length) == 0)
		return STATUS_DONE;
	complain(program, "standard output: %s", strerror(errno));
	return STATUS_TROUBLE;
}

static int cat_asset(const struct program *program, const struct asset *asset)
{
	const unsigned char *bytes;
	size_t length;

	bytes = asset->get(&length);
	if (bytes != NULL)
		return write_output(program, bytes, length);
	complain(program, "%s: %s", asset->name, asset_error(errno));
	return STATUS_TROUBLE;
}

static int cat_initramfs(const struct program *program, char *const *appended, size_t count)
{
	struct cpio archive;
	int status;

	if (initramfs_make(program, &archive, appended, count) < 0)
		return STATUS_TROUBLE;
	status = write_output(program, archive.bytes, archive.length);
	free(archive.bytes);
	return status;
}

static int unknown_asset(const struct program *program, const char *name)
{
	size_t i;

	/* A line of its own: complain() has ended the first. */
	complain(program, "there is no asset '%s'", name);
	fputs("There are", stderr);
	for (i = 0; i < assets_count; i++)
		fprintf(stderr, " %s,", assets[i].name);
	fputs(" and " INITRAMFS_NAME ".\n", stderr);
	return STATUS_TROUBLE;
}

static int cat(const struct program *program, const char *name, char *const *appended, size_t count)
{
	bool is_initramfs = strcmp(name, INITRAMFS_NAME) == 0;
	const struct asset *asset = asset_find(name);

	if (asset == NULL && !is_initramfs)
		return unknown_asset(program, name);
	if (count > 0 && !is_initramfs) {
		complain(program, "--append adds to an " INITRAMFS_NAME ", not to %s", name);
		return try_help(program);
	}
	if (isatty(STDOUT_FILENO)) {
		complain(program, "this is not text for a terminal: redirect it, as in '%s %s >%s'",
			 program->speaker, name, is_initramfs ? INITRAMFS_FILE : name);
		return STATUS_TROUBLE;
	}
	return is_initramfs ? cat_initramfs(program, appended, count) : cat_asset(program, asset);
}

static int parse_and_cat(const struct program *program, int argc, char **argv, char **appended)
{
	static const struct option options[] = {
		{ "append", required_argument, NULL, OPTION_APPEND },
		OPTIONS_COMMON,
	};
	int option, status;
	size_t count = 0;

	while ((option = next_option(program, argc, argv, options, help_cat, &status)) >= 0)
		appended[count++] = optarg;
	if (option == OPTIONS_STOP)
		return status;
	if (optind == argc) {
		complain(program, "an asset is missing");
		return try_help(program);
	}
	if (!operands_are_at_most(program, argc, argv, 1))
		return STATUS_TROUBLE;
	return cat(program, argv[optind], appended, count);
}

int command_cat(const struct program *program, int argc, char **argv)
{
	char **appended = calloc((size_t)argc, sizeof(appended[0]));
	int status;

	if (appended == NULL) {
		complain(program, "%s", strerror(errno));
		return STATUS_TROUBLE;
	}
	status = parse_and_cat(program, argc, argv, appended);
	free(appended);
	return status;
}
