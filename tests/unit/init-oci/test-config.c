// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <string.h>

#include "config/oci_config.h"

static struct config config;
static struct error error;

static int parse(const char *text)
{
	strcpy(error.text, "");
	return config_parse(text, strlen(text), NULL, 0, &config, &error);
}

/* A configuration whose process has more than its args. */
#define PROCESS(more) "{\"process\":{\"args\":[\"a\"]," more "}}"
#define NO_PROGRAM \
	"config: names no program: neither process.args, nor Entrypoint and Cmd of an image"
/* One that has more than a process. */
#define TOP(more) "{\"process\":{\"args\":[\"a\"]}," more "}"

START_TEST(fills_in_what_is_not_given)
{
	ck_assert_int_eq(parse("{\"process\":{\"args\":[\"sh\"]}}"), 0);
	ck_assert_str_eq(config.args[0], "sh");
	ck_assert_ptr_null(config.args[1]);
	ck_assert_ptr_null(config.env[0]);
	ck_assert_str_eq(config.cwd, "/");
	ck_assert_ptr_null(config.hostname);
	ck_assert_ptr_null(config.masked_paths);
	ck_assert_uint_eq(config.uid, 0);
	ck_assert_uint_eq(config.gid, 0);
	ck_assert_uint_eq(config.group_count, 0);
	ck_assert_ptr_null(config.user);
	ck_assert_uint_eq(config.limit_count, 0);
	ck_assert_uint_eq(config.mount_count, 0);
	ck_assert_uint_eq(config.setting_count, 0);
	ck_assert_ptr_null(config.volumes);
	ck_assert_int_eq(config.stop_signal, 15);
	ck_assert_int_eq(config.umask, -1);
	ck_assert(!config.terminal);
	ck_assert(!config.read_only_root);
	ck_assert(!config.no_new_privileges);
	ck_assert(!config.has_capabilities);
	ck_assert(!config.has_oom_score_adj);
	ck_assert_uint_eq(config.ignored_count, 0);
	config_free(&config);
}
END_TEST

START_TEST(takes_every_field_it_honours)
{
	ck_assert_int_eq(parse(
		"{\"ociVersion\":\"1.2.0\",\"hostname\":\"h\",\"domainname\":\"d\",\n"
		"\"root\":{\"path\":\"rootfs\",\"readonly\":true},\n"
		"\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},\n"
		" \"args\":[\"/bin/x\",\"\",\"two words\",\"\\u00e9\\\"\"],\n"
		" \"env\":[\"A=1\",\"EMPTY=\",\"E=a=b\"],\"cwd\":\"/srv\",\n"
		" \"user\":{\"uid\":1000,\"gid\":4294967294,\"umask\":63,\"additionalGids\":[5,27]},\n"
		" \"noNewPrivileges\":true,\"oomScoreAdj\":-500,\n"
		" \"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1024,\"hard\":4096},\n"
		"  {\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}],\n"
		" \"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_CHECKPOINT_RESTORE\"],\n"
		"  \"effective\":[\"CAP_CHOWN\"],\"permitted\":[\"CAP_CHOWN\",\"CAP_KILL\"],\n"
		"  \"inheritable\":[],\"ambient\":[\"CAP_NET_BIND_SERVICE\"]}},\n"
		"\"linux\":{\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"],\n"
		" \"namespaces\":[{\"type\":\"pid\"}]},\"annotations\":{\"a\":\"b\"}}\n"), 0);
	ck_assert_str_eq(config.hostname, "h");
	ck_assert_str_eq(config.domainname, "d");
	ck_assert(config.read_only_root);
	ck_assert(config.terminal);
	ck_assert_uint_eq(config.rows, 24);
	ck_assert_uint_eq(config.columns, 80);
	ck_assert_str_eq(config.args[1], "");
	ck_assert_str_eq(config.args[2], "two words");
	ck_assert_str_eq(config.args[3], "\xc3\xa9\"");
	ck_assert_ptr_null(config.args[4]);
	ck_assert_str_eq(config.env[2], "E=a=b");
	ck_assert_ptr_null(config.env[3]);
	ck_assert_str_eq(config.cwd, "/srv");
	ck_assert_uint_eq(config.uid, 1000);
	ck_assert_uint_eq(config.gid, 4294967294);
	ck_assert_int_eq(config.umask, 077);
	ck_assert_uint_eq(config.group_count, 2);
	ck_assert_uint_eq(config.groups[1], 27);
	ck_assert(config.no_new_privileges);
	ck_assert(config.has_oom_score_adj);
	ck_assert_int_eq(config.oom_score_adj, -500);
	ck_assert_uint_eq(config.limit_count, 2);
	ck_assert_int_eq(config.limits[0].resource, 7);
	ck_assert(config.limits[0].soft == 1024 && config.limits[0].hard == 4096);
	ck_assert_int_eq(config.limits[1].resource, 4);
	ck_assert(config.limits[1].soft == 0 && config.limits[1].hard == UINT64_MAX);
	ck_assert(config.has_capabilities);
	ck_assert(config.capabilities.bounding == (UINT64_C(1) << 40 | 1));
	ck_assert(config.capabilities.effective == 1);
	ck_assert(config.capabilities.permitted == (1 | 1 << 5));
	ck_assert(config.capabilities.inheritable == 0);
	ck_assert(config.capabilities.ambient == 1 << 10);
	ck_assert_str_eq(config.masked_paths[0], "/proc/kcore");
	ck_assert_str_eq(config.read_only_paths[0], "/proc/sys");
	ck_assert_uint_eq(config.ignored_count, 0);
	config_free(&config);
}
END_TEST

/* The mounts and devices that every tool writes into a fresh configuration. */
START_TEST(takes_what_tools_write_by_default)
{
	ck_assert_int_eq(parse(TOP(
		"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"options\":[\"nosuid\"]},"
		"{\"destination\":\"/dev/pts\",\"type\":\"devpts\"},"
		"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\"},"
		"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\"},"
		"{\"destination\":\"/sys\",\"type\":\"sysfs\"},"
		"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\"}],"
		"\"linux\":{\"resources\":{\"devices\":[{\"allow\":false}]},\"seccomp\":null,"
		"\"uidMappings\":[],\"mountLabel\":\"\"}")), 0);
	ck_assert_uint_eq(config.ignored_count, 0);
	ck_assert_uint_eq(config.mount_count, 7);
	ck_assert_str_eq(config.mounts[1].destination, "/dev");
	ck_assert_str_eq(config.mounts[1].options[0], "nosuid");
	config_free(&config);
}
END_TEST

START_TEST(names_every_field_that_it_does_not_carry_out)
{
	ck_assert_int_eq(parse(
		"{\"hooks\":{\"poststop\":[1]},\"process\":{\"args\":[\"a\"],"
		"\"ioPriority\":{\"a\":1},\"scheduler\":{\"a\":1},\"execCPUAffinity\":{\"a\":1}},"
		"\"linux\":{\"intelRdt\":{\"a\":1},\"personality\":{\"a\":1},"
		"\"timeOffsets\":{\"a\":1}}}"), 0);
	ck_assert_uint_eq(config.ignored_count, 7);
	ck_assert_str_eq(config.ignored[0], "hooks");
	ck_assert_str_eq(config.ignored[1], "process.ioPriority");
	ck_assert_str_eq(config.ignored[6], "linux.timeOffsets");
	config_free(&config);
}
END_TEST

static const struct {
	const char *text, *message;
} bad[] = {
	{ "", "config: is not JSON, at line 1 column 1" },
	{ "   ", "config: is not JSON, at line 1 column 3" },
	{ "{", "config: is not JSON, at line 1 column 1" },
	{ "{\"process\":\n {\"args\": [\"a\",]}}", "config: is not JSON, at line 2 column 16" },
	{ "{} x", "config: is not JSON, at line 1 column 4" },
	{ TOP("\"a\":1") "}", "config: is not JSON, at line 1 column 33" },
	{ "[]", "config: is not an object" },
	{ "null", "config: is not an object" },
	{ "{}", "config: process.args: is missing" },
	{ "{\"process\":null}", "config: process.args: is missing" },
	{ "{\"process\":[]}", "config: process: is not an object" },
	{ "{\"Process\":{\"args\":[\"a\"]}}", "config: process.args: is missing" },
	{ "{\"process\":{}}", "config: process.args: is missing" },
	{ "{\"process\":{\"args\":null}}", "config: process.args: is missing" },
	{ "{\"process\":{\"args\":[]}}", NO_PROGRAM },
	{ "{\"process\":{\"args\":[\"\"]}}", NO_PROGRAM },
	{ "{\"process\":{\"args\":\"a\"}}", "config: process.args: is not an array" },
	{ "{\"process\":{\"args\":[1]}}", "config: process.args: is not an array of strings" },
	{ "{\"process\":{\"args\":[\"a\",null]}}",
	  "config: process.args: is not an array of strings" },
	{ "{\"process\":{\"args\":[\"a\"],\"args\":[\"b\"]}}",
	  "config: process.args: is given twice" },
	{ "{\"process\":{\"args\":[\"a\"]},\"process\":{\"args\":[\"b\"]}}",
	  "config: process: is given twice" },
	{ "{\"process\":{\"args\":[\"a\\u0000b\"]}}", "config: has a NUL character in it" },
	{ PROCESS("\"cwd\":\"srv\""), "config: process.cwd: is not an absolute path" },
	{ PROCESS("\"cwd\":\"\""), "config: process.cwd: is not an absolute path" },
	{ PROCESS("\"cwd\":7"), "config: process.cwd: is not a string" },
	{ PROCESS("\"env\":{}"), "config: process.env: is not an array" },
	{ PROCESS("\"env\":[\"A\"]"), "config: process.env: A: is not NAME=VALUE" },
	{ PROCESS("\"env\":[\"=A\"]"), "config: process.env: =A: is not NAME=VALUE" },
	{ PROCESS("\"terminal\":1"), "config: process.terminal: is not true or false" },
	{ PROCESS("\"consoleSize\":{\"height\":1}"),
	  "config: process.consoleSize.width: is missing" },
	{ PROCESS("\"consoleSize\":{\"height\":65536,\"width\":1}"),
	  "config: process.consoleSize.height: is out of range" },
	{ PROCESS("\"user\":\"root\""), "config: process.user: is not an object" },
	{ PROCESS("\"user\":{\"uid\":1}"), "config: process.user.gid: is missing" },
	{ PROCESS("\"user\":{\"gid\":1}"), "config: process.user.uid: is missing" },
	{ PROCESS("\"user\":{\"uid\":-1,\"gid\":0}"),
	  "config: process.user.uid: is out of range" },
	{ PROCESS("\"user\":{\"uid\":4294967295,\"gid\":0}"),
	  "config: process.user.uid: is out of range" },
	{ PROCESS("\"user\":{\"uid\":1e400,\"gid\":0}"),
	  "config: process.user.uid: is out of range" },
	{ PROCESS("\"user\":{\"uid\":1.5,\"gid\":0}"),
	  "config: process.user.uid: is not a whole number" },
	{ PROCESS("\"user\":{\"uid\":\"0\",\"gid\":0}"),
	  "config: process.user.uid: is not a number" },
	{ PROCESS("\"user\":{\"uid\":0,\"uid\":1,\"gid\":0}"),
	  "config: process.user.uid: is given twice" },
	{ PROCESS("\"user\":{\"uid\":0,\"gid\":0,\"umask\":512}"),
	  "config: process.user.umask: is out of range" },
	{ PROCESS("\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[-1]}"),
	  "config: process.user.additionalGids: is out of range" },
	{ PROCESS("\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[\"a\"]}"),
	  "config: process.user.additionalGids: is not a number" },
	{ PROCESS("\"oomScoreAdj\":1001"), "config: process.oomScoreAdj: is out of range" },
	{ PROCESS("\"noNewPrivileges\":\"yes\""),
	  "config: process.noNewPrivileges: is not true or false" },
	{ PROCESS("\"rlimits\":[7]"), "config: process.rlimits: is not an array of objects" },
	{ PROCESS("\"rlimits\":[{}]"), "config: process.rlimits: there is no limit ''" },
	{ PROCESS("\"rlimits\":[{\"type\":\"NOFILE\",\"soft\":1,\"hard\":1}]"),
	  "config: process.rlimits: there is no limit 'NOFILE'" },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1}]"),
	  "config: process.rlimits: hard: is missing" },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]"),
	  "config: process.rlimits: RLIMIT_CPU: its soft limit is above the hard one" },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
		  "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]"),
	  "config: process.rlimits: RLIMIT_CPU: is given twice" },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1e300}]"),
	  "config: process.rlimits: hard: is out of range" },
	{ PROCESS("\"capabilities\":[]"), "config: process.capabilities: is not an object" },
	{ PROCESS("\"capabilities\":{\"bounding\":[\"CAP_FLY\"]}"),
	  "config: process.capabilities.bounding: names a capability that does not exist" },
	{ PROCESS("\"capabilities\":{\"ambient\":[4]}"),
	  "config: process.capabilities.ambient: is not an array of strings" },
	{ PROCESS("\"apparmorProfile\":\"p\""),
	  "config: process.apparmorProfile: is not supported by this version" },
	{ PROCESS("\"selinuxLabel\":\"l\""),
	  "config: process.selinuxLabel: is not supported by this version" },
	{ TOP("\"linux\":[]"), "config: linux: is not an object" },
	{ TOP("\"linux\":{\"uidMappings\":[{}]}"),
	  "config: linux.uidMappings: is not supported by this version" },
	{ TOP("\"linux\":{\"maskedPaths\":[\"proc\"]}"),
	  "config: linux.maskedPaths: proc: is not an absolute path" },
	{ TOP("\"linux\":{\"readonlyPaths\":[\"\"]}"),
	  "config: linux.readonlyPaths: : is not an absolute path" },
	{ TOP("\"root\":{\"readonly\":0}"), "config: root.readonly: is not true or false" },
	{ TOP("\"hostname\":[]"), "config: hostname: is not a string" },
	{ TOP("\"mounts\":{}"), "config: mounts: is not an array" },
	{ TOP("\"mounts\":[\"/data\"]"), "config: mounts: is not an array of objects" },
	{ TOP("\"mounts\":[{\"type\":\"bind\"}]"), "config: mounts: destination: is missing" },
	{ TOP("\"mounts\":[{\"destination\":\"data\"}]"),
	  "config: mounts: destination: is not an absolute path" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"type\":7}]"),
	  "config: mounts: type: is not a string" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"source\":{}}]"),
	  "config: mounts: source: is not a string" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"options\":\"ro\"}]"),
	  "config: mounts: options: is not an array" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"options\":[1]}]"),
	  "config: mounts: options: is not an array of strings" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"uidMappings\":[{}]}]"),
	  "config: mounts: uidMappings: is not supported by this version" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"gidMappings\":[{}]}]"),
	  "config: mounts: gidMappings: is not supported by this version" },
	{ TOP("\"mounts\":[{\"destination\":\"/a\",\"options\":[\"ro\"]},7]"),
	  "config: mounts: is not an array of objects" },
	{ TOP("\"linux\":{\"sysctl\":[]}"), "config: linux.sysctl: is not an object" },
	{ TOP("\"linux\":{\"sysctl\":{\"net.x\":1}}"),
	  "config: linux.sysctl.net.x: is not a string" },
	{ TOP("\"linux\":{\"sysctl\":{\"a\":\"1\",\"a\":\"2\"}}"),
	  "config: linux.sysctl.a: is given twice" },
	{ TOP("\"annotations\":[]"), "config: annotations: is not an object" },
	{ TOP("\"annotations\":{\"org.opencontainers.image.stopSignal\":\"SIGX\"}"),
	  "config: annotations.org.opencontainers.image.stopSignal: there is no signal 'SIGX'" },
};

START_TEST(refuses)
{
	ck_assert_int_eq(parse(bad[_i].text), -1);
	ck_assert_str_eq(error.text, bad[_i].message);
}
END_TEST

START_TEST(refuses_a_nul_byte_but_not_what_looks_like_one)
{
	static const char nul[] = "{\"process\":{\"args\":[\"a\0b\"]}}";

	ck_assert_int_eq(config_parse(nul, sizeof(nul) - 1, NULL, 0, &config, &error), -1);
	ck_assert_str_eq(error.text, "config: has a NUL character in it");
	/* An escaped backslash before u0000. */
	ck_assert_int_eq(parse("{\"process\":{\"args\":[\"a\\\\u0000\"]}}"), 0);
	ck_assert_str_eq(config.args[0], "a\\u0000");
	config_free(&config);
}
END_TEST

START_TEST(survives_deep_nesting)
{
	char text[100000];

	memset(text, '[', sizeof(text));
	ck_assert_int_eq(config_parse(text, sizeof(text), NULL, 0, &config, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.text, "is not JSON"));
}
END_TEST

/* Cut anywhere, it is refused with a message: the configuration may be half written. */
START_TEST(refuses_every_beginning_of_a_good_one)
{
	static const char good[] = PROCESS("\"env\":[\"A=\\u00e9\"],\"user\":{\"uid\":1,\"gid\":2}");
	char text[sizeof(good)];

	for (size_t length = 0; length < sizeof(good) - 1; length++) {
		/* Of exactly that size, so that a sanitizer sees a read beyond. */
		char *end = memcpy(text + sizeof(good) - length, good, length);

		ck_assert_int_eq(config_parse(end, length, NULL, 0, &config, &error), -1);
		ck_assert_uint_eq(strncmp(error.text, "config: ", 8), 0);
	}
	ck_assert_int_eq(config_parse(good, sizeof(good) - 1, NULL, 0, &config, &error), 0);
	config_free(&config);
}
END_TEST

Suite *config_suite(void)
{
	Suite *suite = suite_create("init-oci configuration");
	TCase *cases = tcase_create("config");

	tcase_add_test(cases, fills_in_what_is_not_given);
	tcase_add_test(cases, takes_every_field_it_honours);
	tcase_add_test(cases, takes_what_tools_write_by_default);
	tcase_add_test(cases, names_every_field_that_it_does_not_carry_out);
	tcase_add_loop_test(cases, refuses, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(cases, refuses_a_nul_byte_but_not_what_looks_like_one);
	tcase_add_test(cases, survives_deep_nesting);
	tcase_add_test(cases, refuses_every_beginning_of_a_good_one);
	suite_add_tcase(suite, cases);
	return suite;
}
