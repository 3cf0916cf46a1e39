// SPDX-License-Identifier: Apache-2.0
/* Extraction, through the public header alone. */
#include <config.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "tests.h"

#define CONCURRENT 8

START_TEST(extracts_the_same_bytes)
{
	const struct library_asset *asset = &library_assets[_i];

	ck_assert_int_eq(asset->extract_to("file"), 0);
	ck_assert(file_is_asset("file", asset));
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

#if defined PAYLOAD_XZ
static void forget_peak_memory(void)
{
	write_file("/proc/self/clear_refs", "5");
}

static long peak_memory(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long kibibytes = -1;

	ck_assert_ptr_nonnull(status);
	while (kibibytes < 0 && fgets(line, sizeof(line), status) != NULL)
		if (sscanf(line, "VmHWM: %ld", &kibibytes) != 1)
			kibibytes = -1;
	fclose(status);
	return kibibytes;
}

START_TEST(extraction_does_not_hold_the_bytes_in_memory)
{
	const long dictionary = 4096;
	long before, payload, allowed;

	/* The pages of the compressed payload are the file's, and count as well. */
	payload = (long)(*library_assets[_i].length / 3 / 1024);
	allowed = dictionary + 1024 + payload;
#if defined __SANITIZE_ADDRESS__
	/* For its notes of it all. */
	allowed += allowed / 8;
#endif
	forget_peak_memory();
	before = peak_memory();
	ck_assert_int_eq(library_assets[_i].extract_to("file"), 0);
	ck_assert_int_lt(peak_memory() - before, allowed);
}
END_TEST
#endif

START_TEST(mode_is_that_of_the_asset_less_the_umask)
{
	const struct library_asset *asset = &library_assets[_i];
	static const mode_t masks[] = { 0, 022, 027, 077, 0777 };
	size_t i;

	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		umask(masks[i]);
		ck_assert_int_eq(asset->extract_to("file"), 0);
		ck_assert_int_eq(mode_of("file"), asset->mode & ~masks[i]);
		ck_assert_int_eq(umask(masks[i]), masks[i]);
	}
}
END_TEST

START_TEST(replaces_a_file_and_readers_keep_the_old_one)
{
	const struct library_asset *asset = &library_assets[_i];
	char old[8] = "";
	FILE *reader;

	write_file("file", "old");
	reader = fopen("file", "r");
	ck_assert_ptr_nonnull(reader);
	ck_assert_int_eq(asset->extract_to("file"), 0);
	ck_assert(file_is_asset("file", asset));
	ck_assert_ptr_nonnull(fgets(old, sizeof(old), reader));
	ck_assert_str_eq(old, "old");
	fclose(reader);
}
END_TEST

START_TEST(replaces_a_symbolic_link_and_leaves_what_it_points_to)
{
	const struct library_asset *asset = &library_assets[_i];
	struct stat status;

	write_file("target", "old");
	ck_assert_int_eq(symlink("target", "link"), 0);
	ck_assert_int_eq(asset->extract_to("link"), 0);
	ck_assert_int_eq(lstat("link", &status), 0);
	ck_assert(S_ISREG(status.st_mode));
	assert_text("target", "old");
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
	const struct library_asset *asset = &library_assets[_i];
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	ck_assert_int_eq(mkdir("directory", 0777), 0);
	ck_assert_int_eq(mkfifo("fifo", 0666), 0);
	assert_refused(asset->extract_to, "directory", EISDIR);
	assert_refused(asset->extract_to, "directory/", EISDIR);
	assert_refused(asset->extract_to, ".", EISDIR);
	assert_refused(asset->extract_to, "..", EISDIR);
	assert_refused(asset->extract_to, "/", EISDIR);
	assert_refused(asset->extract_to, "new/", EISDIR);
	assert_refused(asset->extract_to, "fifo", EEXIST);
	assert_refused(asset->extract_to, "socket", EEXIST);
	ck_assert_int_eq(count_entries("."), 3);
	ck_assert_int_eq(count_entries("directory"), 0);
}
END_TEST

START_TEST(refuses_a_bad_path)
{
	const struct library_asset *asset = &library_assets[_i];
	char long_name[NAME_MAX + 2];

	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	write_file("file", "old");
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	assert_refused(asset->extract_to, NULL, EINVAL);
	assert_refused(asset->extract_to, "", ENOENT);
	assert_refused(asset->extract_to, "absent/file", ENOENT);
	assert_refused(asset->extract_to, "file/file", ENOTDIR);
	assert_refused(asset->extract_to, "loop/file", ELOOP);
	assert_refused(asset->extract_to, long_name, ENAMETOOLONG);
	ck_assert_int_eq(count_entries("."), 2);
	assert_text("file", "old");
}
END_TEST

/* The longest name, in a directory whose path leaves room for nothing more. */
START_TEST(extracts_to_the_longest_path)
{
	const struct library_asset *asset = &library_assets[_i];
	char path[PATH_MAX] = "", name[NAME_MAX + 1];
	size_t length = 0;

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	while (length + NAME_MAX + 2 < PATH_MAX) {
		memcpy(path + length, name, NAME_MAX);
		length += NAME_MAX;
		path[length++] = '/';
	}
	memcpy(path + length, name, PATH_MAX - 1 - length);
	path[PATH_MAX - 1] = '\0';
	ck_assert_int_eq(asset->extract_to_with_parents(path), 0);
	ck_assert(file_is_asset(path, asset));
}
END_TEST

START_TEST(makes_parents_only_when_asked_to)
{
	const struct library_asset *asset = &library_assets[_i];

	assert_refused(asset->extract_to, "a/b/c/file", ENOENT);
	ck_assert_int_eq(count_entries("."), 0);
	umask(027);
	ck_assert_int_eq(asset->extract_to_with_parents("a//b/./c/file"), 0);
	ck_assert(file_is_asset("a/b/c/file", asset));
	ck_assert_int_eq(mode_of("a"), 0750);
	ck_assert_int_eq(mode_of("a/b/c"), 0750);
	ck_assert_int_eq(count_entries("a/b/c"), 1);
	ck_assert_int_eq(asset->extract_to_with_parents("file"), 0);
	ck_assert(file_is_asset("file", asset));
}
END_TEST

START_TEST(makes_parents_of_an_absolute_path)
{
	const struct library_asset *asset = &library_assets[_i];
	char path[PATH_MAX];

	ck_assert_ptr_nonnull(getcwd(path, sizeof(path) - 16));
	strcat(path, "/a/b/file");
	ck_assert_int_eq(asset->extract_to_with_parents(path), 0);
	ck_assert(file_is_asset("a/b/file", asset));
}
END_TEST

START_TEST(takes_parents_away_again_after_a_failure)
{
	const struct library_asset *asset = &library_assets[_i];
	char path[NAME_MAX + 32] = "kept/a/b/";

	ck_assert_int_eq(mkdir("kept", 0777), 0);
	write_file("file", "old");
	memset(path + strlen(path), 'n', NAME_MAX + 1);
	assert_refused(asset->extract_to_with_parents, path, ENAMETOOLONG);
	ck_assert_int_eq(count_entries("kept"), 0);
	assert_refused(asset->extract_to_with_parents, path + strlen("kept/"), ENAMETOOLONG);
	assert_refused(asset->extract_to_with_parents, "kept/a/../../file/b/file", ENOTDIR);
	ck_assert_int_eq(count_entries("kept"), 0);
	assert_refused(asset->extract_to_with_parents, "file/a/file", ENOTDIR);
	ck_assert_int_eq(count_entries("."), 2);
}
END_TEST

/* A limit on file sizes fails a write half way, as a full disk does. */
START_TEST(leaves_the_old_file_and_nothing_else_when_writing_fails)
{
	const struct library_asset *asset = &library_assets[_i];
	const struct rlimit limit = { *asset->length / 2, *asset->length / 2 };

	write_file("file", "old");
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_refused(asset->extract_to, "file", EFBIG);
	assert_refused(asset->extract_to, "new", EFBIG);
	assert_refused(asset->extract_to_with_parents, "a/b/new", EFBIG);
	assert_text("file", "old");
	ck_assert_int_eq(count_entries("."), 1);
}
END_TEST

START_TEST(needs_one_descriptor_for_directory_and_file_each)
{
	const struct library_asset *asset = &library_assets[_i];
	struct rlimit before, limit;
	int fd;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 64;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while ((fd = dup(STDERR_FILENO)) >= 0 && fd < 62)
		;
	assert_refused(asset->extract_to, "file", EMFILE);
	close(fd);
	close(61);
	ck_assert_int_eq(asset->extract_to("file"), 0);
	/* Neither of them stays open. */
	ck_assert_int_eq(dup(STDERR_FILENO), 61);
	ck_assert_int_eq(dup(STDERR_FILENO), 62);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

START_TEST(works_where_the_directory_cannot_be_listed)
{
	const struct library_asset *asset = &library_assets[_i];
	int status;
	pid_t child;

	ck_assert_int_eq(mkdir("blind", 0777), 0);
	ck_assert_int_eq(chmod("blind", 0333), 0);
	ck_assert_int_eq(mkdir("closed", 0777), 0);
	ck_assert_int_eq(chmod("closed", 0555), 0);
	ck_assert_int_eq(chmod(".", 0755), 0);
	child = fork();
	if (child == 0) {
		/* Permissions do not hold for root. */
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(2);
		if (asset->extract_to("blind/file") < 0)
			_exit(3);
		if (asset->extract_to("closed/file") == 0 || errno != EACCES)
			_exit(4);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(chmod("blind", 0777), 0);
	ck_assert(file_is_asset("blind/file", asset));
	ck_assert_int_eq(count_entries("blind"), 1);
	ck_assert_int_eq(count_entries("closed"), 0);
}
END_TEST

/* Kill the extraction after ever longer times, until it has run to its end. */
START_TEST(killed_at_any_time_leaves_the_old_file_or_the_whole_new_one)
{
	const struct library_asset *asset = &library_assets[_i];
	int64_t nanoseconds = 0;
	int status, killed = 0;

	do {
		struct timespec delay = {
			.tv_sec = (time_t)(nanoseconds / 1000000000),
			.tv_nsec = (long)(nanoseconds % 1000000000),
		};
		pid_t child;

		write_file("file", "old");
		child = fork();
		if (child == 0)
			_exit(asset->extract_to("file") == 0 ? 0 : 1);
		nanosleep(&delay, NULL);
		kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		if (!file_is_asset("file", asset))
			assert_text("file", "old");
		killed += WIFSIGNALED(status);
		/* On a busy machine the child may end before it is killed. */
		if (killed > 0)
			nanoseconds += 50000 + nanoseconds / 8;
	} while (killed == 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0);
	ck_assert(file_is_asset("file", asset));
	/* What a kill left behind is not in the way. */
	ck_assert_int_eq(asset->extract_to("file"), 0);
}
END_TEST

static void *extract_in_thread(void *asset)
{
	return ((const struct library_asset *)asset)->extract_to_with_parents("a/b/file") == 0 ? NULL
											       : asset;
}

START_TEST(threads_and_processes_extract_to_one_path)
{
	const struct library_asset *asset = &library_assets[_i];
	pthread_t threads[CONCURRENT];
	pid_t children[CONCURRENT];
	int i, status;

	for (i = 0; i < CONCURRENT; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(extract_in_thread((void *)(uintptr_t)asset) == NULL ? 0 : 1);
	}
	for (i = 0; i < CONCURRENT; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, extract_in_thread,
						(void *)(uintptr_t)asset),
				 0);
	for (i = 0; i < CONCURRENT; i++) {
		void *failed;

		ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
		ck_assert_ptr_null(failed);
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert(file_is_asset("a/b/file", asset));
	ck_assert_int_eq(count_entries("a/b"), 1);
}
END_TEST

START_TEST(a_reader_never_sees_half_a_file)
{
	const struct library_asset *asset = &library_assets[_i];
	int status;
	pid_t child;

	ck_assert_int_eq(asset->extract_to("file"), 0);
	child = fork();
	if (child == 0) {
		int i;

		for (i = 0; i < 10; i++)
			if (asset->extract_to("file") < 0)
				_exit(1);
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0)
		ck_assert(file_is_asset("file", asset));
	ck_assert_int_eq(status, 0);
}
END_TEST

Suite *extraction_suite(void)
{
	Suite *suite = suite_create("library: extraction");
	TCase *extraction = tcase_create("extraction");

	tcase_add_checked_fixture(extraction, enter_scratch, leave_scratch);
	/* Extraction from an .xz on a busy machine takes seconds, and is done over and over. */
	tcase_set_timeout(extraction, 600);
#define EACH(test) tcase_add_loop_test(extraction, test, 0, LIBRARY_ASSETS)
	EACH(extracts_the_same_bytes);
#if defined PAYLOAD_XZ
	EACH(extraction_does_not_hold_the_bytes_in_memory);
#endif
	EACH(mode_is_that_of_the_asset_less_the_umask);
	EACH(replaces_a_file_and_readers_keep_the_old_one);
	EACH(replaces_a_symbolic_link_and_leaves_what_it_points_to);
	EACH(refuses_what_is_no_file);
	EACH(refuses_a_bad_path);
	EACH(extracts_to_the_longest_path);
	EACH(makes_parents_only_when_asked_to);
	EACH(makes_parents_of_an_absolute_path);
	EACH(takes_parents_away_again_after_a_failure);
	EACH(leaves_the_old_file_and_nothing_else_when_writing_fails);
	EACH(needs_one_descriptor_for_directory_and_file_each);
	EACH(works_where_the_directory_cannot_be_listed);
	EACH(killed_at_any_time_leaves_the_old_file_or_the_whole_new_one);
	EACH(threads_and_processes_extract_to_one_path);
	EACH(a_reader_never_sees_half_a_file);
#undef EACH
	suite_add_tcase(suite, extraction);
	return suite;
}
