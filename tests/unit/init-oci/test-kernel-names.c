// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <signal.h>
#include <sys/resource.h>

#include "config/kernel_names.h"

static const struct {
	const char *name;
	int number;
} good[] = {
	{ "SIGHUP", SIGHUP }, { "SIGTERM", SIGTERM }, { "TERM", SIGTERM }, { "15", SIGTERM },
	{ "sigterm", SIGTERM }, { "Term", SIGTERM }, { "SIGQUIT", SIGQUIT }, { "SIGUSR1", SIGUSR1 },
	{ "SIGSTKFLT", SIGSTKFLT }, { "SIGCHLD", SIGCHLD }, { "SIGCLD", SIGCHLD },
	{ "SIGWINCH", SIGWINCH }, { "SIGIO", SIGIO }, { "SIGPOLL", SIGIO }, { "SIGIOT", SIGABRT },
	{ "SIGPWR", SIGPWR }, { "SIGSYS", SIGSYS }, { "1", 1 }, { "01", 1 }, { "9", SIGKILL },
	{ "31", 31 }, { "64", 64 },
	/* glibc's numbers, even if this program is linked with another libc. */
	{ "SIGRTMIN", 34 }, { "RTMIN+0", 34 }, { "SIGRTMIN+3", 37 }, { "rtmin+15", 49 },
	{ "SIGRTMIN+30", 64 }, { "SIGRTMAX", 64 }, { "SIGRTMAX-1", 63 }, { "RTMAX-30", 34 },
};

START_TEST(knows_the_signal)
{
	ck_assert_int_eq(signal_number(good[_i].name), good[_i].number);
}
END_TEST

static const char *const bad[] = {
	"", "SIG", "0", "00", "65", "99", "100", "015", "-1", "+1", "1 ", " 1", "0x1", "15TERM",
	"TERMINATE", "SIGSIGTERM", "NONE", "SIGRTMIN+", "SIGRTMIN-1", "SIGRTMIN+31", "SIGRTMIN+x",
	"SIGRTMIN+300", "SIGRTMIN3", "SIGRTMAX+1", "SIGRTMAX-31", "SIGRTMAX--1",
};

START_TEST(does_not_know_the_signal)
{
	ck_assert_int_eq(signal_number(bad[_i]), -1);
}
END_TEST

START_TEST(capabilities_and_limits_have_the_kernels_numbers)
{
	ck_assert_int_eq(capability_number("CAP_CHOWN"), 0);
	ck_assert_int_eq(capability_number("CAP_SYS_ADMIN"), 21);
	ck_assert_int_eq(capability_number("CAP_CHECKPOINT_RESTORE"), 40);
	ck_assert_int_eq(capability_number("CHOWN"), -1);
	ck_assert_int_eq(capability_number("CAP_"), -1);
	ck_assert_int_eq(capability_number("cap_chown"), -1);
	ck_assert_int_eq(resource_limit_number("RLIMIT_CPU"), RLIMIT_CPU);
	ck_assert_int_eq(resource_limit_number("RLIMIT_NOFILE"), RLIMIT_NOFILE);
	ck_assert_int_eq(resource_limit_number("RLIMIT_AS"), RLIMIT_AS);
	ck_assert_int_eq(resource_limit_number("RLIMIT_RTTIME"), RLIMIT_RTTIME);
	ck_assert_int_eq(resource_limit_number("RLIMIT_"), -1);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *kernel_names_suite(void)
{
	Suite *suite = suite_create("init-oci kernel names");
	TCase *cases = tcase_create("kernel names");

	tcase_add_loop_test(cases, knows_the_signal, 0, COUNT(good));
	tcase_add_loop_test(cases, does_not_know_the_signal, 0, COUNT(bad));
	tcase_add_test(cases, capabilities_and_limits_have_the_kernels_numbers);
	suite_add_tcase(suite, cases);
	return suite;
}
