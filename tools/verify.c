// SPDX-License-Identifier: Apache-2.0
/* supermachine-kernel verify: bytes against the digests that are recorded of them. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asset.h"
#include "commands.h"
#include "files.h"
#include "json.h"
#include "options.h"
#include "places.h"
#include "sha256.h"

#define BLOCK_SIZE 65536

enum result { RESULT_OK, RESULT_DIFFERS, RESULT_MISSING, RESULT_TROUBLE };

struct verification {
	const struct program *program;
	/* NULL for people. */
	struct json *json;
	size_t count;
	/* In the library, and of the files. */
	size_t bad_in_library, bad_files;
	bool trouble;
};

void help_verify(const struct program *program)
{
	print_usage(program, "[OPTION]... [DIR]");
	fputs("Compare the SHA-256 of the assets in the library, and of those extracted to the\n"
	      "directory DIR, with the digests recorded when the library was built. Without\n"
	      "DIR, look where 'extract' writes without one, if anything is there.\n\n"
	      "Exit status: 0 if all is as recorded, 1 if something differs or is missing in\n"
	      "DIR, 2 if something could not be read.\n\n", stdout);
	print_help_row(program, "--json", "say the results in JSON");
	print_common_help(program);
}

/* --- Saying it. path is NULL for what is in the library. */

static void say_to_people(const struct verification *verification, const struct asset *asset,
			  const char *path, enum result result, const char *reason)
{
	static const char *const words[] = { "OK", "FAILED", "FAILED", "FAILED" };

	if (path == NULL)
		printf("%s in the library: ", asset->name);
	else
		printf("%s: ", path);
	print_styled(verification->program, result == RESULT_OK ? STYLE_GOOD : STYLE_BAD, words[result]);
	if (reason != NULL)
		printf(" (%s)", reason);
	fputc('\n', stdout);
}

static void say_to_programs(struct json *json, const struct asset *asset, const char *path,
			    enum result result, const char *sha256, const char *reason)
{
	static const char *const words[] = { "ok", "differs", "missing", "unreadable" };

	json_open(json, NULL, '{');
	json_string(json, "name", asset->name);
	json_string(json, "path", path);
	json_string(json, "result", words[result]);
	json_string(json, "reason", reason);
	json_string(json, "sha256", sha256);
	json_string(json, "expected_sha256", asset->sha256());
	json_close(json, '}');
}

static void say(struct verification *verification, const struct asset *asset, const char *path,
		enum result result, const char *sha256, const char *reason)
{
	if (verification->json != NULL)
		say_to_programs(verification->json, asset, path, result, sha256, reason);
	else
		say_to_people(verification, asset, path, result, reason);
	verification->count++;
	if (result == RESULT_TROUBLE)
		verification->trouble = true;
	else if (result != RESULT_OK && path == NULL)
		verification->bad_in_library++;
	else if (result != RESULT_OK)
		verification->bad_files++;
}

static void say_digest(struct verification *verification, const struct asset *asset,
		       const char *path, const char *sha256)
{
	if (strcmp(sha256, asset->sha256()) == 0)
		say(verification, asset, path, RESULT_OK, sha256, NULL);
	else
		say(verification, asset, path, RESULT_DIFFERS, sha256, "it differs");
}

/* --- Looking */

static void verify_in_library(struct verification *verification, const struct asset *asset)
{
	const unsigned char *bytes;
	char sha256[SHA256_TEXT];
	size_t length;

	bytes = asset->get(&length);
	if (bytes == NULL) {
		/* A payload that cannot be decoded is not as it was. */
		say(verification, asset, NULL, errno == EBADMSG ? RESULT_DIFFERS : RESULT_TROUBLE, NULL,
		    errno == EBADMSG ? "it is damaged" : strerror(errno));
		return;
	}
	sha256_of(bytes, length, sha256);
	say_digest(verification, asset, NULL, sha256);
}

/* Returns 0, or -1 with errno set. */
static int digest_of_stream(int fd, char sha256[SHA256_TEXT])
{
	unsigned char block[BLOCK_SIZE];
	struct sha256 hash;
	ssize_t got;

	sha256_begin(&hash);
	do {
		got = read(fd, block, sizeof(block));
		if (got > 0)
			sha256_add(&hash, block, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0)
		return -1;
	sha256_end(&hash, sha256);
	return 0;
}

static void verify_stream(struct verification *verification, const struct asset *asset,
			  const char *path, int fd)
{
	char sha256[SHA256_TEXT];
	struct stat status;

	if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode))
		say(verification, asset, path, RESULT_DIFFERS, NULL, "it is no regular file");
	else if (digest_of_stream(fd, sha256) < 0)
		say(verification, asset, path, RESULT_TROUBLE, NULL, strerror(errno));
	else
		say_digest(verification, asset, path, sha256);
}

static void verify_file(struct verification *verification, const struct asset *asset, const char *path)
{
	/* A FIFO in its place would keep one that waits for ever. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0) {
		verify_stream(verification, asset, path, fd);
		close(fd);
	} else if (errno == ENOENT || errno == ENOTDIR) {
		say(verification, asset, path, RESULT_MISSING, NULL, "it is missing");
	} else {
		say(verification, asset, path, RESULT_TROUBLE, NULL, strerror(errno));
	}
}

/* Returns 0, or -1 after a message. */
static int verify_directory(struct verification *verification, const char *directory)
{
	size_t i;

	for (i = 0; i < assets_count; i++) {
		char *path = join_path(directory, assets[i].name);

		if (path == NULL) {
			complain(verification->program, "%s", strerror(errno));
			return -1;
		}
		verify_file(verification, &assets[i], path);
		free(path);
	}
	return 0;
}

/* Nobody asked for what is there: it may well be nothing. */
static bool has_any_asset(const char *directory)
{
	struct stat status;
	bool found = false;
	size_t i;

	for (i = 0; i < assets_count && !found; i++) {
		char *path = join_path(directory, assets[i].name);

		found = path != NULL && lstat(path, &status) == 0;
		free(path);
	}
	return found;
}

static int verify_all(struct verification *verification, const char *directory)
{
	char *place = NULL;
	int result = 0;
	size_t i;

	for (i = 0; i < assets_count; i++)
		verify_in_library(verification, &assets[i]);
	if (directory == NULL) {
		place = default_directory();
		if (place != NULL && has_any_asset(place))
			directory = place;
		else if (place != NULL && verification->json == NULL)
			printf("%s: nothing has been extracted\n", place);
	}
	if (directory != NULL)
		result = verify_directory(verification, directory);
	free(place);
	return result;
}

/* --- Summing up */

static void advise(const struct verification *verification, const char *directory)
{
	const struct program *program = verification->program;

	if (verification->bad_in_library > 0)
		complain(program, "the library is damaged: install it again");
	else if (verification->bad_files > 0)
		complain(program, "not as in version %s: write the files again, with '%s extract%s%s'",
			 supermachine_kernel_version(), program->name, directory == NULL ? "" : " ",
			 directory == NULL ? "" : directory);
	if (verification->trouble)
		complain(program, "not all could be read");
}

static int status_of(const struct verification *verification)
{
	if (verification->trouble)
		return STATUS_TROUBLE;
	if (verification->bad_in_library > 0 || verification->bad_files > 0)
		return STATUS_DIFFERS;
	return STATUS_DONE;
}

static int verify(struct verification *verification, const char *directory)
{
	struct json *json = verification->json;

	if (json != NULL) {
		json_open(json, NULL, '{');
		json_string(json, "version", supermachine_kernel_version());
		json_open(json, "results", '[');
	}
	if (verify_all(verification, directory) < 0)
		verification->trouble = true;
	if (json != NULL) {
		json_close(json, ']');
		json_bool(json, "ok", status_of(verification) == STATUS_DONE);
		json_close(json, '}');
	}
	return finish_output(verification->program, status_of(verification));
}

static bool is_directory(const struct program *program, const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0) {
		complain(program, "%s: %s", path, strerror(errno));
		return false;
	}
	if (S_ISDIR(status.st_mode))
		return true;
	complain(program, "%s: is not a directory: name the one that has the files", path);
	return false;
}

int command_verify(const struct program *program, int argc, char **argv)
{
	struct verification verification = { .program = program };
	struct json json = { 0 };
	const char *directory;
	bool as_json = false;
	int status;

	if (plain_options(program, argc, argv, help_verify, &as_json, &status) == OPTIONS_STOP)
		return status;
	if (!operands_are_at_most(program, argc, argv, 1))
		return STATUS_TROUBLE;
	directory = optind < argc ? argv[optind] : NULL;
	if (directory != NULL && !is_directory(program, directory))
		return STATUS_TROUBLE;
	if (as_json)
		verification.json = &json;
	status = verify(&verification, directory);
	advise(&verification, directory);
	return status;
}
