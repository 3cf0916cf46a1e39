// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/linux_abi.h"
#include "devices/device_wait.h"

static struct error error;

struct device {
	int looks;	/* how often it was looked for */
	int there_at;	/* the look that finds it */
	int event_at;	/* the look after which there is an event, 0 for none */
};

#define DELAY 100000

/* What the kernel sends, to the same group, a moment later. */
static void send_event(void)
{
	const struct netlink_address address = { .family = AF_NETLINK, .groups = 1 };
	int fd;

	if (fork() != 0)
		return;
	usleep(DELAY);
	fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
	sendto(fd, "add@/devices/x", 15, 0, (const struct sockaddr *)&address, sizeof(address));
	_exit(0);
}

static int look(void *subject, struct error *error_)
{
	struct device *device = subject;

	if (++device->looks == 100)
		return ERROR(error_, "looked");
	if (device->looks == device->event_at)
		send_event();
	return device->looks == device->there_at;
}

START_TEST(does_not_wait_for_what_is_there)
{
	struct device device = { .there_at = 1 };

	ck_assert_int_eq(device_wait(look, &device, &error), 1);
	ck_assert_int_eq(device.looks, 1);
}
END_TEST

START_TEST(sees_what_came_before_it_listened)
{
	struct device device = { .there_at = 2 };

	ck_assert_int_eq(device_wait(look, &device, &error), 1);
	ck_assert_int_eq(device.looks, 2);
}
END_TEST

START_TEST(looks_again_after_an_event_and_not_before)
{
	struct device device = { .there_at = 3, .event_at = 2 };
	struct timespec start, end;
	long gone;

	/* A network of its own has no events but these. */
	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &start);
	ck_assert_int_eq(device_wait(look, &device, &error), 1);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_int_eq(device.looks, 3);
	gone = (end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000;
	ck_assert_int_ge(gone, DELAY);
	ck_assert_int_lt(gone, 4000000);
}
END_TEST

START_TEST(gives_an_error_back)
{
	struct device device = { .looks = 99 };

	ck_assert_int_eq(device_wait(look, &device, &error), -1);
	ck_assert_str_eq(error.text, "looked");
}
END_TEST

Suite *device_wait_suite(void)
{
	Suite *suite = suite_create("init-oci waiting for devices");
	TCase *cases = tcase_create("waiting");

	tcase_add_test(cases, does_not_wait_for_what_is_there);
	tcase_add_test(cases, sees_what_came_before_it_listened);
	tcase_add_test(cases, looks_again_after_an_event_and_not_before);
	tcase_add_test(cases, gives_an_error_back);
	suite_add_tcase(suite, cases);
	return suite;
}
