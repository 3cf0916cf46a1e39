// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <signal.h>

#include "config/signal_names.h"

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

START_TEST(knows)
{
	ck_assert_int_eq(signal_number(good[_i].name), good[_i].number);
}
END_TEST

static const char *const bad[] = {
	"", "SIG", "0", "00", "65", "99", "100", "015", "-1", "+1", "1 ", " 1", "0x1", "15TERM",
	"TERMINATE", "SIGSIGTERM", "NONE", "SIGRTMIN+", "SIGRTMIN-1", "SIGRTMIN+31", "SIGRTMIN+x",
	"SIGRTMIN+300", "SIGRTMIN3", "SIGRTMAX+1", "SIGRTMAX-31", "SIGRTMAX--1",
};

START_TEST(does_not_know)
{
	ck_assert_int_eq(signal_number(bad[_i]), -1);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *signal_names_suite(void)
{
	Suite *suite = suite_create("init-oci signal names");
	TCase *cases = tcase_create("signal names");

	tcase_add_loop_test(cases, knows, 0, COUNT(good));
	tcase_add_loop_test(cases, does_not_know, 0, COUNT(bad));
	suite_add_tcase(suite, cases);
	return suite;
}
