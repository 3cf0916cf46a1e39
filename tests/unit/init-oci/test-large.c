// SPDX-License-Identifier: Apache-2.0
/* Configurations with very many entries, which an image can bring. */
#include "tests.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/oci_config.h"
#include "config/same_names.h"

/* As many settings of one letter and a few digits as fit into 1 MiB. */
#define MANY 109000
#define SECONDS(clocks) ((double)(clocks) / CLOCKS_PER_SEC)

static struct config config;
static struct error error;

/* Where entries are: what stands before, in and after them, with the number as %06d. */
static const struct place {
	const char *before, *entry, *after;
} places[] = {
	{ "{\"process\":{\"args\":[\"a\"]},\"linux\":{\"sysctl\":{", "\"%06d\":\"\"", "}}}" },
	{ "{\"process\":{\"args\":[\"a\"],\"env\":[", "\"%06d=\"", "]}}" },
	{ "{\"config\":{\"Cmd\":[\"a\"],\"Env\":[", "\"%06d=\"", "]}}" },
	{ "{\"config\":{\"Cmd\":[\"a\"],\"Volumes\":{", "\"/%06d\":{}", "}}}" },
	{ "{\"process\":{\"args\":[\"a\"]},\"mounts\":[", "{\"destination\":\"/%06d\"}", "]}" },
	{ "{\"process\":{\"args\":[\"a\"],\"user\":{\"uid\":1,\"gid\":1,\"additionalGids\":[",
	  "1%06d", "]}}}" },
	{ "{\"process\":{\"args\":[\"a\"],\"capabilities\":{\"bounding\":[", "\"CAP_%06d\"", "]}}}" },
	{ "{\"process\":{\"args\":[\"a\"]},\"linux\":{\"namespaces\":[",
	  "{\"type\":\"pid\",\"path\":\"/%06d\"}", "]}}" },
	{ "{\"process\":{\"args\":[\"a\"]},\"linux\":{\"uidMappings\":[",
	  "{\"containerID\":1%06d,\"hostID\":1,\"size\":1}", "]}}" },
	{ "{\"process\":{\"args\":[\"a\"]},\"annotations\":{", "\"%06d\":\"\"", "}}" },
	{ "{\"process\":{\"args\":[\"a\"]},\"linux\":{\"devices\":[",
	  "{\"path\":\"/%06d\",\"type\":\"c\",\"major\":1,\"minor\":3}", "]}}" },
	{ "{\"process\":{\"args\":[\"a\"]},\"linux\":{\"resources\":{\"devices\":[",
	  "{\"allow\":true,\"access\":\"r\",\"x\":\"%06d\"}", "]}}}" },
	{ "{\"process\":{\"args\":[\"a\"]},\"linux\":{\"seccomp\":{\"defaultAction\":"
	  "\"SCMP_ACT_ALLOW\",\"syscalls\":[", "{\"names\":[\"a%06d\"],\"action\":\"SCMP_ACT_ERRNO\"}",
	  "]}}}" },
	{ "{\"process\":{\"args\":[\"a\"]},\"hooks\":{\"startContainer\":[",
	  "{\"path\":\"/%06d\"}", "]}}" },
};

static char *make(const struct place *place, int count, bool backwards)
{
	char *text = malloc(strlen(place->before) + strlen(place->after) +
			    (size_t)count * (strlen(place->entry) + 8) + 1);
	char *end = text;

	ck_assert_ptr_nonnull(text);
	end += sprintf(end, "%s", place->before);
	for (int i = 0; i < count; i++) {
		if (i)
			*end++ = ',';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		end += sprintf(end, place->entry, backwards ? count - i : i);
#pragma GCC diagnostic pop
	}
	strcpy(end, place->after);
	return text;
}

/* The processor time of both documents, of which the second replaces the first. */
static clock_t parse_time(const struct place *place, int count)
{
	char *text = make(place, count, false), *overrides = make(place, count, true);
	const clock_t begin = clock();

	ck_assert_int_eq(config_parse(text, strlen(text), overrides, strlen(overrides), &config,
				      &error), 0);
	config_free(&config);
	free(text);
	free(overrides);
	return clock() - begin;
}

/*
 * Other processes can make either longer, through the caches they share, so one good pair
 * in several is enough. A square would be sixteen times in all of them.
 */
START_TEST(four_times_as_many_entries_take_about_four_times_as_long)
{
	double one, four;
	int tries = 10;

	do {
		one = SECONDS(parse_time(&places[_i], MANY / 4));
		four = SECONDS(parse_time(&places[_i], MANY));
	} while (four >= 8 * one + 0.02 && --tries);
	ck_assert_double_lt(four, 8 * one + 0.02);
	ck_assert_double_lt(four, 1);
}
END_TEST

/* Two settings with one name, at either end of very many. */
START_TEST(finds_a_key_that_is_given_twice_among_many)
{
	char *text = make(&places[0], MANY, false);

	memcpy(strstr(text, "108999"), "000000", 6);
	ck_assert_int_eq(config_parse(text, strlen(text), NULL, 0, &config, &error), -1);
	ck_assert_str_eq(error.text, "config: linux.sysctl.000000: is given twice");
	free(text);
}
END_TEST

START_TEST(finds_the_first_of_names_that_are_the_same)
{
	static const char *const texts[] = { "b", "a", "ab", "", "a", "b", "a", "", "abc" };
	static const size_t firsts[] = { 0, 1, 2, 3, 1, 0, 1, 3, 8 };
	struct name names[sizeof(texts) / sizeof(texts[0])];
	const size_t count = sizeof(texts) / sizeof(texts[0]);

	for (size_t i = 0; i < count; i++)
		names[i] = name_of(texts[i]);
	/* What is beyond its length does not count. */
	names[8].length = 2;
	ck_assert_int_eq(same_names_find(names, count), 0);
	for (size_t i = 0; i < count - 1; i++)
		ck_assert_uint_eq(names[i].first, firsts[i]);
	ck_assert_uint_eq(names[8].first, 2);
	ck_assert_int_eq(same_names_find(NULL, 0), 0);
}
END_TEST

Suite *large_suite(void)
{
	Suite *suite = suite_create("large configurations");
	TCase *cases = tcase_create("large");

	tcase_set_timeout(cases, 60);
	tcase_add_loop_test(cases, four_times_as_many_entries_take_about_four_times_as_long, 0,
			    (int)(sizeof(places) / sizeof(places[0])));
	tcase_add_test(cases, finds_a_key_that_is_given_twice_among_many);
	tcase_add_test(cases, finds_the_first_of_names_that_are_the_same);
	suite_add_tcase(suite, cases);
	return suite;
}
