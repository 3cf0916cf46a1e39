// SPDX-License-Identifier: Apache-2.0
/* supermachine-kernel verify: bytes against the digests recorded for them. */
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
#include "initramfs.h"
#include "json.h"
#include "options.h"
#include "places.h"
#include "sha256.h"

#define BLOCK_SIZE 65536

enum result { RESULT_OK, RESULT_DIFFERS, RESULT_MISSING, RESULT_TROUBLE };

struct verification {
	const struct program *program;
	/* NULL for output to people. */
	struct json *json;
	bool bad_in_library, bad_files, bad_initramfs;
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
	print_help_row(program, "--json", "show the results in JSON");
	print_common_help(program);
}

/* --- Saying it */

/* What is looked at. */
struct subject {
	const char *name;
	/* NULL for an asset in the library. */
	const char *path;
	const char *expected_sha256;
	/* How many bytes of a file the digest covers. */
	size_t length;
	/* An initramfs: more may follow. */
	bool may_be_longer;
};

static void say_to_people(const struct program *program, const struct subject *subject,
			  enum result result, const char *reason)
{
	if (subject->path == NULL)
		printf("%s in the library: ", subject->name);
	else
		printf("%s: ", subject->path);
	if (result == RESULT_OK)
		print_styled(program, STYLE_GOOD, "OK");
	else
		print_styled(program, STYLE_BAD, "FAILED");
	if (reason != NULL)
		printf(" (%s)", reason);
	fputc('\n', stdout);
}

static void say_to_programs(struct json *json, const struct subject *subject, enum result result,
			    const char *sha256, const char *reason)
{
	static const char *const words[] = { "ok", "differs", "missing", "unreadable" };

	json_open(json, NULL, '{');
	json_string(json, "name", subject->name);
	json_path(json, "path", subject->path);
	json_string(json, "result", words[result]);
	json_string(json, "reason", reason);
	json_string(json, "sha256", sha256);
	json_string(json, "expected_sha256", subject->expected_sha256);
	json_close(json, '}');
}

static void say(struct verification *verification, const struct subject *subject,
		enum result result, const char *sha256, const char *reason)
{
	if (verification->json != NULL)
		say_to_programs(verification->json, subject, result, sha256, reason);
	else
		say_to_people(verification->program, subject, result, reason);
	if (result == RESULT_TROUBLE)
		verification->trouble = true;
	else if (result != RESULT_OK && subject->path == NULL)
		verification->bad_in_library = true;
	else if (result != RESULT_OK && subject->may_be_longer)
		verification->bad_initramfs = true;
	else if (result != RESULT_OK)
		verification->bad_files = true;
}

static void say_digest(struct verification *verification, const struct subject *subject,
		       const char *sha256)
{
	if (strcmp(sha256, subject->expected_sha256) == 0)
		say(verification, subject, RESULT_OK, sha256, NULL);
	else
		say(verification, subject, RESULT_DIFFERS, sha256, "it differs");
}

/* --- Looking */

static void verify_in_library(struct verification *verification, const struct asset *asset)
{
	const struct subject subject = { .name = asset->name, .expected_sha256 = asset->sha256() };
	const unsigned char *bytes;
	char sha256[SHA256_TEXT];
	size_t length;

	bytes = asset->get(&length);
	if (bytes != NULL) {
		sha256_of(bytes, length, sha256);
		say_digest(verification, &subject, sha256);
	} else if (errno == EBADMSG) {
		/* A payload that cannot be decoded is not as it was. */
		say(verification, &subject, RESULT_DIFFERS, NULL, "it is damaged");
	} else {
		say(verification, &subject, RESULT_TROUBLE, NULL, strerror(errno));
	}
}

/* Of at most length bytes. Returns 0, or -1 with errno set. */
static int digest_of_stream(int fd, size_t length, char sha256[SHA256_TEXT])
{
	unsigned char block[BLOCK_SIZE];
	struct sha256 hash;
	ssize_t got;

	sha256_begin(&hash);
	do {
		size_t wanted = length < sizeof(block) ? length : sizeof(block);

		got = wanted > 0 ? read(fd, block, wanted) : 0;
		if (got > 0) {
			sha256_add(&hash, block, (size_t)got);
			length -= (size_t)got;
		}
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0)
		return -1;
	sha256_end(&hash, sha256);
	return 0;
}

static void verify_stream(struct verification *verification, const struct subject *subject, int fd)
{
	char sha256[SHA256_TEXT], more;
	struct stat status;

	if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode))
		say(verification, subject, RESULT_DIFFERS, NULL, "it is not a regular file");
	else if (digest_of_stream(fd, subject->length, sha256) < 0)
		say(verification, subject, RESULT_TROUBLE, NULL, strerror(errno));
	/* A sparse file can have more bytes than anyone wants to read. */
	else if (!subject->may_be_longer && read(fd, &more, 1) > 0)
		say(verification, subject, RESULT_DIFFERS, NULL, "it differs");
	else
		say_digest(verification, subject, sha256);
}

static void verify_file(struct verification *verification, const struct subject *subject)
{
	/* Without O_NONBLOCK, a FIFO in its place would block for ever. */
	int fd = open(subject->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0) {
		verify_stream(verification, subject, fd);
		close(fd);
	} else if (errno == ENOENT) {
		say(verification, subject, RESULT_MISSING, NULL, "it is missing");
	} else {
		say(verification, subject, RESULT_TROUBLE, NULL, strerror(errno));
	}
}

static bool is_there(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

/* Returns 0, or -1 after a message. */
static int verify_asset_file(struct verification *verification, const struct asset *asset,
			     const char *directory)
{
	struct subject subject = { .name = asset->name, .expected_sha256 = asset->sha256(),
				   .length = *asset->length };
	char *path = join_path(directory, asset->name);

	if (path == NULL) {
		complain(verification->program, "%s", strerror(errno));
		return -1;
	}
	subject.path = path;
	verify_file(verification, &subject);
	free(path);
	return 0;
}

/*
 * There need not be one, and what has been appended to it is not ours; but one
 * with the PID 1 of another version is as bad as another kernel.
 */
static int verify_initramfs(struct verification *verification, const char *directory)
{
	struct subject subject = { .name = INITRAMFS_NAME, .may_be_longer = true };
	char sha256[SHA256_TEXT];
	struct cpio archive;
	char *path = join_path(directory, INITRAMFS_FILE);
	int result = 0;

	if (path == NULL) {
		complain(verification->program, "%s", strerror(errno));
		return -1;
	}
	if (!is_there(path))
		goto release;
	result = initramfs_begin(verification->program, &archive);
	if (result < 0)
		goto release;
	sha256_of(archive.bytes, archive.length, sha256);
	subject.path = path;
	subject.expected_sha256 = sha256;
	subject.length = archive.length;
	verify_file(verification, &subject);
	free(archive.bytes);
release:
	free(path);
	return result;
}

static int verify_directory(struct verification *verification, const char *directory)
{
	size_t i;

	for (i = 0; i < assets_count; i++)
		if (verify_asset_file(verification, &assets[i], directory) < 0)
			return -1;
	return verify_initramfs(verification, directory);
}

/* The default directory was not asked for, so it may well have nothing in it. */
static bool has_any_asset(const char *directory)
{
	bool found = false;
	size_t i;

	for (i = 0; i < assets_count && !found; i++) {
		char *path = join_path(directory, assets[i].name);

		found = path != NULL && is_there(path);
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

static int status_of(const struct verification *verification)
{
	if (verification->trouble)
		return STATUS_TROUBLE;
	if (verification->bad_in_library || verification->bad_files || verification->bad_initramfs)
		return STATUS_DIFFERS;
	return STATUS_DONE;
}

static void advise(const struct verification *verification, const char *directory)
{
	const struct program *program = verification->program;

	if (verification->bad_in_library)
		complain(program, "the library is damaged: install it again");
	else if (verification->bad_files || verification->bad_initramfs)
		complain(program, "not as in version %s: write the files again, with '%s extract%s%s%s'",
			 supermachine_kernel_version(), program->name,
			 !verification->bad_initramfs ? "" : verification->bad_files ?
			 " --all --initramfs" : " --initramfs",
			 directory == NULL ? "" : " ", directory == NULL ? "" : directory);
	if (verification->trouble)
		complain(program, "not everything could be read");
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
