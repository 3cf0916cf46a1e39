// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/in_root.h"

#define CIRCLE ": has links that go round in a circle or jump out of the root"

/* A root, in a directory with a file that no path in the root may lead to. */
static char scratch[] = "tests-scratch.XXXXXX", top[4096], root[4200];
static struct error error;

static void run(const char *command)
{
	ck_assert_int_eq(system(command), 0);
}

static void make_root(void)
{
	ck_assert_ptr_nonnull(mkdtemp(scratch));
	ck_assert_int_eq(chdir(scratch), 0);
	ck_assert_ptr_nonnull(getcwd(top, sizeof(top)));
	snprintf(root, sizeof(root), "%s/root", top);
	run("umask 022; mkdir -p root/etc; echo inside >root/etc/file; echo outside >outside");
}

static void remove_root(void)
{
	run("rm -r outside root");
	ck_assert_int_eq(chdir(".."), 0);
	ck_assert_int_eq(rmdir(scratch), 0);
}

/* Nothing beside the root is other than it was. */
static void check_outside(void)
{
	run("[ \"$(cat outside)\" = outside ]");
	run("[ \"$(ls | wc -l)\" -eq 2 ]");
}

static const struct root_path *in(const char *path)
{
	static struct root_path where;

	strcpy(error.text, "");
	where = (struct root_path){ root, path };
	return &where;
}

static void expect_text(int fd, const char *text)
{
	char found[64];
	ssize_t length;

	ck_assert_msg(fd >= 0, "%s", error.text);
	length = read(fd, found, sizeof(found) - 1);
	ck_assert_int_ge(length, 0);
	found[length] = '\0';
	ck_assert_str_eq(found, text);
	close(fd);
}

static void expect_error(int result, const char *message)
{
	ck_assert_int_eq(result, -1);
	ck_assert_str_eq(error.text, message);
}

static int open_file(const char *path)
{
	return in_root_open_file("read ", in(path), &error);
}

START_TEST(no_link_leads_out)
{
	ck_assert_int_eq(symlink("/etc/file", "root/absolute"), 0);
	ck_assert_int_eq(symlink("../../../../etc/file", "root/etc/up"), 0);
	ck_assert_int_eq(symlink("../outside", "root/out"), 0);
	ck_assert_int_eq(symlink("out", "root/twice"), 0);
	expect_text(open_file("/absolute"), "inside\n");
	expect_text(open_file("absolute"), "inside\n");
	expect_text(open_file("/etc/up"), "inside\n");
	expect_text(open_file("/../../etc/file"), "inside\n");
	expect_error(open_file("/out"), "read /out: No such file or directory");
	ck_assert_int_eq(errno, ENOENT);
	expect_error(open_file("/twice"), "read /twice: No such file or directory");
}
END_TEST

START_TEST(no_link_jumps)
{
	char path[64], message[256];
	int fd = open("outside", O_RDONLY);

	ck_assert_int_ge(fd, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snprintf(message, sizeof(message), "find %s%s", path, CIRCLE);
	expect_error(in_root_find_anywhere("find ", IN_ROOT(path), &error), message);
	close(fd);
	expect_error(in_root_make_directory("make ", IN_ROOT("/proc/self/cwd/x"), &error),
		     "make /proc/self/cwd/x" CIRCLE);
	check_outside();
}
END_TEST

START_TEST(no_link_leads_into_proc)
{
	char path[4300], message[4400];
	int fd;

	snprintf(path, sizeof(path), "%s/link", root);
	snprintf(message, sizeof(message), "x %s: is a link into /proc or /sys", path);
	message[sizeof(error.text) - 1] = '\0';
	ck_assert_int_eq(symlink("/proc/version", path), 0);
	expect_error(in_root_find("x ", IN_ROOT(path), &error), message);
	ck_assert_int_eq(errno, EXDEV);
	expect_error(in_root_open_file("x ", IN_ROOT(path), &error), message);
	expect_error(in_root_make_file("x ", IN_ROOT(path), &error), message);
	fd = in_root_find_anywhere("x ", IN_ROOT(path), &error);
	ck_assert_int_ge(fd, 0);
	ck_assert(in_root_is_of_kernel(fd));
	ck_assert(in_root_is_of_proc(fd));
	ck_assert_int_eq(remove(path), 0);
	ck_assert_int_eq(symlink("/proc/sys", path), 0);
	expect_error(in_root_make_directory("x ", IN_ROOT(path), &error), message);
}
END_TEST

START_TEST(proc_itself_can_be_named)
{
	int fd = in_root_open_file("x ", IN_ROOT("/proc/version"), &error);

	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = in_root_make_directory("x ", IN_ROOT("/proc/sys"), &error);
	ck_assert_int_ge(fd, 0);
	close(fd);
	expect_error(in_root_make_directory("x ", IN_ROOT("/proc/absent/x"), &error),
		     "x /proc/absent/x: No such file or directory");
	fd = open("/", O_PATH);
	ck_assert(!in_root_is_of_kernel(fd));
	ck_assert(!in_root_is_of_proc(fd));
}
END_TEST

START_TEST(opens_nothing_but_regular_files)
{
	ck_assert_int_eq(mkfifo("root/fifo", 0666), 0);
	ck_assert_int_eq(symlink("loop", "root/loop"), 0);
	expect_text(open_file("/etc/file"), "inside\n");
	expect_error(open_file("/fifo"), "read /fifo: is not a regular file");
	expect_error(open_file("/etc"), "read /etc: is not a regular file");
	expect_error(open_file("/"), "read /: is not a regular file");
	expect_error(open_file("/etc/file/x"), "read /etc/file/x: Not a directory");
	expect_error(open_file("/loop"), "read /loop" CIRCLE);
	expect_error(in_root_open_file("read ", IN_ROOT("/dev/null"), &error),
		     "read /dev/null: is not a regular file");
}
END_TEST

static void expect_directory(const char *path, const char *made)
{
	struct stat status, found;
	int fd = in_root_make_directory("make ", in(path), &error);

	ck_assert_msg(fd >= 0, "%s", error.text);
	ck_assert_int_eq(fstat(fd, &found), 0);
	ck_assert_int_eq(lstat(made, &status), 0);
	ck_assert(S_ISDIR(status.st_mode));
	ck_assert_uint_eq(status.st_ino, found.st_ino);
	close(fd);
}

START_TEST(makes_missing_directories)
{
	ck_assert_int_eq(symlink("/new/target", "root/dangling"), 0);
	ck_assert_int_eq(symlink("../../../up", "root/etc/up"), 0);
	ck_assert_int_eq(symlink("beside", "root/etc/relative"), 0);
	ck_assert_int_eq(symlink("loop/x", "root/loop"), 0);
	expect_directory("/", "root");
	expect_directory("/a//b/./c/", "root/a/b/c");
	expect_directory("a/b/d", "root/a/b/d");
	expect_directory("/a/../../e", "root/e");
	expect_directory("/dangling/below", "root/new/target/below");
	expect_directory("/etc/up", "root/up");
	expect_directory("/etc/relative/f", "root/etc/beside/f");
	expect_error(in_root_make_directory("make ", in("/loop/y"), &error), "make /loop/y" CIRCLE);
	expect_error(in_root_make_directory("make ", in("/etc/file"), &error),
		     "make /etc/file: Not a directory");
	expect_error(in_root_make_directory("make ", in("/etc/file/x"), &error),
		     "make /etc/file/x: Not a directory");
	check_outside();
}
END_TEST

START_TEST(makes_missing_files)
{
	struct stat status;

	umask(022);
	ck_assert_int_eq(symlink("/new/target", "root/dangling"), 0);
	ck_assert_int_eq(symlink("../made", "root/out"), 0);
	ck_assert_int_eq(mkfifo("root/fifo", 0666), 0);
	for (int again = 0; again < 2; again++) {
		close(in_root_make_file("make ", in("/dangling"), &error));
		close(in_root_make_file("make ", in("/out"), &error));
		close(in_root_make_file("make ", in("/x/y/z/"), &error));
		close(in_root_make_file("make ", in("/fifo"), &error));
		ck_assert_str_eq(error.text, "");
	}
	ck_assert_int_eq(lstat("root/new/target", &status), 0);
	ck_assert_uint_eq(status.st_mode, S_IFREG | 0644);
	ck_assert_int_eq(lstat("root/x/y/z", &status), 0);
	ck_assert(S_ISREG(status.st_mode));
	ck_assert_int_eq(lstat("root/made", &status), 0);
	expect_error(in_root_make_file("make ", in("/etc"), &error), "make /etc: Is a directory");
	check_outside();
}
END_TEST

static int write_file(const char *path)
{
	return in_root_write_file("write ", in(path), "text\n", 5, &error);
}

START_TEST(puts_files_in_the_place_of_others)
{
	static const char *const paths[] = {
		"/etc/file", "/link", "/out", "/dangling", "/fifo", "/new/directory/file",
	};
	struct stat status;
	char path[128];

	umask(022);
	ck_assert_int_eq(symlink("/etc/kept", "root/link"), 0);
	ck_assert_int_eq(symlink("../outside", "root/out"), 0);
	ck_assert_int_eq(symlink("/nowhere", "root/dangling"), 0);
	ck_assert_int_eq(mkfifo("root/fifo", 0666), 0);
	run("echo kept >root/etc/kept");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ck_assert_msg(write_file(paths[i]) == 0, "%s", error.text);
		snprintf(path, sizeof(path), "root%s", paths[i]);
		ck_assert_int_eq(lstat(path, &status), 0);
		ck_assert_uint_eq(status.st_mode, S_IFREG | 0644);
		expect_text(open_file(paths[i]), "text\n");
	}
	expect_text(open_file("/etc/kept"), "kept\n");
	ck_assert_int_ne(access("root/nowhere", F_OK), 0);
	expect_error(write_file("/etc"), "write /etc: Is a directory");
	expect_error(write_file("/etc/kept/x"), "write /etc/kept: Not a directory");
	check_outside();
}
END_TEST

Suite *in_root_suite(void)
{
	Suite *suite = suite_create("init-oci files of an image");
	TCase *cases = tcase_create("in root");

	tcase_add_checked_fixture(cases, make_root, remove_root);
	tcase_add_test(cases, no_link_leads_out);
	tcase_add_test(cases, no_link_jumps);
	tcase_add_test(cases, no_link_leads_into_proc);
	tcase_add_test(cases, proc_itself_can_be_named);
	tcase_add_test(cases, opens_nothing_but_regular_files);
	tcase_add_test(cases, makes_missing_directories);
	tcase_add_test(cases, makes_missing_files);
	tcase_add_test(cases, puts_files_in_the_place_of_others);
	suite_add_tcase(suite, cases);
	return suite;
}
