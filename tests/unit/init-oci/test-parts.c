// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/errors.h"
#include "config/json_number.h"
#include "devices/superblock.h"
#include "life/exit_status.h"
#include "life/path_search.h"

static unsigned char disk[SUPERBLOCK_SIZE];

START_TEST(tells_file_systems_by_their_superblocks)
{
	ck_assert_int_eq(superblock_identify(disk, sizeof(disk)), FILE_SYSTEM_UNKNOWN);
	memcpy(disk, "hsqs", 4);
	ck_assert_int_eq(superblock_identify(disk, sizeof(disk)), FILE_SYSTEM_SQUASHFS);
	/* A big-endian squashfs, which Linux does not mount. */
	memcpy(disk, "sqsh", 4);
	ck_assert_int_eq(superblock_identify(disk, sizeof(disk)), FILE_SYSTEM_UNKNOWN);
	memcpy(disk + 1024, "\xe2\xe1\xf5\xe0", 4);
	ck_assert_int_eq(superblock_identify(disk, sizeof(disk)), FILE_SYSTEM_EROFS);
	memset(disk, 0, sizeof(disk));
	memcpy(disk + 1024 + 0x38, "\x53\xef", 2);
	ck_assert_int_eq(superblock_identify(disk, sizeof(disk)), FILE_SYSTEM_EXT4);
	disk[1024 + 0x60] = 0x42;
	ck_assert_int_eq(superblock_identify(disk, sizeof(disk)), FILE_SYSTEM_EXT4);
	disk[1024 + 0x60] = 0x42 | 0x4;
	ck_assert_int_eq(superblock_identify(disk, sizeof(disk)), FILE_SYSTEM_EXT4_DIRTY);
}
END_TEST

START_TEST(reads_no_more_of_a_disk_than_there_is)
{
	ck_assert_int_eq(superblock_identify(NULL, 0), FILE_SYSTEM_UNKNOWN);
	memset(disk, 0, sizeof(disk));
	memcpy(disk, "hsqs", 4);
	ck_assert_int_eq(superblock_identify(disk, 3), FILE_SYSTEM_UNKNOWN);
	ck_assert_int_eq(superblock_identify(disk, 4), FILE_SYSTEM_SQUASHFS);
	memset(disk, 0, sizeof(disk));
	memcpy(disk + 1024, "\xe2\xe1\xf5\xe0", 4);
	ck_assert_int_eq(superblock_identify(disk, 1027), FILE_SYSTEM_UNKNOWN);
	ck_assert_int_eq(superblock_identify(disk, 1028), FILE_SYSTEM_EROFS);
	memset(disk, 0, sizeof(disk));
	memcpy(disk + 1024 + 0x38, "\x53\xef", 2);
	ck_assert_int_eq(superblock_identify(disk, 1024 + 0x60), FILE_SYSTEM_UNKNOWN);
	ck_assert_int_eq(superblock_identify(disk, 1024 + 0x64), FILE_SYSTEM_EXT4);
}
END_TEST

START_TEST(path_comes_from_the_environment)
{
	char *const with[] = { "XPATH=/x", "PATH=/a:/b", "PATH=/c", NULL };
	char *const without[] = { "PATHS=/x", NULL };

	ck_assert_str_eq(path_search_list(with), "/a:/b");
	ck_assert_str_eq(path_search_list(without),
			 "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}
END_TEST

static void expect_candidates(const char *list, const char *name, const char *expected)
{
	char candidate[32], all[128] = "";
	int result;

	while ((result = path_search_next(&list, name, candidate, sizeof(candidate)))) {
		strcat(all, result > 0 ? candidate : "(too long)");
		strcat(all, " ");
	}
	ck_assert_str_eq(all, expected);
}

START_TEST(path_is_searched_like_a_shell_does)
{
	expect_candidates("/a:/b", "x", "/a/x /b/x ");
	expect_candidates("/a", "x", "/a/x ");
	expect_candidates("", "x", "x ");
	expect_candidates(":/a:", "x", "x /a/x x ");
	expect_candidates("/a:/b", "/bin/x", "/bin/x ");
	expect_candidates("/a:/b", "./x", "./x ");
	expect_candidates("/a:/b", "d/x", "d/x ");
}
END_TEST

START_TEST(path_candidates_stay_in_their_buffer)
{
	/* 31 characters and the end fit, 32 do not. */
	expect_candidates("/aaaaaaaaaaaaaaaaaaaaaaaaaaaa:/b", "x", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaa/x /b/x ");
	expect_candidates("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaa:/b", "x", "(too long) /b/x ");
	expect_candidates("/a:/b", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "(too long) (too long) ");
}
END_TEST

static int wait_status_of(int status, int signal_number)
{
	int wait_status;
	pid_t child = fork();

	if (child == 0) {
		if (signal_number) {
			/* Check has handlers of its own. */
			signal(signal_number, SIG_DFL);
			raise(signal_number);
		}
		_exit(status);
	}
	ck_assert_int_eq(waitpid(child, &wait_status, 0), child);
	return wait_status;
}

START_TEST(exit_status_is_the_usual_one)
{
	ck_assert_int_eq(exit_status_of_wait(wait_status_of(0, 0)), 0);
	ck_assert_int_eq(exit_status_of_wait(wait_status_of(255, 0)), 255);
	ck_assert_int_eq(exit_status_of_wait(wait_status_of(0, SIGKILL)), 137);
	ck_assert_int_eq(exit_status_of_wait(wait_status_of(0, SIGTERM)), 143);
	ck_assert_int_eq(exit_status_of_exec(ENOENT), 127);
	ck_assert_int_eq(exit_status_of_exec(ENOTDIR), 127);
	ck_assert_int_eq(exit_status_of_exec(EACCES), 126);
	ck_assert_int_eq(exit_status_of_exec(ENOEXEC), 126);
}
END_TEST

START_TEST(text_is_cut_to_fit_and_has_no_control_characters)
{
	char text[8];

	ck_assert_uint_eq(text_join(text, sizeof(text), (const char *const[]){
		"ab", "\n\033\x7f", NULL }), 5);
	ck_assert_str_eq(text, "ab???");
	ck_assert_uint_eq(text_join(text, sizeof(text), (const char *const[]){
		"abcdef", "ghi", NULL }), 7);
	ck_assert_str_eq(text, "abcdefg");
	/* Bytes of UTF-8 stay. */
	text_join(text, sizeof(text), (const char *const[]){ "\xc3\xa9", NULL });
	ck_assert_str_eq(text, "\xc3\xa9");
}
END_TEST

START_TEST(decimal_covers_64_bits)
{
	struct decimal number;

	ck_assert_str_eq(decimal(&number, 0), "0");
	ck_assert_str_eq(decimal(&number, 125), "125");
	ck_assert_str_eq(decimal(&number, UINT64_MAX), "18446744073709551615");
}
END_TEST

/* To be read as by strtod(), to the last bit. */
static const char *const exact_numbers[] = {
	"0", "-0", "7", "-7", "0.5", "1e3", "1E+3", "1500e-2", "1024", "4294967294",
	"9007199254740992", "18446744073709551615", "18446744073709551616",
	"99999999999999999999", "18446744073709551619", "184467440737095516190",
	"0.00", "0e5", "0e99999999999", "1e400", "-1e400", "1e99999999999", "1e-99999999999",
};

START_TEST(reads_numbers_like_strtod)
{
	const char *text = exact_numbers[_i];
	char *end;
	double value = json_number(text, &end);

	ck_assert(*end == '\0');
	ck_assert(value == strtod(text, NULL));
	ck_assert(signbit(value) == signbit(strtod(text, NULL)) || value == 0);
}
END_TEST

static const char *const near_numbers[] = {
	"3.141592653589793", "0.1", "1e308", "1.7976931348623157e308", "2.5e-300", "123456.789e-12",
	"0.000000000000000000000000000000000012345", "123456789012345678901234567890",
};

START_TEST(reads_fractions_nearly_like_strtod)
{
	char *end;
	double expected = strtod(near_numbers[_i], NULL);
	double value = json_number(near_numbers[_i], &end);

	ck_assert(*end == '\0');
	ck_assert(fabs(value - expected) <= expected * 1e-13);
}
END_TEST

static const char *const no_numbers[] = {
	"", "-", "+1", ".5", "01", "-01", "1.", "1.e3", "1e", "1e+", "e3", "nan", "0x", "--1",
};

START_TEST(takes_nothing_that_json_does_not_allow)
{
	char *end;

	json_number(no_numbers[_i], &end);
	ck_assert(end == no_numbers[_i] || !strcmp(no_numbers[_i], "0x"));
	/* A prefix is what the parser then stumbles over. */
	json_number("0x10", &end);
	ck_assert_str_eq(end, "x10");
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *parts_suite(void)
{
	Suite *suite = suite_create("init-oci parts");
	TCase *cases = tcase_create("parts");

	tcase_add_test(cases, tells_file_systems_by_their_superblocks);
	tcase_add_test(cases, reads_no_more_of_a_disk_than_there_is);
	tcase_add_test(cases, path_comes_from_the_environment);
	tcase_add_test(cases, path_is_searched_like_a_shell_does);
	tcase_add_test(cases, path_candidates_stay_in_their_buffer);
	tcase_add_test(cases, exit_status_is_the_usual_one);
	tcase_add_test(cases, text_is_cut_to_fit_and_has_no_control_characters);
	tcase_add_test(cases, decimal_covers_64_bits);
	tcase_add_loop_test(cases, reads_numbers_like_strtod, 0, COUNT(exact_numbers));
	tcase_add_loop_test(cases, reads_fractions_nearly_like_strtod, 0, COUNT(near_numbers));
	tcase_add_loop_test(cases, takes_nothing_that_json_does_not_allow, 0, COUNT(no_numbers));
	suite_add_tcase(suite, cases);
	return suite;
}
