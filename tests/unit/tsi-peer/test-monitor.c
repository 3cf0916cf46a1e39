// SPDX-License-Identifier: Apache-2.0
/* The device, from the side of a monitor. */
#include "monitor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"

START_TEST(monitor_learns_what_there_is)
{
	static const uint8_t config_request[20] = { 0, 0, 0, 0, 8 };
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	uint8_t config[32];

	send_message(monitor, 1, 0, NULL, 0, -1);
	/* VERSION_1, the extension of the protocol, INDIRECT_DESC and DGRAM. */
	ck_assert_uint_eq(reply_number(monitor), UINT64_C(0x150000008));
	send_message(monitor, 15, 0, NULL, 0, -1);
	ck_assert_uint_eq(reply_number(monitor), 0x229);
	send_message(monitor, 17, 0, NULL, 0, -1);
	ck_assert_uint_eq(reply_number(monitor), 2);
	send_message(monitor, 24, 0, config_request, sizeof(config_request), -1);
	ck_assert_int_eq(recv(monitor->socket, config, sizeof(config), MSG_DONTWAIT), 32);
	ck_assert_uint_eq(get_le64(config + 24), GUEST_CID);
	/* Whoever asks for an answer gets one. */
	send_number(monitor, 16, 0x229, -1);
	send_message(monitor, 3, 8, NULL, 0, -1);
	ck_assert_uint_eq(reply_number(monitor), 0);
	monitor_free(monitor);
}
END_TEST

static const struct bad_message {
	uint32_t request, size, first, second;
} bad_messages[] = {
	{ 2, 4, 0, 0 },			/* SET_FEATURES, too short */
	{ 2, 8, 1, 0 },			/* a feature that is not offered */
	{ 5, 4, 0, 0 },			/* SET_MEM_TABLE, too short */
	{ 5, 8, 9, 0 },			/* more regions than there may be */
	{ 5, 8, 1, 0 },			/* a region that is not there */
	{ 5, 40, 1, 0 },		/* a region without a descriptor */
	{ 8, 8, 3, 16 },		/* no such ring */
	{ 8, 4, 0, 0 },			/* SET_VRING_NUM, too short */
	{ 9, 8, 0, 0 },			/* SET_VRING_ADDR, too short */
	{ 11, 8, 0xffffffff, 0 },	/* no such ring */
	{ 12, 8, 0, 0 },		/* a descriptor is missing */
	{ 24, 12, 4, 8 },		/* beyond the configuration */
	{ 24, 12, 0xfffffffc, 8 },
	{ 40, 0, 0, 0 },		/* not known */
};

START_TEST(bad_messages_end_the_connection)
{
	const struct bad_message *bad = &bad_messages[_i];
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	uint8_t payload[40] = { 0 };

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	put_le32(payload, bad->first);
	put_le32(payload + 4, bad->second);
	send_message(monitor, bad->request, 0, payload, bad->size, -1);
	ck_assert(monitor->user.ended && monitor->user.failed);
	monitor_free(monitor);
}
END_TEST

START_TEST(datagrams_need_not_be_offered)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	ck_assert_ptr_nonnull(monitor);
	options_default(&monitor->options);
	monitor->options.no_datagrams = true;
	monitor_begin(monitor);
	send_message(monitor, 1, 0, NULL, 0, -1);
	ck_assert_uint_eq(reply_number(monitor), UINT64_C(0x150000000));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	send_number(monitor, 2, UINT64_C(0x150000008), -1);
	ck_assert(monitor->user.failed);
	monitor_free(monitor);
}
END_TEST

START_TEST(the_event_ring_may_be_set_up)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);
	uint8_t payload[40] = { RING_EVENT };

	send_state(monitor, 8, RING_EVENT, RING_SIZE);
	send_state(monitor, 10, RING_EVENT, 0);
	send_message(monitor, 9, 0, payload, sizeof(payload), -1);
	send_number(monitor, 12, RING_EVENT, monitor->kick[0]);
	send_number(monitor, 13, RING_EVENT, monitor->call[0]);
	send_state(monitor, 18, RING_EVENT, 1);
	ck_assert(!monitor->user.ended && monitor->user.started);
	monitor_free(monitor);
}
END_TEST

START_TEST(memory_shorter_than_it_says_is_refused)
{
	struct monitor *monitor = monitor_new(0, BASE_FEATURES);

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	send_memory(monitor, MEMORY_SIZE + 1);
	ck_assert(monitor->user.ended && monitor->user.failed);
	monitor_free(monitor);
}
END_TEST

START_TEST(ranges_of_memory_are_checked)
{
	struct guest_memory memory = { 0 };
	int fd = memfd_create("guest", MFD_CLOEXEC);

	ck_assert_int_eq(ftruncate(fd, 8192), 0);
	ck_assert_int_eq(guest_memory_add(&memory, 0x1000, 0x5000, 4096, 4096, fd), 0);
	ck_assert_int_eq(guest_memory_add(&memory, UINT64_MAX - 10, 0, 4096, 0, fd), -1);
	ck_assert_int_eq(guest_memory_add(&memory, 0, 0, 0, 0, fd), -1);
	ck_assert_int_eq(guest_memory_add(&memory, 0, 0, 4096, UINT64_MAX - 100, fd), -1);
	ck_assert_ptr_nonnull(guest_memory_at(&memory, 0x1000, 4096));
	ck_assert_ptr_nonnull(guest_memory_at(&memory, 0x1fff, 1));
	ck_assert_ptr_null(guest_memory_at(&memory, 0xfff, 1));
	ck_assert_ptr_null(guest_memory_at(&memory, 0x1001, 4096));
	ck_assert_ptr_null(guest_memory_at(&memory, 0x2001, 0));
	ck_assert_ptr_null(guest_memory_at(&memory, 0x1800, UINT64_MAX));
	ck_assert_ptr_null(guest_memory_at(&memory, UINT64_MAX, 2));
	ck_assert_ptr_nonnull(guest_memory_at_user(&memory, 0x5000, 4096));
	ck_assert_ptr_null(guest_memory_at_user(&memory, 0x1000, 1));
	guest_memory_clear(&memory);
	close(fd);
}
END_TEST

Suite *monitor_suite(void)
{
	Suite *suite = suite_create("tsi-peer monitor");
	TCase *tcase = tcase_create("monitor");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, monitor_learns_what_there_is);
	tcase_add_loop_test(tcase, bad_messages_end_the_connection, 0,
			    sizeof(bad_messages) / sizeof(bad_messages[0]));
	tcase_add_test(tcase, datagrams_need_not_be_offered);
	tcase_add_test(tcase, the_event_ring_may_be_set_up);
	tcase_add_test(tcase, memory_shorter_than_it_says_is_refused);
	tcase_add_test(tcase, ranges_of_memory_are_checked);
	suite_add_tcase(suite, tcase);
	return suite;
}
