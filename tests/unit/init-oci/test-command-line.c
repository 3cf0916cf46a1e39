// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <stdio.h>
#include <string.h>

#include "config/command_line.h"

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
	ck_assert_str_eq(line.layers[0].disk.name, "vda");
	ck_assert_str_eq(line.layers[0].disk.device, "vda");
	ck_assert_ptr_null(line.layers[0].disk.serial);
	ck_assert_ptr_null(line.upper.name);
	ck_assert_ptr_null(line.tmpfs_size);
	ck_assert_ptr_null(line.layers[0].share);
	ck_assert_int_eq(line.config.place, DOCUMENT_IN_INITRAMFS);
	ck_assert_str_eq(line.config.path, "/oci/config.json");
	ck_assert_ptr_null(line.overrides.path);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(line.streams[i].kind, STREAM_CONSOLE);
	ck_assert_int_eq(line.control.kind, CONTROL_NONE);
	ck_assert_ptr_null(line.name_servers[0]);
	ck_assert(!line.container_is_init);
}
END_TEST

START_TEST(layers_keep_their_order)
{
	ck_assert_int_eq(parse("init_oci.layer=vdc  init_oci.layer=serial:app-1\tinit_oci.layer=vda"), 0);
	ck_assert_uint_eq(line.layer_count, 3);
	ck_assert_str_eq(line.layers[0].disk.device, "vdc");
	ck_assert_str_eq(line.layers[1].disk.serial, "app-1");
	ck_assert_str_eq(line.layers[1].disk.name, "serial:app-1");
	ck_assert_str_eq(line.layers[1].disk.device, "");
	ck_assert_str_eq(line.layers[2].disk.device, "vda");
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
	ck_assert_str_eq(line.config.path, "/x/y");
	ck_assert_int_eq(parse("init_oci.layer=vda init_oci.upper=serial:data"), 0);
	ck_assert_str_eq(line.upper.serial, "data");
}
END_TEST

START_TEST(takes_shares_as_layers)
{
	ck_assert_int_eq(parse("init_oci.layer=virtiofs:base init_oci.layer=vda "
			       "init_oci.layer=virtiofs:a:b"), 0);
	ck_assert_uint_eq(line.layer_count, 3);
	ck_assert_str_eq(line.layers[0].share, "base");
	ck_assert_str_eq(line.layers[0].disk.name, "virtiofs:base");
	ck_assert_ptr_null(line.layers[1].share);
	ck_assert_str_eq(line.layers[2].share, "a:b");
}
END_TEST

#define LAYER "init_oci.layer=vda "

START_TEST(takes_the_configuration_from_each_place)
{
	ck_assert_int_eq(parse(LAYER "init_oci.config=layers:/etc/x.json "
			       "init_oci.overrides=virtiofs:the:share:/a:/b"), 0);
	ck_assert_int_eq(line.config.place, DOCUMENT_IN_LAYERS);
	ck_assert_str_eq(line.config.path, "/etc/x.json");
	ck_assert_int_eq(line.overrides.place, DOCUMENT_ON_SHARE);
	ck_assert_str_eq(line.overrides.share, "the:share");
	ck_assert_str_eq(line.overrides.path, "/a:/b");
	ck_assert_int_eq(parse(LAYER "init_oci.overrides=/x"), 0);
	ck_assert_int_eq(line.overrides.place, DOCUMENT_IN_INITRAMFS);
	ck_assert_ptr_null(line.overrides.share);
	ck_assert_str_eq(line.overrides.path, "/x");
	ck_assert_str_eq(line.config.path, "/oci/config.json");
}
END_TEST

START_TEST(takes_streams)
{
	ck_assert_int_eq(parse(LAYER "init_oci.stdin=null init_oci.stdout=port:out.1 "
			       "init_oci.stderr=tty:hvc1"), 0);
	ck_assert_int_eq(line.streams[0].kind, STREAM_NULL);
	ck_assert_int_eq(line.streams[1].kind, STREAM_PORT);
	ck_assert_str_eq(line.streams[1].name, "out.1");
	ck_assert_int_eq(line.streams[2].kind, STREAM_TERMINAL);
	ck_assert_str_eq(line.streams[2].name, "hvc1");
	ck_assert_int_eq(parse(LAYER "init_oci.stdout=console"), 0);
	ck_assert_int_eq(line.streams[1].kind, STREAM_CONSOLE);
}
END_TEST

START_TEST(takes_a_control_channel)
{
	ck_assert_int_eq(parse(LAYER "init_oci.control=port:control"), 0);
	ck_assert_int_eq(line.control.kind, CONTROL_PORT);
	ck_assert_str_eq(line.control.port_name, "control");
	ck_assert_int_eq(parse(LAYER "init_oci.control=vsock:1"), 0);
	ck_assert_int_eq(line.control.kind, CONTROL_VSOCK);
	ck_assert_uint_eq(line.control.vsock_port, 1);
	ck_assert_int_eq(parse(LAYER "init_oci.control=vsock:4294967294"), 0);
	ck_assert_uint_eq(line.control.vsock_port, 4294967294u);
}
END_TEST

START_TEST(takes_name_servers_and_init)
{
	ck_assert_int_eq(parse(LAYER "init_oci.nameserver=10.0.2.3 init_oci.init=container "
			       "init_oci.nameserver=2001:db8::1 init_oci.nameserver=1.1.1.1 "
			       "init_oci.without=selinux,apparmor"), 0);
	ck_assert_uint_eq(line.without, 3);
	ck_assert_str_eq(line.name_servers[0], "10.0.2.3");
	ck_assert_str_eq(line.name_servers[1], "2001:db8::1");
	ck_assert_str_eq(line.name_servers[2], "1.1.1.1");
	ck_assert_ptr_null(line.name_servers[3]);
	ck_assert(line.container_is_init);
}
END_TEST

static void expect_source(const char *path, const char *tag, const char *expected)
{
	const char *below = NULL;
	const struct host_source *source = host_source_find(&line.sources, path, &below);

	if (!tag) {
		ck_assert_ptr_null(source);
		return;
	}
	ck_assert_ptr_nonnull(source);
	ck_assert_str_eq(source->tag, tag);
	ck_assert_str_eq(below, expected);
}

START_TEST(takes_sources_on_the_host)
{
	ck_assert_int_eq(parse(LAYER "init_oci.source=/srv=virtiofs:a:b "
			       "init_oci.source=/srv/x/=virtiofs:=virtiofs:"), 0);
	ck_assert_uint_eq(line.sources.count, 2);
	ck_assert_str_eq(line.sources.list[1].prefix, "/srv/x");
	expect_source("/srv", "a:b", ".");
	expect_source("/srv/", "a:b", ".");
	expect_source("/srv//etc/y", "a:b", "etc/y");
	expect_source("/srv/xy", "a:b", "xy");
	expect_source("/srv/x/y", "=virtiofs:", "y");
	expect_source("/srvx", NULL, NULL);
	expect_source("/sr", NULL, NULL);
	expect_source("", NULL, NULL);
	ck_assert_int_eq(parse(LAYER "init_oci.source=/=virtiofs:a"), 0);
	expect_source("/", "a", ".");
	expect_source("/etc", "a", "etc");
	expect_source("etc", NULL, NULL);
}
END_TEST

START_TEST(quotes_protect_spaces_as_the_kernel_has_it)
{
	ck_assert_int_eq(parse("init_oci.layer=vda \"init_oci.config=/a b\""), 0);
	ck_assert_str_eq(line.config.path, "/a b");
	ck_assert_int_eq(parse("init_oci.config=\"/a b\"\t init_oci.layer=vda"), 0);
	ck_assert_str_eq(line.config.path, "/a b");
	ck_assert_int_eq(parse("other=\"x init_oci.layer=vdz\" init_oci.layer=vda"), 0);
	ck_assert_uint_eq(line.layer_count, 1);
	ck_assert_int_eq(parse("init_oci.layer=vda init_oci.config=\"/never ended"), 0);
	ck_assert_str_eq(line.config.path, "/never ended");
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
			 "command line: init_oci.layer=last: is one more than the 128 layers there may be");
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
#define BAD_LAYER(value) \
	{ "init_oci.layer=" value, "command line: init_oci.layer=" value \
	  ": is not a disk like vdb or serial:NAME of up to 20 letters, or virtiofs:TAG" }
	BAD_LAYER("/dev/vda"),
	BAD_LAYER("../x"),
	BAD_LAYER("abcdefghijklmnopqrstuvwxyz012345"),
	BAD_LAYER("serial:"),
	BAD_LAYER("serial:aaaaaaaaaabbbbbbbbbbc"),
	BAD_LAYER("virtiofs:"),
	BAD_LAYER("virtiofs:aaaaaaaaaabbbbbbbbbbccccccccccddddddd"),
	{ "init_oci.layer=virtiofs:a init_oci.layer=virtiofs:a",
	  "command line: init_oci.layer=virtiofs:a: is given twice" },
	{ "init_oci.layer=vda init_oci.layer=vda", "command line: init_oci.layer=vda: is given twice" },
	{ "init_oci.layer=vda init_oci.upper=vda",
	  "command line: vda is both a layer and the upper" },
	{ "init_oci.upper=vda init_oci.layer=vda",
	  "command line: vda is both a layer and the upper" },
	{ "init_oci.layer=vda init_oci.upper=tmpfs init_oci.upper=tmpfs",
	  "command line: init_oci.upper: is given twice" },
	{ "init_oci.layer=vda init_oci.config=/a init_oci.config=/b",
	  "command line: init_oci.config: is given twice" },
#define BAD(name, value, problem) \
	{ "init_oci.layer=vda init_oci." name "=" value, \
	  "command line: init_oci." name "=" value ": " problem }
#define TWICE(name, value) \
	{ "init_oci.layer=vda init_oci." name "=" value " init_oci." name "=" value, \
	  "command line: init_oci." name ": is given twice" }
#define BAD_SOURCE(name, value) BAD(name, value, \
	"is not PATH, layers:PATH or virtiofs:TAG:PATH with an absolute path")
	BAD_SOURCE("config", "a"),
	BAD_SOURCE("config", "layers:"),
	BAD_SOURCE("config", "layers:a"),
	BAD_SOURCE("config", "virtiofs:"),
	BAD_SOURCE("config", "virtiofs:tag"),
	BAD_SOURCE("config", "virtiofs:tag:"),
	BAD_SOURCE("config", "virtiofs:tag:a"),
	BAD_SOURCE("config", "virtiofs::/a"),
	BAD_SOURCE("config", "virtiofs:/a"),
	BAD_SOURCE("config", "virtiofs:aaaaaaaaaabbbbbbbbbbccccccccccddddddd:/a"),
	BAD_SOURCE("overrides", "a"),
	TWICE("overrides", "/a"),
#define BAD_STREAM(name, value) BAD(name, value, \
	"is not console, null, port:NAME or tty:NAME")
	BAD_STREAM("stdin", "port:"),
	BAD_STREAM("stdin", "tty:"),
	BAD_STREAM("stdout", "tty:../vda"),
	BAD_STREAM("stderr", "/dev/null"),
	TWICE("stdin", "null"),
	TWICE("stdout", "null"),
	TWICE("stderr", "null"),
#define BAD_CONTROL(value) BAD("control", value, "is not port:NAME or vsock:PORT")
	BAD_CONTROL("port:"),
	BAD_CONTROL("vsock:"),
	BAD_CONTROL("vsock:0"),
	BAD_CONTROL("vsock:-1"),
	BAD_CONTROL("vsock:1x"),
	BAD_CONTROL("vsock:4294967295"),
	BAD_CONTROL("vsock:4294967297"),
	BAD_CONTROL("vsock:18446744073709551617"),
	BAD_CONTROL("console"),
	TWICE("control", "vsock:1"),
	BAD("source", "srv=virtiofs:a", "is not PATH=virtiofs:TAG with an absolute path"),
	BAD("source", "/srv=virtiofs:", "is not PATH=virtiofs:TAG with an absolute path"),
	BAD("source", "/srv", "is not PATH=virtiofs:TAG with an absolute path"),
	BAD("source", "/srv=virtiofs:0123456789012345678901234567890123456",
	    "is not PATH=virtiofs:TAG with an absolute path"),
	{ "init_oci.layer=vda init_oci.source=/a=virtiofs:b init_oci.source=/a/=virtiofs:c",
	  "command line: init_oci.source=/a/=virtiofs:c: is given twice" },
	{ "init_oci.layer=vda init_oci.source=/a=virtiofs:t init_oci.source=/b=virtiofs:t "
	  "init_oci.source=/c=virtiofs:t init_oci.source=/d=virtiofs:t "
	  "init_oci.source=/e=virtiofs:t init_oci.source=/f=virtiofs:t "
	  "init_oci.source=/g=virtiofs:t init_oci.source=/h=virtiofs:t "
	  "init_oci.source=/i=virtiofs:t",
	  "command line: init_oci.source=/i=virtiofs:t: is one more than the 8 sources there may be" },
	BAD("without", "apparmor,seccomp", "is not a list of apparmor, selinux and user-namespaces"),
	BAD("without", ",", "is not a list of apparmor, selinux and user-namespaces"),
	BAD("nameserver", "example.org", "is not an IPv4 or IPv6 address"),
	BAD("nameserver", "1.2.3", "is not an IPv4 or IPv6 address"),
	{ "init_oci.layer=vda init_oci.nameserver=::1 init_oci.nameserver=::1",
	  "command line: init_oci.nameserver=::1: is given twice" },
	{ "init_oci.layer=vda init_oci.nameserver=::1 init_oci.nameserver=::2 "
	  "init_oci.nameserver=::3 init_oci.nameserver=::4",
	  "command line: init_oci.nameserver=::4: is one more than the 3 name servers there may be" },
	BAD("init", "yes", "is not container"),
	TWICE("init", "container"),
#define BAD_UPPER(value) \
	{ "init_oci.layer=vda init_oci.upper=" value, \
	  "command line: init_oci.upper=" value \
	  ": is not tmpfs, tmpfs:SIZE, or a disk like vdb or serial:NAME of up to 20 letters" }
	BAD_UPPER("tmpfs:"),
	BAD_UPPER("tmpfs:m"),
	BAD_UPPER("tmpfs:0"),
	BAD_UPPER("tmpfs:64mb"),
	/* Would be an option of its own to tmpfs. */
	BAD_UPPER("tmpfs:64m,mode=777"),
	BAD_UPPER("a/b"),
	BAD_UPPER("virtiofs:a"),
	/* No terminal may be fooled by what a message repeats. */
	{ "init_oci.layer=vda init_oci.config=\"\033[2J\"",
	  "command line: init_oci.config=?[2J: is not PATH, layers:PATH or "
	  "virtiofs:TAG:PATH with an absolute path" },
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
	tcase_add_test(cases, takes_shares_as_layers);
	tcase_add_test(cases, takes_the_configuration_from_each_place);
	tcase_add_test(cases, takes_streams);
	tcase_add_test(cases, takes_a_control_channel);
	tcase_add_test(cases, takes_name_servers_and_init);
	tcase_add_test(cases, takes_sources_on_the_host);
	tcase_add_test(cases, quotes_protect_spaces_as_the_kernel_has_it);
	tcase_add_test(cases, leaves_other_arguments_alone);
	tcase_add_test(cases, takes_as_many_layers_as_it_says_and_no_more);
	tcase_add_loop_test(cases, refuses, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	suite_add_tcase(suite, cases);
	return suite;
}
