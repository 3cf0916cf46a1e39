// SPDX-License-Identifier: Apache-2.0
/* The parts of the command that can be wrong in ways its output does not show. */
#include <config.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "asset.h"
#include "cpio.h"
#include "program.h"
#include "sha256.h"
#include "suggest.h"

/* From FIPS 180-2, appendix B, and NIST's CAVP, SHA256ShortMsg.rsp. */
static const struct {
	const char *message;
	const char *sha256;
} vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "\xd3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
	  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

START_TEST(sha256_of_vectors)
{
	char text[SHA256_TEXT];

	sha256_of(vectors[_i].message, strlen(vectors[_i].message), text);
	ck_assert_str_eq(text, vectors[_i].sha256);
}
END_TEST

START_TEST(sha256_of_a_million)
{
	static char bytes[1000000];
	char text[SHA256_TEXT];

	memset(bytes, 'a', sizeof(bytes));
	sha256_of(bytes, sizeof(bytes), text);
	ck_assert_str_eq(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

/* A digest of the digests of all lengths about the size of a block, made by sha256sum. */
START_TEST(sha256_of_lengths)
{
	char bytes[200], text[SHA256_TEXT];
	struct sha256 all;
	size_t length;

	memset(bytes, 'a', sizeof(bytes));
	sha256_begin(&all);
	for (length = 0; length < sizeof(bytes); length++) {
		sha256_of(bytes, length, text);
		sha256_add(&all, text, SHA256_TEXT - 1);
	}
	sha256_end(&all, text);
	ck_assert_str_eq(text, "019f2b9f1af27a53a1f046da7e98af2c179f431e4b5bebb000e74040917a4123");
}
END_TEST

START_TEST(sha256_in_pieces)
{
	char bytes[300], whole[SHA256_TEXT], pieces[SHA256_TEXT];
	size_t first, i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	sha256_of(bytes, sizeof(bytes), whole);
	for (first = 0; first <= sizeof(bytes); first++) {
		struct sha256 hash;

		sha256_begin(&hash);
		sha256_add(&hash, bytes, first);
		for (i = first; i < sizeof(bytes); i += 17)
			sha256_add(&hash, bytes + i, sizeof(bytes) - i < 17 ? sizeof(bytes) - i : 17);
		sha256_end(&hash, pieces);
		ck_assert_str_eq(whole, pieces);
	}
}
END_TEST

START_TEST(cpio_finds_what_was_added)
{
	struct cpio archive = { 0 };

	ck_assert_uint_eq(cpio_find(&archive, "a"), 0);
	ck_assert_int_eq(cpio_add_directory(&archive, "a", 0755), 0);
	ck_assert_int_eq(cpio_add_file(&archive, "a/file", 0644, "12345", 5), 0);
	ck_assert_int_eq(cpio_add_file(&archive, "empty", 0600, NULL, 0), 0);
	ck_assert_int_eq(cpio_add_character_device(&archive, "tty", 0666, 5, 0), 0);
	ck_assert_uint_eq(cpio_find(&archive, "a"), 040755);
	ck_assert_uint_eq(cpio_find(&archive, "a/file"), 0100644);
	ck_assert_uint_eq(cpio_find(&archive, "empty"), 0100600);
	ck_assert_uint_eq(cpio_find(&archive, "tty"), 020666);
	ck_assert_uint_eq(cpio_find(&archive, "a/fil"), 0);
	ck_assert_uint_eq(cpio_find(&archive, "12345"), 0);
	ck_assert_uint_eq(archive.length % 4, 0);
	ck_assert_int_eq(cpio_end(&archive), 0);
	ck_assert_uint_eq(archive.length % 512, 0);
	free(archive.bytes);
}
END_TEST

static void assert_banner(const char *image, size_t length, const char *banner)
{
	char *found = kernel_banner((const unsigned char *)image, length);

	if (banner == NULL)
		ck_assert_ptr_null(found);
	else
		ck_assert_str_eq(found, banner);
	free(found);
}

START_TEST(banner_is_found)
{
#define ASSERT_BANNER(image, banner) assert_banner(image, sizeof(image) - 1, banner)
	ASSERT_BANNER("", NULL);
	ASSERT_BANNER("Linux version ", NULL);
	ASSERT_BANNER("Linux version %s (", NULL);
	ASSERT_BANNER("Linux version 6", "Linux version 6");
	ASSERT_BANNER("\0Linux Linux version %s\0Linux version 6.12 (a@b) #1\n\0", "Linux version 6.12 (a@b) #1");
}
END_TEST

START_TEST(text_is_found_once_it_is_whole)
{
	const unsigned char bytes[] = "aab";

	ck_assert_ptr_eq(find_text(bytes, 3, "ab"), bytes + 1);
	ck_assert_ptr_null(find_text(bytes, 2, "ab"));
	ck_assert_ptr_null(find_text(bytes, 0, "ab"));
	ck_assert_ptr_eq(find_text(bytes, 3, "aab"), bytes);
}
END_TEST

START_TEST(sizes_are_for_people)
{
	char text[SIZE_TEXT];

	ck_assert_str_eq(size_text(text, 0), "0 bytes");
	ck_assert_str_eq(size_text(text, 1023), "1023 bytes");
	ck_assert_str_eq(size_text(text, 1024), "1.0 KiB");
	ck_assert_str_eq(size_text(text, 93240), "91.1 KiB");
	ck_assert_str_eq(size_text(text, 11966472), "11.4 MiB");
	ck_assert_str_eq(size_text(text, 5368709120), "5.0 GiB");
	ck_assert_str_eq(size_text(text, 5497558138880), "5120.0 GiB");
}
END_TEST

START_TEST(distance_counts_letters)
{
	ck_assert_uint_eq(suggest_distance("", ""), 0);
	ck_assert_uint_eq(suggest_distance("", "abc"), 3);
	ck_assert_uint_eq(suggest_distance("abc", ""), 3);
	ck_assert_uint_eq(suggest_distance("info", "info"), 0);
	ck_assert_uint_eq(suggest_distance("info", "inf"), 1);
	ck_assert_uint_eq(suggest_distance("info", "infoo"), 1);
	ck_assert_uint_eq(suggest_distance("info", "inzo"), 1);
	ck_assert_uint_eq(suggest_distance("info", "ifno"), 1);
	ck_assert_uint_eq(suggest_distance("info", "onfi"), 2);
	ck_assert_uint_eq(suggest_distance("kitten", "sitting"), 3);
}
END_TEST

START_TEST(no_name_is_suggested_for_anything)
{
	static const char *const typed[] = {
		"", "i", "xy", "frobnicate", "a-name-that-is-longer-than-all-of-them",
	};
	size_t i;

	for (i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		struct suggestion suggestion = { .typed = typed[i] };

		suggest_offer(&suggestion, "info");
		suggest_offer(&suggestion, "verify");
		ck_assert_ptr_null(suggestion.nearest);
	}
}
END_TEST

START_TEST(the_nearest_name_is_suggested)
{
	struct suggestion suggestion = { .typed = "parent" };

	suggest_offer(&suggestion, "patent");
	ck_assert_str_eq(suggestion.nearest, "patent");
	suggest_offer(&suggestion, "pigment");
	ck_assert_str_eq(suggestion.nearest, "patent");
	suggest_offer(&suggestion, "parent");
	ck_assert_str_eq(suggestion.nearest, "parent");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tools");
	TCase *parts = tcase_create("parts");
	SRunner *runner = srunner_create(suite);

	suite_add_tcase(suite, parts);
	tcase_add_loop_test(parts, sha256_of_vectors, 0, (int)(sizeof(vectors) / sizeof(vectors[0])));
	tcase_add_test(parts, sha256_of_a_million);
	tcase_add_test(parts, sha256_of_lengths);
	tcase_add_test(parts, sha256_in_pieces);
	tcase_add_test(parts, cpio_finds_what_was_added);
	tcase_add_test(parts, banner_is_found);
	tcase_add_test(parts, text_is_found_once_it_is_whole);
	tcase_add_test(parts, sizes_are_for_people);
	tcase_add_test(parts, distance_counts_letters);
	tcase_add_test(parts, no_name_is_suggested_for_anything);
	tcase_add_test(parts, the_nearest_name_is_suggested);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
