// SPDX-License-Identifier: Apache-2.0
/* The bytes in memory, through the public header alone. */
#include <config.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "library-assets.h"
#include "tests.h"

#define ALIGNMENT 65536

START_TEST(version_of_header_and_library_agree)
{
	ck_assert_str_eq(supermachine_kernel_version(), SUPERMACHINE_KERNEL_VERSION);
	ck_assert_str_eq(supermachine_kernel_version(), EXPECTED_VERSION);
}
END_TEST

START_TEST(guest_of_header_and_library_agree)
{
	ck_assert_str_eq(supermachine_kernel_guest(), SUPERMACHINE_KERNEL_GUEST);
	ck_assert_str_eq(supermachine_kernel_guest(), EXPECTED_GUEST);
}
END_TEST

START_TEST(another_version_is_refused)
{
	ck_assert_int_eq(supermachine_kernel_check_version(SUPERMACHINE_KERNEL_VERSION), 0);
	errno = 0;
	ck_assert_int_eq(supermachine_kernel_check_version(SUPERMACHINE_KERNEL_VERSION ".1"), -1);
	ck_assert_int_eq(errno, ENOTSUP);
	ck_assert_int_eq(supermachine_kernel_check_version(""), -1);
	ck_assert_int_eq(errno, ENOTSUP);
	ck_assert_int_eq(supermachine_kernel_check_version(NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(version_number_is_that_of_the_version)
{
	int major, minor, patch;

	ck_assert_int_eq(sscanf(SUPERMACHINE_KERNEL_VERSION, "%d.%d.%d", &major, &minor, &patch), 3);
	ck_assert_int_eq(SUPERMACHINE_KERNEL_VERSION_NUMBER, major * 1000000 + minor * 1000 + patch);
}
END_TEST

/*
 * Raw bytes are where the loader put the library: glibc heeds the alignment of a
 * segment from 2.35 on, others need not.
 */
static uintptr_t alignment_of_bytes(void)
{
#if defined PAYLOAD_XZ
	return ALIGNMENT;
#else
#if defined __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 35)
	return ALIGNMENT;
#endif
#endif
	return (uintptr_t)sysconf(_SC_PAGESIZE);
#endif
}

START_TEST(bytes_are_aligned_and_zero_padded)
{
	const struct library_asset *asset = &library_assets[_i];
	const unsigned char *bytes = asset->get(NULL);
	size_t i;

	ck_assert_uint_gt(*asset->length, 0);
	ck_assert_uint_eq(*asset->padded_length % ALIGNMENT, 0);
	ck_assert_uint_lt(*asset->padded_length - *asset->length, ALIGNMENT);
	ck_assert_uint_eq((uintptr_t)bytes % alignment_of_bytes(), 0);
	for (i = *asset->length; i < *asset->padded_length; i++)
		ck_assert_uint_eq(bytes[i], 0);
}
END_TEST

START_TEST(bytes_are_the_same_each_time)
{
	const struct library_asset *asset = &library_assets[_i];
	const unsigned char *bytes = asset->get(NULL);
	size_t length = 0;

	ck_assert_ptr_nonnull(bytes);
	ck_assert_ptr_eq(asset->get(&length), bytes);
	ck_assert_uint_eq(length, *asset->length);
}
END_TEST

static void ignore_core(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
}

START_TEST(bytes_cannot_be_written_to)
{
	volatile unsigned char *bytes = (volatile unsigned char *)library_assets[_i].get(NULL);
	int status;
	pid_t child;

	ck_assert_ptr_nonnull((const void *)bytes);
	child = fork();
	if (child == 0) {
		ignore_core();
		/* Check's own handler would print. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		bytes[0] = 0;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
}
END_TEST

static void *get_bytes(void *asset)
{
	return (void *)((const struct library_asset *)asset)->get(NULL);
}

START_TEST(all_threads_get_the_same_bytes)
{
	const struct library_asset *asset = &library_assets[_i];
	pthread_t threads[64];
	void *first, *other;
	int i;

	for (i = 0; i < 64; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, get_bytes, (void *)asset), 0);
	ck_assert_int_eq(pthread_join(threads[0], &first), 0);
	ck_assert_ptr_nonnull(first);
	for (i = 1; i < 64; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &other), 0);
		ck_assert_ptr_eq(other, first);
	}
}
END_TEST

/* Check's own handler would end the test without a word. */
static void exit_with_bytes(const struct library_asset *asset)
{
	signal(SIGALRM, SIG_DFL);
	alarm(60);
	_exit(asset->get(NULL) == NULL);
}

/* A child that was forked while another thread decodes gets its bytes, too. */
START_TEST(child_forked_meanwhile_gets_the_bytes)
{
	const struct library_asset *asset = &library_assets[_i];
	pthread_t thread;
	int i;

	ck_assert_int_eq(pthread_create(&thread, NULL, get_bytes, (void *)asset), 0);
	for (i = 0; i < 20; i++) {
		const struct timespec pause = { .tv_nsec = 1000000 };
		pid_t child = fork();
		int status;

		if (child == 0)
			exit_with_bytes(asset);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
		nanosleep(&pause, NULL);
	}
	pthread_join(thread, NULL);
}
END_TEST

#if defined PAYLOAD_XZ
/* A thread's first call, and a child that is forked so many turns later. */
static bool child_gets_bytes_after(int turns, const struct library_asset *asset)
{
	pthread_t thread;
	pid_t child;
	int status;

	if (pthread_create(&thread, NULL, get_bytes, (void *)asset) != 0)
		return false;
	for (volatile int i = 0; i < turns; i++)
		;
	child = fork();
	if (child == 0)
		exit_with_bytes(asset);
	return waitpid(child, &status, 0) == child && status == 0;
}

/*
 * Each first call is in a process of its own, and so with the asset that takes least.
 * Where it went wrong, it did so once in a hundred times, which this takes a second for.
 */
START_TEST(child_forked_in_the_first_call_gets_the_bytes)
{
	const time_t end = time(NULL) + 5;
	const struct library_asset *smallest = &library_assets[0];

	for (int i = 1; i < LIBRARY_ASSETS; i++)
		if (*library_assets[i].length < *smallest->length)
			smallest = &library_assets[i];
	for (int turns = 0; time(NULL) < end; turns = (turns + 100) % 40000) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(!child_gets_bytes_after(turns, smallest));
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

static volatile sig_atomic_t children;

static void fork_in_handler(int signal)
{
	const int error = errno;
	pid_t child;

	(void)signal;
	child = fork();
	if (child == 0)
		_exit(0);
	if (child > 0 && waitpid(child, NULL, 0) == child)
		children++;
	errno = error;
}

/* POSIX lets a signal handler fork(), whatever it has interrupted. */
START_TEST(signal_handler_can_fork_in_the_first_call)
{
	const struct itimerval each_millisecond = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	const struct library_asset *asset = &library_assets[_i];
	const struct sigaction action = { .sa_handler = fork_in_handler, .sa_flags = SA_RESTART };

	signal(SIGALRM, SIG_DFL);
	alarm(60);
	ck_assert_int_eq(sigaction(SIGVTALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_VIRTUAL, &each_millisecond, NULL), 0);
	ck_assert_ptr_nonnull(asset->get(NULL));
	ck_assert_int_eq(setitimer(ITIMER_VIRTUAL, &never, NULL), 0);
	if (*asset->length > 1024 * 1024)
		ck_assert_int_gt(children, 0);
}
END_TEST

/* User-mode QEMU takes a limit of the address space, and forgets it. */
static bool address_space_is_limited(void)
{
	void *memory = mmap(NULL, ALIGNMENT, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return true;
	munmap(memory, ALIGNMENT);
	return false;
}

/* Why no memory could be had is told, and does not stay true for ever. */
START_TEST(without_memory_there_are_no_bytes_until_there_is_some)
{
	const struct library_asset *asset = &library_assets[_i];
	struct rlimit limit, none = { 0, 0 };
	size_t length = 1;

	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	none.rlim_max = limit.rlim_max;
	none.rlim_cur = 1;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
	if (address_space_is_limited()) {
		errno = 0;
		ck_assert_ptr_null(asset->get(&length));
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_uint_eq(length, 1);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ck_assert_ptr_nonnull(asset->get(&length));
	ck_assert_uint_eq(length, *asset->length);
}
END_TEST
#else
START_TEST(byte_symbols_are_the_bytes)
{
	ck_assert_ptr_eq(supermachine_get_kernel(NULL), supermachine_kernel_bytes);
	ck_assert_ptr_eq(supermachine_get_init_oci(NULL), supermachine_init_oci_bytes);
}
END_TEST
#endif

START_TEST(digests_are_hexadecimal)
{
	const char *digest = library_assets[_i].sha256();

	ck_assert_uint_eq(strlen(digest), 64);
	ck_assert_uint_eq(strspn(digest, "0123456789abcdef"), 64);
}
END_TEST

static uint64_t little_endian(const unsigned char *bytes)
{
	uint64_t value = 0;
	int i;

	for (i = 0; i < 8; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

/* Of the two calls, the one for the format of the kernel works. */
static bool kernel_is_elf(void)
{
	return memcmp(supermachine_get_kernel(NULL), "\177ELF", 4) == 0;
}

START_TEST(image_header_is_that_of_the_kernel)
{
	const unsigned char *bytes = supermachine_get_kernel(NULL);
	struct supermachine_image_header header;

	errno = 0;
	ck_assert_int_eq(supermachine_kernel_image_header(NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	if (kernel_is_elf()) {
		ck_assert_int_eq(supermachine_kernel_image_header(&header), -1);
		ck_assert_int_eq(errno, ENOTSUP);
		return;
	}
	ck_assert_int_eq(memcmp(bytes + 56, "ARM\x64", 4), 0);
	ck_assert_int_eq(supermachine_kernel_image_header(&header), 0);
	ck_assert_uint_eq(header.text_offset, little_endian(bytes + 8));
	ck_assert_uint_eq(header.image_size, little_endian(bytes + 16));
	ck_assert_uint_ge(header.image_size, supermachine_kernel_len);
	ck_assert_int_eq(header.big_endian, bytes[24] & 1);
	ck_assert_int_eq(header.any_base, bytes[24] >> 3 & 1);
	ck_assert(header.page_size == 0 || header.page_size == 4096 || header.page_size == 16384 ||
		  header.page_size == 65536);
}
END_TEST

/* What an override may be is in tests/unit/elf-layout. */
START_TEST(elf_layout_is_that_of_the_kernel)
{
	const unsigned char *bytes = supermachine_get_kernel(NULL);
	const struct supermachine_elf_segment *last;
	struct supermachine_elf_layout layout;

	errno = 0;
	ck_assert_int_eq(supermachine_kernel_elf_layout(NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	if (!kernel_is_elf()) {
		ck_assert_int_eq(supermachine_kernel_elf_layout(&layout), -1);
		ck_assert_int_eq(errno, ENOTSUP);
		return;
	}
	ck_assert_int_eq(supermachine_kernel_elf_layout(&layout), 0);
	ck_assert_uint_eq(layout.entry, little_endian(bytes + 24));
	ck_assert_uint_ge(layout.entry, layout.start);
	ck_assert_uint_lt(layout.entry, layout.end);
	ck_assert_uint_ge(layout.pvh_entry, layout.start);
	ck_assert_uint_lt(layout.pvh_entry, layout.end);
	ck_assert_uint_ge(layout.segment_count, 1);
	ck_assert_uint_eq(layout.start, layout.segments[0].address);
	last = &layout.segments[layout.segment_count - 1];
	ck_assert_uint_eq(layout.end, last->address + last->memory_size);
	ck_assert_uint_le(last->offset + last->file_size, supermachine_kernel_len);
}
END_TEST

START_TEST(init_oci_is_an_elf_program)
{
	ck_assert_int_eq(memcmp(supermachine_get_init_oci(NULL), "\177ELF", 4), 0);
}
END_TEST

Suite *bytes_suite(void)
{
	Suite *suite = suite_create("library: bytes");
	TCase *bytes = tcase_create("bytes");

	tcase_add_test(bytes, version_of_header_and_library_agree);
	tcase_add_test(bytes, guest_of_header_and_library_agree);
	tcase_add_test(bytes, another_version_is_refused);
	tcase_add_test(bytes, version_number_is_that_of_the_version);
	tcase_add_test(bytes, image_header_is_that_of_the_kernel);
	tcase_add_test(bytes, elf_layout_is_that_of_the_kernel);
	tcase_add_test(bytes, init_oci_is_an_elf_program);
	tcase_set_timeout(bytes, 120);
#define EACH(test) tcase_add_loop_test(bytes, test, 0, LIBRARY_ASSETS)
	EACH(bytes_are_aligned_and_zero_padded);
	EACH(bytes_are_the_same_each_time);
	EACH(bytes_cannot_be_written_to);
	EACH(all_threads_get_the_same_bytes);
	EACH(child_forked_meanwhile_gets_the_bytes);
	EACH(digests_are_hexadecimal);
#if defined PAYLOAD_XZ
	EACH(without_memory_there_are_no_bytes_until_there_is_some);
	tcase_add_test(bytes, child_forked_in_the_first_call_gets_the_bytes);
	EACH(signal_handler_can_fork_in_the_first_call);
#else
	tcase_add_test(bytes, byte_symbols_are_the_bytes);
#endif
#undef EACH
	suite_add_tcase(suite, bytes);
	return suite;
}
