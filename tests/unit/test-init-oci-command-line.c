// SPDX-License-Identifier: Apache-2.0
#include "test-init-oci.h"

#include <stdio.h>
#include <string.h>

#include "command_line.h"

static char text[8192];
static struct command_line line;
static struct error error;

static int parse(const char *arguments)
{
	snprintf(text, sizeof(text), "%s", arguments);
	strcpy(error.text, "");
	return command_line_parse(text, &line, &error);
}

START_TEST(one_layer_is_enough)
{
	ck_assert_int_eq(parse("console=ttyAMA0 init_oci.layer=vda quiet\n"), 0);
	ck_assert_uint_eq(line.layer_count, 1);
	ck_assert_str_eq(line.layers[0].name, "vda");
	ck_assert_str_eq(line.layers[0].device, "vda");
	ck_assert_ptr_null(line.layers[0].serial);
	ck_assert_ptr_null(line.upper.name);
	ck_assert_ptr_null(line.tmpfs_size);
	ck_assert_str_eq(line.config, "/oci/config.json");
}
END_TEST

START_TEST(layers_keep_their_order)
{
	ck_assert_int_eq(parse("init_oci.layer=vdc  init_oci.layer=serial:app-1\tinit_oci.layer=vda"), 0);
	ck_assert_uint_eq(line.layer_count, 3);
	ck_assert_str_eq(line.layers[0].device, "vdc");
	ck_assert_str_eq(line.layers[1].serial, "app-1");
	ck_assert_str_eq(line.layers[1].name, "serial:app-1");
	ck_assert_str_eq(line.layers[1].device, "");
	ck_assert_str_eq(line.layers[2].device, "vda");
}
END_TEST

START_TEST(takes_upper_and_config)
{
	ck_assert_int_eq(parse("init_oci.layer=vda init_oci.upper=tmpfs"), 0);
	ck_assert_ptr_null(line.upper.name);
	ck_assert_int_eq(parse("init_oci.layer=vda init_oci.upper=tmpfs:64m"), 0);
	ck_assert_ptr_null(line.upper.name);
	ck_assert_str_eq(line.tmpfs_size, "64m");
	ck_assert_int_eq(parse("init_oci.layer=vda init_oci.upper=tmpfs:75%"), 0);
	ck_assert_str_eq(line.tmpfs_size, "75%");
	ck_assert_int_eq(parse("init_oci.upper=vdb init_oci.layer=vda init_oci.config=/x/y"), 0);
	ck_assert_str_eq(line.upper.device, "vdb");
	ck_assert_str_eq(line.config, "/x/y");
	ck_assert_int_eq(parse("init_oci.layer=vda init_oci.upper=serial:data"), 0);
	ck_assert_str_eq(line.upper.serial, "data");
}
END_TEST

START_TEST(quotes_protect_spaces_as_the_kernel_has_it)
{
	ck_assert_int_eq(parse("init_oci.layer=vda \"init_oci.config=/a b\""), 0);
	ck_assert_str_eq(line.config, "/a b");
	ck_assert_int_eq(parse("init_oci.config=\"/a b\"\t init_oci.layer=vda"), 0);
	ck_assert_str_eq(line.config, "/a b");
	ck_assert_int_eq(parse("other=\"x init_oci.layer=vdz\" init_oci.layer=vda"), 0);
	ck_assert_uint_eq(line.layer_count, 1);
	ck_assert_int_eq(parse("init_oci.layer=vda init_oci.config=\"/never ended"), 0);
	ck_assert_str_eq(line.config, "/never ended");
}
END_TEST

START_TEST(leaves_other_arguments_alone)
{
	ck_assert_int_eq(parse("init_oci=1 xinit_oci.layer=x init_ocilayer init_oci.layer=vda "
			       "-- init_oci.nonsense init_oci.layer=vdb"), 0);
	ck_assert_uint_eq(line.layer_count, 1);
}
END_TEST

START_TEST(takes_as_many_layers_as_it_says_and_no_more)
{
	char many[8192] = "";
	size_t length = 0;

	for (int i = 0; i < LAYERS_MAX; i++)
		length += (size_t)snprintf(many + length, sizeof(many) - length,
					   "init_oci.layer=vd%d ", i);
	ck_assert_int_eq(parse(many), 0);
	ck_assert_uint_eq(line.layer_count, LAYERS_MAX);
	strcpy(many + length, "init_oci.layer=last");
	ck_assert_int_eq(parse(many), -1);
	ck_assert_str_eq(error.text,
			 "command line: more layers than 128, at init_oci.layer=last");
}
END_TEST

static const struct {
	const char *arguments, *message;
} bad[] = {
	{ "", "command line: no layer: init_oci.layer= is missing" },
	{ "init_oci.upper=vdb", "command line: no layer: init_oci.layer= is missing" },
	{ "init_oci.layer=", "command line: init_oci.layer=: has no value" },
	{ "init_oci.layer", "command line: init_oci.layer: has no value" },
	{ "init_oci.", "command line: init_oci.: has no value" },
	{ "init_oci.layer=vda init_oci.layers=vdb",
	  "command line: init_oci.layers: no such argument" },
	{ "init_oci.layer=vda init_oci.LAYER=vdb",
	  "command line: init_oci.LAYER: no such argument" },
	{ "init_oci.layer=/dev/vda",
	  "command line: init_oci.layer=/dev/vda: a disk is named like vdb, or serial:NAME of up to 20 letters" },
	{ "init_oci.layer=../x",
	  "command line: init_oci.layer=../x: a disk is named like vdb, or serial:NAME of up to 20 letters" },
	{ "init_oci.layer=abcdefghijklmnopqrstuvwxyz012345",
	  "command line: init_oci.layer=abcdefghijklmnopqrstuvwxyz012345: "
	  "a disk is named like vdb, or serial:NAME of up to 20 letters" },
	{ "init_oci.layer=serial:",
	  "command line: init_oci.layer=serial:: a disk is named like vdb, or serial:NAME of up to 20 letters" },
	{ "init_oci.layer=serial:aaaaaaaaaabbbbbbbbbbc",
	  "command line: init_oci.layer=serial:aaaaaaaaaabbbbbbbbbbc: "
	  "a disk is named like vdb, or serial:NAME of up to 20 letters" },
	{ "init_oci.layer=vda init_oci.layer=vda", "command line: layer vda is given twice" },
	{ "init_oci.layer=vda init_oci.upper=vda",
	  "command line: vda is both a layer and the upper" },
	{ "init_oci.upper=vda init_oci.layer=vda",
	  "command line: vda is both a layer and the upper" },
	{ "init_oci.layer=vda init_oci.upper=tmpfs init_oci.upper=tmpfs",
	  "command line: init_oci.upper is given twice" },
	{ "init_oci.layer=vda init_oci.config=/a init_oci.config=/b",
	  "command line: init_oci.config is given twice" },
	{ "init_oci.layer=vda init_oci.config=a",
	  "command line: init_oci.config=a: is not an absolute path" },
#define BAD_UPPER(value) \
	{ "init_oci.layer=vda init_oci.upper=" value, \
	  "command line: init_oci.upper=" value \
	  ": is not tmpfs, tmpfs:SIZE, or a disk like vdb or serial:NAME" }
	BAD_UPPER("tmpfs:"),
	BAD_UPPER("tmpfs:m"),
	BAD_UPPER("tmpfs:0"),
	BAD_UPPER("tmpfs:64mb"),
	/* Would be an option of its own to tmpfs. */
	BAD_UPPER("tmpfs:64m,mode=777"),
	BAD_UPPER("a/b"),
	/* No terminal may be fooled by what a message repeats. */
	{ "init_oci.layer=vda init_oci.config=\"\033[2J\"",
	  "command line: init_oci.config=?[2J: is not an absolute path" },
};

START_TEST(refuses)
{
	ck_assert_int_eq(parse(bad[_i].arguments), -1);
	ck_assert_str_eq(error.text, bad[_i].message);
}
END_TEST

Suite *command_line_suite(void)
{
	Suite *suite = suite_create("init-oci command line");
	TCase *cases = tcase_create("command line");

	tcase_add_test(cases, one_layer_is_enough);
	tcase_add_test(cases, layers_keep_their_order);
	tcase_add_test(cases, takes_upper_and_config);
	tcase_add_test(cases, quotes_protect_spaces_as_the_kernel_has_it);
	tcase_add_test(cases, leaves_other_arguments_alone);
	tcase_add_test(cases, takes_as_many_layers_as_it_says_and_no_more);
	tcase_add_loop_test(cases, refuses, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	suite_add_tcase(suite, cases);
	return suite;
}
