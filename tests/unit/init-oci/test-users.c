// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/users.h"

static const char passwd[] =
	"# a comment\n"
	"\n"
	"+::::::\n"
	"broken\n"
	"short:x:7\n"
	":x:100:100::/nameless:\n"
	"letters:x:1o:10::/letters:\n"
	"minus:x:-1:10::/minus:\n"
	"none:x:4294967295:10::/none:\n"
	"nogroup:x:11:4294967295::/none:\n"
	"much:x:4294967296:10::/much:\n"
	"root:x:0:0:root:/root:/bin/sh\n"
	"toor:x:0:0:the other root:/toor:/bin/sh\n"
	"app:x:1000:100:An App,,:/srv/app:/bin/sh\n"
	"app:x:1001:101:another of that name:/other:/bin/sh\n"
	"1002:x:2002:202:named like a number:/numeral:\n"
	"homeless:x:1003:103:::\n"
	"nowhere:x:1004:104\n"
	"last:x:4294967294:4294967294::/last";

static const char group[] =
	"root:x:0:\n"
	"wheel:x:10:root,app\n"
	"broken\n"
	"bad:x:x:app\n"
	"bad:x:-1:app\n"
	":x:12:app\n"
	"staff:x:50:apple,xapp,app\n"
	"staff:x:51:\n"
	"audio:x:29:app,app,\n"
	"none:x:4294967295:app\n"
	"123:x:124:\n"
	"users:x:100:apple,, ,last";

static struct config config;
static struct error error;

static int resolve(const char *user)
{
	const struct user_files files = {
		.passwd = passwd,
		.passwd_length = sizeof(passwd) - 1,
		.group = group,
		.group_length = sizeof(group) - 1,
	};

	config = (struct config){ .user = user, .uid = 77, .gid = 77 };
	strcpy(error.text, "");
	return user_resolve_from(&files, &config, &error);
}

#define NO_MORE (-1)

static const struct {
	const char *user;
	uint32_t uid;
	/* The first is the process's own. */
	int64_t groups[5];
	const char *home;
} good[] = {
	{ "root", 0, { 0, 10, NO_MORE }, "HOME=/root" },
	{ "0", 0, { 0, 10, NO_MORE }, "HOME=/root" },
	{ "000", 0, { 0, 10, NO_MORE }, "HOME=/root" },
	{ "toor", 0, { 0, NO_MORE }, "HOME=/toor" },
	{ "app", 1000, { 100, 10, 50, 29, NO_MORE }, "HOME=/srv/app" },
	{ "1000", 1000, { 100, 10, 50, 29, NO_MORE }, "HOME=/srv/app" },
	{ "app:", 1000, { 100, 10, 50, 29, NO_MORE }, "HOME=/srv/app" },
	/* A group that is given is the only one. */
	{ "app:staff", 1000, { 50, NO_MORE }, "HOME=/srv/app" },
	{ "app:29", 1000, { 29, NO_MORE }, "HOME=/srv/app" },
	{ "1000:wheel", 1000, { 10, NO_MORE }, "HOME=/srv/app" },
	{ "1000:7", 1000, { 7, NO_MORE }, "HOME=/srv/app" },
	{ ":staff", 0, { 50, NO_MORE }, "HOME=/root" },
	{ ":", 0, { 0, 10, NO_MORE }, "HOME=/root" },
	{ "", 0, { 0, 10, NO_MORE }, "HOME=/root" },
	/* Digits are a number, even if a name has the same digits. */
	{ "1002", 1002, { 0, NO_MORE }, "HOME=/" },
	{ "app:123", 1000, { 123, NO_MORE }, "HOME=/srv/app" },
	/* A number need not be in the files. */
	{ "100", 100, { 0, NO_MORE }, "HOME=/" },
	{ "5000", 5000, { 0, NO_MORE }, "HOME=/" },
	{ "5000:6000", 5000, { 6000, NO_MORE }, "HOME=/" },
	{ "4294967293:4294967294", 4294967293, { 4294967294, NO_MORE }, "HOME=/" },
	{ "last", 4294967294, { 4294967294, 100, NO_MORE }, "HOME=/last" },
	{ "homeless", 1003, { 103, NO_MORE }, "HOME=/" },
	{ "nowhere", 1004, { 104, NO_MORE }, "HOME=/" },
};

START_TEST(finds)
{
	size_t count = 0;

	ck_assert_int_eq(resolve(good[_i].user), 0);
	ck_assert_uint_eq(config.uid, good[_i].uid);
	ck_assert_uint_eq(config.gid, good[_i].groups[0]);
	for (; good[_i].groups[count] != NO_MORE; count++) {
		ck_assert_uint_lt(count, config.group_count);
		ck_assert_uint_eq(config.groups[count], good[_i].groups[count]);
	}
	ck_assert_uint_eq(config.group_count, count);
	ck_assert_str_eq(config.env[0], good[_i].home);
	ck_assert_ptr_null(config.env[1]);
	config_free(&config);
}
END_TEST

#define NO_USER(name) { name, "find user " name ": is not in the container's /etc/passwd" }
#define NO_GROUP(user, name) \
	{ user ":" name, "find group " name ": is not in the container's /etc/group" }

static const struct {
	const char *user, *message;
} bad[] = {
	NO_USER("absent"),
	NO_USER("ap"),
	NO_USER("apps"),
	NO_USER("App"),
	NO_USER("absent:staff"),
	NO_USER("+"),
	NO_USER("-1"),
	NO_USER("+1"),
	NO_USER("0x0"),
	NO_USER("broken"),
	NO_USER("short"),
	NO_USER("letters"),
	NO_USER("minus"),
	NO_USER("none"),
	NO_USER("nogroup"),
	NO_USER("much"),
	NO_USER("# a comment"),
	NO_USER("app\nroot"),
	NO_GROUP("app", "absent"),
	NO_GROUP("0", "staf"),
	NO_GROUP("app", "bad"),
	NO_GROUP("app", "none"),
	NO_GROUP("app", "staff:wheel"),
	NO_GROUP("app", "-1"),
	{ "4294967295", "find user 4294967295: is out of range" },
	{ "4294967296", "find user 4294967296: is out of range" },
	{ "18446744073709551616", "find user 18446744073709551616: is out of range" },
	{ "app:4294967295", "find group 4294967295: is out of range" },
	{ "app:99999999999999999999", "find group 99999999999999999999: is out of range" },
};

START_TEST(does_not_find)
{
	char expected[sizeof(error.text)];

	/* A line break of a name does not reach the console. */
	snprintf(expected, sizeof(expected), "%s", bad[_i].message);
	for (char *c = strchr(expected, '\n'); c; c = strchr(c, '\n'))
		*c = '?';
	ck_assert_int_eq(resolve(bad[_i].user), -1);
	ck_assert_str_eq(error.text, expected);
	config_free(&config);
}
END_TEST

START_TEST(leaves_numbers_alone)
{
	const struct user_files files = { .passwd = passwd, .passwd_length = sizeof(passwd) - 1 };
	uint32_t groups[] = { 5, 6 };

	config = (struct config){
		.uid = 1000, .gid = 7, .groups = groups, .group_count = 2,
	};
	ck_assert_int_eq(user_resolve_from(&files, &config, &error), 0);
	ck_assert_uint_eq(config.uid, 1000);
	ck_assert_uint_eq(config.gid, 7);
	ck_assert_uint_eq(config.group_count, 2);
	ck_assert_ptr_eq(config.groups, groups);
	ck_assert_str_eq(config.env[0], "HOME=/srv/app");
	config.groups = NULL;
	config_free(&config);
}
END_TEST

START_TEST(leaves_a_home_that_is_given)
{
	char home[] = "HOME=/mine", homes[] = "HOMES=/x";
	char **env = calloc(3, sizeof(*env));

	env[0] = homes;
	env[1] = home;
	config = (struct config){ .user = "app", .env = env };
	ck_assert_int_eq(user_resolve_from(&(struct user_files){ .passwd = passwd,
			 .passwd_length = sizeof(passwd) - 1 }, &config, &error), 0);
	ck_assert_str_eq(config.env[0], "HOMES=/x");
	ck_assert_str_eq(config.env[1], "HOME=/mine");
	ck_assert_ptr_null(config.env[2]);
	config_free(&config);
}
END_TEST

START_TEST(fills_in_an_empty_home)
{
	char home[] = "HOME=", path[] = "PATH=/bin";
	char **env = calloc(3, sizeof(*env));

	env[0] = home;
	env[1] = path;
	config = (struct config){ .user = "app", .env = env };
	ck_assert_int_eq(user_resolve_from(&(struct user_files){ .passwd = passwd,
			 .passwd_length = sizeof(passwd) - 1 }, &config, &error), 0);
	ck_assert_str_eq(config.env[0], "HOME=/srv/app");
	ck_assert_str_eq(config.env[1], "PATH=/bin");
	ck_assert_ptr_null(config.env[2]);
	config_free(&config);
}
END_TEST

START_TEST(passes_over_a_line_with_a_nul)
{
	static const char nul[] = "app:x:1:1::/a\0b:\napp:x:2:2::/second:\n";
	const struct user_files files = { .passwd = nul, .passwd_length = sizeof(nul) - 1 };

	config = (struct config){ .user = "app" };
	ck_assert_int_eq(user_resolve_from(&files, &config, &error), 0);
	ck_assert_uint_eq(config.uid, 2);
	ck_assert_str_eq(config.env[0], "HOME=/second");
	config_free(&config);
}
END_TEST

/* The files of an image, whatever they are. */
static char directory[] = "tests-scratch.XXXXXX";
static char etc[64], passwd_path[80], group_path[80];

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(etc, sizeof(etc), "%s/etc", directory);
	snprintf(passwd_path, sizeof(passwd_path), "%s/passwd", etc);
	snprintf(group_path, sizeof(group_path), "%s/group", etc);
	ck_assert_int_eq(mkdir(etc, 0755), 0);
}

static void remove_directory(void)
{
	remove(passwd_path);
	remove(group_path);
	rmdir(etc);
	rmdir(directory);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static int resolve_files(const char *user)
{
	config = (struct config){ .user = user };
	strcpy(error.text, "");
	return user_resolve_in(directory, &config, &error);
}

static void expect_read_error(const char *user, const char *message)
{
	ck_assert_int_eq(resolve_files(user), -1);
	ck_assert_str_eq(error.text, message);
	config_free(&config);
}

static void expect_user(const char *user, uint32_t uid, uint32_t gid)
{
	ck_assert_int_eq(resolve_files(user), 0);
	ck_assert_uint_eq(config.uid, uid);
	ck_assert_uint_eq(config.gid, gid);
	config_free(&config);
}

START_TEST(reads_the_files)
{
	write_file(passwd_path, passwd);
	write_file(group_path, group);
	ck_assert_int_eq(resolve_files("app"), 0);
	ck_assert_uint_eq(config.uid, 1000);
	ck_assert_uint_eq(config.group_count, 4);
	config_free(&config);
	ck_assert_int_eq(resolve_files("absent"), -1);
	config_free(&config);
}
END_TEST

START_TEST(does_without_the_files)
{
	ck_assert_int_eq(resolve_files("1000:5"), 0);
	ck_assert_uint_eq(config.uid, 1000);
	ck_assert_uint_eq(config.gid, 5);
	ck_assert_str_eq(config.env[0], "HOME=/");
	config_free(&config);
	ck_assert_int_eq(resolve_files("app"), -1);
	ck_assert_str_eq(error.text, "find user app: is not in the container's /etc/passwd");
	config_free(&config);
	/* A link to nowhere is as good as none. */
	ck_assert_int_eq(symlink("absent", passwd_path), 0);
	ck_assert_int_eq(resolve_files("1000"), 0);
	config_free(&config);
}
END_TEST

#define NO_FILE(name) "read /etc/" name ": is not a regular file"
#define BAD_LINK(name) \
	"read /etc/" name ": has links that go round in a circle or jump out of the root"

START_TEST(needs_a_file_only_for_names)
{
	write_file(passwd_path, passwd);
	ck_assert_int_eq(mkdir(group_path, 0755), 0);
	expect_user("1000", 1000, 100);
	expect_user("app:7", 1000, 7);
	expect_read_error("app:staff", NO_FILE("group"));
	ck_assert_int_eq(remove(passwd_path), 0);
	/* Nothing ever writes to it. */
	ck_assert_int_eq(mkfifo(passwd_path, 0644), 0);
	expect_user("1000", 1000, 0);
	expect_user("", 0, 0);
	expect_read_error("app", NO_FILE("passwd"));
	expect_read_error("app:7", NO_FILE("passwd"));
	expect_read_error("7:staff", NO_FILE("group"));
	ck_assert_int_eq(remove(passwd_path), 0);
	ck_assert_int_eq(symlink("passwd", passwd_path), 0);
	expect_user("1000", 1000, 0);
	expect_read_error("app", BAD_LINK("passwd"));
}
END_TEST

START_TEST(takes_no_file_from_outside_the_root)
{
	ck_assert_int_eq(symlink("/etc/passwd", group_path), 0);
	write_file(passwd_path, "root:x:77:88::/:\n");
	expect_user("root", 77, 88);
	ck_assert_int_eq(remove(passwd_path), 0);
	ck_assert_int_eq(symlink("../../../../../../../../../../etc/passwd", passwd_path), 0);
	expect_read_error("root", BAD_LINK("passwd"));
}
END_TEST

START_TEST(reads_files_of_any_size)
{
	FILE *file = fopen(passwd_path, "w");

	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < 200000; i++)
		fprintf(file, "user%d:x:%d:%d::/:\n", i, 100000 + i, i);
	fputs("last:x:7:8::/:\n", file);
	fclose(file);
	expect_user("last", 7, 8);
	expect_user("7", 7, 8);
	/* More than any machine has memory for. */
	ck_assert_int_eq(truncate(passwd_path, 1LL << 40), 0);
	expect_user("user1", 100001, 1);
	expect_user("5", 5, 0);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *users_suite(void)
{
	Suite *suite = suite_create("init-oci users");
	TCase *cases = tcase_create("users"), *files = tcase_create("files");

	tcase_add_loop_test(cases, finds, 0, COUNT(good));
	tcase_add_loop_test(cases, does_not_find, 0, COUNT(bad));
	tcase_add_test(cases, leaves_numbers_alone);
	tcase_add_test(cases, leaves_a_home_that_is_given);
	tcase_add_test(cases, fills_in_an_empty_home);
	tcase_add_test(cases, passes_over_a_line_with_a_nul);
	suite_add_tcase(suite, cases);
	tcase_add_checked_fixture(files, make_directory, remove_directory);
	tcase_add_test(files, reads_the_files);
	tcase_add_test(files, does_without_the_files);
	tcase_add_test(files, needs_a_file_only_for_names);
	tcase_add_test(files, takes_no_file_from_outside_the_root);
	tcase_add_test(files, reads_files_of_any_size);
	suite_add_tcase(suite, files);
	return suite;
}
