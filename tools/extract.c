// SPDX-License-Identifier: Apache-2.0
/* supermachine-kernel extract: the assets as files. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asset.h"
#include "commands.h"
#include "files.h"
#include "initramfs.h"
#include "json.h"
#include "options.h"
#include "places.h"
#include "sha256.h"
#include "signals.h"

struct request {
	/* For each asset. */
	bool *wanted;
	bool initramfs;
	bool parents;
	bool sync;
	bool json;
	char **appended;
	size_t appended_count;
	/* From the command line; else NULL. */
	const char *directory;
};

/* A file to write. */
struct output {
	/* NULL for the initramfs. */
	const struct asset *asset;
	const char *name;
	const char *file_name;
	const void *bytes;
	size_t length;
	char sha256[SHA256_TEXT];
};

/* What is being done, and how far it has got. */
struct extraction {
	const struct program *program;
	const char *directory;
	bool parents;
	bool sync;
	struct signal_hold hold;
	size_t done, count;
	bool show_progress;
	/* The longest file name's, for output to people. */
	int width;
	/* NULL for output to people. */
	struct json *json;
};

void help_extract(const struct program *program)
{
	char name[64];
	size_t i;

	print_usage(program, "[OPTION]... [DIR]");
	fputs("Write the assets as files to the directory DIR, each all or nothing. Without\n"
	      "DIR, write them to where a runtime looks for them, and make that directory:\n"
	      "$SUPERMACHINE_ASSETS_DIR, or supermachine/v" SUPERMACHINE_KERNEL_VERSION
	      " in $XDG_DATA_HOME or\n"
	      "~/.local/share.\n\n", stdout);
	for (i = 0; i < assets_count; i++) {
		snprintf(name, sizeof(name), "--%s", assets[i].name);
		print_help_row(program, name, assets[i].description);
	}
	print_help_row(program, "--all", "all of these; the default");
	print_help_row(program, "--initramfs", INITRAMFS_FILE ", which has " INIT_ASSET " as /init");
	print_append_help(program);
	print_help_row(program, "--parents", "make DIR and its missing parents");
	print_help_row(program, "--sync", "put the names of the files on the disk, too");
	print_help_row(program, "--json", "list what was written, in JSON");
	print_common_help(program);
}

/* For getopt_long(), with an option for each asset, whose value is the asset's row. */
static struct option *make_options(void)
{
	static const struct option fixed[] = {
		{ "all", no_argument, NULL, OPTION_ALL },
		{ "initramfs", no_argument, NULL, OPTION_INITRAMFS },
		{ "append", required_argument, NULL, OPTION_APPEND },
		{ "parents", no_argument, NULL, OPTION_PARENTS },
		{ "sync", no_argument, NULL, OPTION_SYNC },
		{ "json", no_argument, NULL, OPTION_JSON },
		OPTIONS_COMMON,
	};
	struct option *options = calloc(assets_count + sizeof(fixed) / sizeof(fixed[0]), sizeof(*options));
	size_t i;

	if (options == NULL)
		return NULL;
	for (i = 0; i < assets_count; i++) {
		options[i].name = assets[i].name;
		options[i].has_arg = no_argument;
		options[i].val = OPTION_ASSETS + (int)i;
	}
	memcpy(options + assets_count, fixed, sizeof(fixed));
	return options;
}

static void want_all(struct request *request)
{
	size_t i;

	for (i = 0; i < assets_count; i++)
		request->wanted[i] = true;
}

static bool wants_any_asset(const struct request *request)
{
	size_t i;

	for (i = 0; i < assets_count; i++)
		if (request->wanted[i])
			return true;
	return false;
}

static void take_option(struct request *request, int option)
{
	switch (option) {
	case OPTION_ALL:
		want_all(request);
		break;
	case OPTION_INITRAMFS:
		request->initramfs = true;
		break;
	case OPTION_APPEND:
		request->appended[request->appended_count++] = optarg;
		break;
	case OPTION_PARENTS:
		request->parents = true;
		break;
	case OPTION_SYNC:
		request->sync = true;
		break;
	case OPTION_JSON:
		request->json = true;
		break;
	default:
		request->wanted[option - OPTION_ASSETS] = true;
	}
}

/* Returns 0; or OPTIONS_STOP, with the exit status in *status. */
static int parse(const struct program *program, int argc, char **argv, struct request *request,
		 const struct option *options, int *status)
{
	int option;

	while ((option = next_option(program, argc, argv, options, help_extract, status)) >= 0)
		take_option(request, option);
	if (option == OPTIONS_STOP)
		return OPTIONS_STOP;
	*status = STATUS_TROUBLE;
	if (!operands_are_at_most(program, argc, argv, 1))
		return OPTIONS_STOP;
	if (optind < argc)
		request->directory = argv[optind];
	if (request->directory != NULL && request->directory[0] == '\0') {
		complain(program, "the name of the directory is empty");
		try_help(program);
		return OPTIONS_STOP;
	}
	if (request->appended_count > 0 && !request->initramfs) {
		complain(program, "--append adds to an initramfs: give --initramfs, too");
		try_help(program);
		return OPTIONS_STOP;
	}
	if (!wants_any_asset(request) && !request->initramfs)
		want_all(request);
	return 0;
}

/* What a person can do about it, to follow the reason. */
static const char *advice(int error, bool parents)
{
	switch (error) {
	case ENOENT:
		return parents ? "" : ": make the directory, or use --parents";
	case ENOTDIR:
		return ": name a directory";
	case EACCES:
	case EPERM:
	case EROFS:
		return ": name a directory that you can write to";
	case EISDIR:
		return ": remove it, or name another directory";
	case EEXIST:
		return ", and is not a regular file: remove it, or name another directory";
	case ENOSPC:
	case EDQUOT:
		return ": make room, or name a directory elsewhere";
	case EFBIG:
		return ": raise the limit of file sizes, as 'ulimit -f unlimited' does";
	default:
		return "";
	}
}

/* What is being done, for a person who waits. */
static void show_progress(const struct extraction *extraction, const struct output *output)
{
	char size[SIZE_TEXT];

	if (!extraction->show_progress)
		return;
	fprintf(stderr, "\r[%zu/%zu] Writing %s, %s ...\033[K", extraction->done + 1, extraction->count,
		output->file_name, size_text(size, output->length));
	fflush(stderr);
}

static void clear_progress(const struct extraction *extraction)
{
	if (!extraction->show_progress)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}

static void report(const struct extraction *extraction, const struct output *output, const char *path)
{
	char size[SIZE_TEXT];

	if (extraction->json != NULL) {
		json_open(extraction->json, NULL, '{');
		json_string(extraction->json, "name", output->name);
		json_path(extraction->json, "path", path);
		json_number(extraction->json, "size", output->length);
		json_string(extraction->json, "sha256", output->sha256);
		json_close(extraction->json, '}');
		return;
	}
	printf("Wrote %s%*s  %s\n", path, extraction->width - (int)strlen(output->file_name), "",
	       size_text(size, output->length));
}

static int write_file(const struct extraction *extraction, const struct output *output, const char *path)
{
	int error;

	if ((output->asset != NULL ? output->asset->extract_to(path)
				   : replace_file(path, output->bytes, output->length, 0644)) == 0)
		return 0;
	error = errno;
	clear_progress(extraction);
	complain(extraction->program, "%s: %s%s", path, asset_error(error),
		 advice(error, extraction->parents));
	return -1;
}

static int sync_name(const struct extraction *extraction, const char *path)
{
	int error;

	if (!extraction->sync || supermachine_sync_extracted(path) == 0)
		return 0;
	error = errno;
	clear_progress(extraction);
	complain(extraction->program, "%s: was written, but its name may not be on the disk: %s", path,
		 strerror(error));
	return -1;
}

static int write_output(struct extraction *extraction, const struct output *output)
{
	char *path = join_path(extraction->directory, output->file_name);
	int result;

	if (path == NULL) {
		complain(extraction->program, "%s", strerror(errno));
		return -1;
	}
	show_progress(extraction, output);
	result = write_file(extraction, output, path);
	if (result == 0)
		result = sync_name(extraction, path);
	clear_progress(extraction);
	if (result == 0)
		report(extraction, output, path);
	extraction->done++;
	free(path);
	return result;
}

/* Lists the files that are asked for. Returns how many. */
static size_t list_outputs(const struct request *request, const struct cpio *initramfs,
			   struct output *outputs)
{
	size_t count = 0, i;

	for (i = 0; i < assets_count; i++) {
		if (!request->wanted[i])
			continue;
		outputs[count].asset = &assets[i];
		outputs[count].name = outputs[count].file_name = assets[i].name;
		outputs[count].length = *assets[i].length;
		memcpy(outputs[count].sha256, assets[i].sha256(), SHA256_TEXT);
		count++;
	}
	if (request->initramfs) {
		outputs[count].asset = NULL;
		outputs[count].name = INITRAMFS_NAME;
		outputs[count].file_name = INITRAMFS_FILE;
		outputs[count].bytes = initramfs->bytes;
		outputs[count].length = initramfs->length;
		sha256_of(initramfs->bytes, initramfs->length, outputs[count].sha256);
		count++;
	}
	return count;
}

static int widest_name(const struct output *outputs, size_t count)
{
	int width = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if ((int)strlen(outputs[i].file_name) > width)
			width = (int)strlen(outputs[i].file_name);
	return width;
}

static int write_outputs(struct extraction *extraction, const struct output *outputs)
{
	size_t i;

	for (i = 0; i < extraction->count; i++)
		if (signals_have_come(&extraction->hold) || write_output(extraction, &outputs[i]) < 0)
			return STATUS_TROUBLE;
	return STATUS_DONE;
}

/*
 * The library could make the directories for the assets, but not for the
 * initramfs: so all of them are made here, in one way.
 */
static int make_and_fill_directory(struct extraction *extraction, const struct output *outputs)
{
	size_t made = 0;
	int status;

	if (extraction->parents && make_directories(extraction->directory, &made) < 0) {
		complain(extraction->program, "%s: %s%s", extraction->directory, strerror(errno),
			 advice(errno, true));
		return STATUS_TROUBLE;
	}
	status = write_outputs(extraction, outputs);
	if (status != STATUS_DONE)
		remove_directories(extraction->directory, made);
	return status;
}

/* A signal ends the command when the file in hand is whole, and nothing else is left. */
static int write_into_directory(struct extraction *extraction, const struct output *outputs)
{
	int status;

	signals_hold(&extraction->hold);
	status = make_and_fill_directory(extraction, outputs);
	signals_release(&extraction->hold);
	return status;
}

static int write_all_outputs(struct extraction *extraction, const struct output *outputs, bool as_json)
{
	struct json json = { 0 };
	int status;

	if (!as_json)
		return write_into_directory(extraction, outputs);
	extraction->json = &json;
	json_open(&json, NULL, '{');
	json_string(&json, "version", supermachine_kernel_version());
	json_path(&json, "directory", extraction->directory);
	json_open(&json, "files", '[');
	status = write_into_directory(extraction, outputs);
	json_close(&json, ']');
	json_close(&json, '}');
	extraction->json = NULL;
	return status;
}

/* The one on the command line, or the default, which is made. */
static char *choose_directory(const struct program *program, struct request *request)
{
	char *directory;

	if (request->directory != NULL) {
		directory = strdup(request->directory);
	} else {
		directory = default_directory();
		request->parents = true;
	}
	if (directory == NULL && request->directory == NULL && errno == ENOENT)
		complain(program, "neither SUPERMACHINE_ASSETS_DIR, XDG_DATA_HOME nor HOME is set: "
			 "name a directory");
	else if (directory == NULL)
		complain(program, "%s", strerror(errno));
	return directory;
}

static int extract(const struct program *program, struct request *request)
{
	struct extraction extraction = {
		.program = program,
		.show_progress = isatty(STDERR_FILENO) && program->colour_errors,
	};
	struct cpio initramfs = { 0 };
	struct output *outputs;
	char *directory;
	int status = STATUS_TROUBLE;

	directory = choose_directory(program, request);
	outputs = calloc(assets_count + 1, sizeof(*outputs));
	if (directory == NULL || outputs == NULL)
		goto release;
	if (request->initramfs &&
	    initramfs_make(program, &initramfs, request->appended, request->appended_count) < 0)
		goto release;
	extraction.directory = directory;
	extraction.parents = request->parents;
	extraction.sync = request->sync;
	extraction.count = list_outputs(request, &initramfs, outputs);
	extraction.width = widest_name(outputs, extraction.count);
	status = write_all_outputs(&extraction, outputs, request->json);
	status = finish_output(program, status);
	free(initramfs.bytes);
release:
	free(outputs);
	free(directory);
	return status;
}

int command_extract(const struct program *program, int argc, char **argv)
{
	struct request request = { 0 };
	struct option *options = make_options();
	int status = STATUS_TROUBLE;

	request.wanted = calloc(assets_count, sizeof(request.wanted[0]));
	request.appended = calloc((size_t)argc, sizeof(request.appended[0]));
	if (options == NULL || request.wanted == NULL || request.appended == NULL)
		complain(program, "%s", strerror(errno));
	else if (parse(program, argc, argv, &request, options, &status) == 0)
		status = extract(program, &request);
	free(request.appended);
	free(request.wanted);
	free(options);
	return status;
}
