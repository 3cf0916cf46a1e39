// SPDX-License-Identifier: Apache-2.0
/*
 * The library under what its caller may do to it: limits of the process, threads
 * that are cancelled, and names that have to be on the disk.
 */
#include <config.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "tests.h"

static void assert_size(const char *path, size_t size)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq((uintmax_t)status.st_size, size);
}

/* The hard limit stays, so that what Check writes of the test can be written. */
static struct rlimit limit_to(int resource, rlim_t value)
{
	struct rlimit before, limit;

	ck_assert_int_eq(getrlimit(resource, &before), 0);
	limit = before;
	limit.rlim_cur = value;
	ck_assert_int_eq(setrlimit(resource, &limit), 0);
	return before;
}

/* SIGXFSZ is as it is in every program: it kills. */
START_TEST(a_limit_of_file_sizes_is_an_error_and_no_signal)
{
	const struct library_asset *asset = &library_assets[_i];
	struct rlimit before;
	int results[3], errors[3];
	sigset_t pending;

	signal(SIGXFSZ, SIG_DFL);
	ck_assert_int_eq(asset->extract_to("file"), 0);
	ck_assert_int_eq(truncate("file", 1), 0);
	before = limit_to(RLIMIT_FSIZE, *asset->length - 1);
	errno = 0;
	results[0] = asset->extract_to("file");
	errors[0] = errno;
	results[1] = asset->extract_to("new");
	errors[1] = errno;
	results[2] = asset->extract_to_with_parents("a/b/new");
	errors[2] = errno;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(results[0], -1);
	ck_assert_int_eq(errors[0], EFBIG);
	ck_assert_int_eq(results[1], -1);
	ck_assert_int_eq(errors[1], EFBIG);
	ck_assert_int_eq(results[2], -1);
	ck_assert_int_eq(errors[2], EFBIG);
	assert_size("file", 1);
	ck_assert_int_eq(count_entries("."), 1);
	ck_assert_int_eq(sigpending(&pending), 0);
	ck_assert_int_eq(sigismember(&pending, SIGXFSZ), 0);
}
END_TEST

START_TEST(a_limit_that_the_file_reaches_is_none)
{
	const struct library_asset *asset = &library_assets[_i];
	struct rlimit before;
	int result;

	signal(SIGXFSZ, SIG_DFL);
	before = limit_to(RLIMIT_FSIZE, *asset->length);
	result = asset->extract_to("file");
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(result, 0);
	assert_size("file", *asset->length);
}
END_TEST

/* With a compressed payload they are made now. */
START_TEST(no_limit_of_files_counts_for_bytes)
{
	const struct library_asset *asset = &library_assets[_i];
	struct rlimit sizes, descriptors;
	const unsigned char *bytes;

	signal(SIGXFSZ, SIG_DFL);
	/* Not none at all: Check writes, too. */
	sizes = limit_to(RLIMIT_FSIZE, *asset->length / 2);
	descriptors = limit_to(RLIMIT_NOFILE, 0);
	bytes = asset->get(NULL);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &descriptors), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &sizes), 0);
	ck_assert_ptr_nonnull(bytes);
}
END_TEST

/* What a thread does that is to be cancelled, and whether it came back from there. */
struct cancelled {
	const struct library_asset *asset;
	int (*function)(const struct library_asset *asset);
	int result;
	int state;
	bool returned;
};

static void *run_cancelled(void *context)
{
	struct cancelled *cancelled = context;

	pthread_cancel(pthread_self());
	cancelled->result = cancelled->function(cancelled->asset);
	cancelled->returned = true;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &cancelled->state);
	pthread_testcancel();
	return NULL;
}

/* A function of the library, in a thread that every cancellation point would end. */
static void assert_not_cancelled_in(int (*function)(const struct library_asset *),
				    const struct library_asset *asset)
{
	struct cancelled cancelled = { .asset = asset, .function = function };
	pthread_t thread;
	void *end;

	ck_assert_int_eq(pthread_create(&thread, NULL, run_cancelled, &cancelled), 0);
	ck_assert_int_eq(pthread_join(thread, &end), 0);
	ck_assert(cancelled.returned);
	ck_assert_int_eq(cancelled.result, 0);
	ck_assert_int_eq(cancelled.state, PTHREAD_CANCEL_ENABLE);
	ck_assert_ptr_eq(end, PTHREAD_CANCELED);
}

static int get_bytes(const struct library_asset *asset)
{
	return asset->get(NULL) == NULL ? -1 : 0;
}

static int extract_with_parents(const struct library_asset *asset)
{
	return asset->extract_to_with_parents("a/file");
}

static int sync_extracted(const struct library_asset *asset)
{
	(void)asset;
	return supermachine_sync_extracted("a/file");
}

static int get_format(const struct library_asset *asset)
{
	struct supermachine_image_header header;
	struct supermachine_elf_layout layout;

	(void)asset;
	if (supermachine_kernel_image_header(&header) == 0)
		return 0;
	return supermachine_kernel_elf_layout(&layout);
}

/* A lock that the thread had taken with it would stop fork() for ever. */
START_TEST(a_cancelled_thread_gets_its_bytes_and_fork_goes_on)
{
	const struct library_asset *asset = &library_assets[_i];
	int status;
	pid_t child;

	assert_not_cancelled_in(get_bytes, asset);
	child = fork();
	if (child == 0) {
		alarm(60);
		_exit(asset->get(NULL) == NULL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_ptr_nonnull(asset->get(NULL));
}
END_TEST

START_TEST(a_cancelled_thread_finishes_its_file)
{
	const struct library_asset *asset = &library_assets[_i];
	int before = dup(STDERR_FILENO), after;

	close(before);
	assert_not_cancelled_in(extract_with_parents, asset);
	assert_size("a/file", *asset->length);
	ck_assert_int_eq(count_entries("a"), 1);
	assert_not_cancelled_in(sync_extracted, asset);
	assert_not_cancelled_in(get_format, asset);
	/* No descriptor is left open. */
	after = dup(STDERR_FILENO);
	ck_assert_int_eq(after, before);
	close(after);
}
END_TEST

START_TEST(a_name_can_be_synced)
{
	const struct library_asset *asset = &library_assets[_i];
	char path[PATH_MAX];

	ck_assert_int_eq(asset->extract_to("file"), 0);
	ck_assert_int_eq(supermachine_sync_extracted("file"), 0);
	ck_assert_int_eq(asset->extract_to_with_parents("a//b/file"), 0);
	ck_assert_int_eq(supermachine_sync_extracted("a//b/file"), 0);
	ck_assert_int_eq(supermachine_sync_extracted("./a/../a/b/file"), 0);
	ck_assert_ptr_nonnull(getcwd(path, sizeof(path) - 16));
	strcat(path, "/a/b/file");
	ck_assert_int_eq(supermachine_sync_extracted(path), 0);
	ck_assert_int_eq(count_entries("."), 2);
	ck_assert_int_eq(count_entries("a/b"), 1);
}
END_TEST

static void assert_not_synced(const char *path, int error)
{
	errno = 0;
	ck_assert_int_eq(supermachine_sync_extracted(path), -1);
	ck_assert_int_eq(errno, error);
}

START_TEST(what_is_not_there_cannot_be_synced)
{
	ck_assert_int_eq(library_assets[0].extract_to_with_parents("a/file"), 0);
	assert_not_synced(NULL, EINVAL);
	assert_not_synced("", ENOENT);
	assert_not_synced("/", EISDIR);
	assert_not_synced("a/", EISDIR);
	assert_not_synced("a/other", ENOENT);
	assert_not_synced("b/file", ENOENT);
	assert_not_synced("a/file/file", ENOTDIR);
}
END_TEST

/* Exit statuses of the child that has no privileges. */
enum {
	NO_USER = 2,
	OTHERS_STAND_IN_THE_WAY,
	READ_WHAT_CANNOT_BE,
	OTHER_ERROR,
};

static int sync_as_nobody(void)
{
	/* Permissions do not hold for root. */
	if (geteuid() == 0 && setuid(65534) < 0)
		return NO_USER;
	if (supermachine_sync_extracted("search/own/file") < 0)
		return OTHERS_STAND_IN_THE_WAY;
	if (supermachine_sync_extracted("search/blind/file") == 0 ||
	    supermachine_sync_extracted("blind/new/file") == 0)
		return READ_WHAT_CANNOT_BE;
	return errno == EACCES ? 0 : OTHER_ERROR;
}

/*
 * To sync a directory takes to read it. Where nothing can have been made by the
 * caller, that does not matter; where it can, its name would be lost.
 */
START_TEST(what_others_do_not_let_read_need_not_be)
{
	int status;
	pid_t child;

	ck_assert_int_eq(library_assets[0].extract_to_with_parents("search/own/file"), 0);
	ck_assert_int_eq(library_assets[0].extract_to_with_parents("search/blind/file"), 0);
	ck_assert_int_eq(library_assets[0].extract_to_with_parents("blind/new/file"), 0);
	ck_assert_int_eq(chmod("search/blind", 0333), 0);
	ck_assert_int_eq(chmod("search", 0111), 0);
	ck_assert_int_eq(chmod("blind", 0333), 0);
	ck_assert_int_eq(chmod(".", 0755), 0);
	child = fork();
	if (child == 0)
		_exit(sync_as_nobody());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(chmod("search", 0755), 0);
	ck_assert_int_eq(chmod("blind", 0755), 0);
	ck_assert_int_eq(chmod("search/blind", 0755), 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

Suite *limits_suite(void)
{
	Suite *suite = suite_create("limits");
	TCase *limits = tcase_create("limits");

	tcase_add_checked_fixture(limits, enter_scratch, leave_scratch);
	/* Extraction from an .xz on a busy machine takes seconds. */
	tcase_set_timeout(limits, 120);
#define EACH(test) tcase_add_loop_test(limits, test, 0, LIBRARY_ASSETS)
	EACH(a_limit_of_file_sizes_is_an_error_and_no_signal);
	EACH(a_limit_that_the_file_reaches_is_none);
	EACH(no_limit_of_files_counts_for_bytes);
	EACH(a_cancelled_thread_gets_its_bytes_and_fork_goes_on);
	EACH(a_cancelled_thread_finishes_its_file);
	EACH(a_name_can_be_synced);
#undef EACH
	tcase_add_test(limits, what_is_not_there_cannot_be_synced);
	tcase_add_test(limits, what_others_do_not_let_read_need_not_be);
	suite_add_tcase(suite, limits);
	return suite;
}
