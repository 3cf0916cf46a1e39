// SPDX-License-Identifier: Apache-2.0
/* Configurations of images, and what overrides make of either kind. */
#include "tests.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "config/oci_config.h"

static struct config config;
static struct error error;

static int parse(const char *text, const char *overrides)
{
	strcpy(error.text, "");
	return config_parse(text, strlen(text), overrides, overrides ? strlen(overrides) : 0,
			    &config, &error);
}

/* An image's configuration whose `config` has these members. */
#define IMAGE(members) "{\"architecture\":\"arm64\",\"os\":\"linux\",\"config\":{" members "}}"
#define PROCESS(members) "{\"process\":{" members "}}"
#define PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void expect_list(char *const *list, const char *const *expected)
{
	size_t i = 0;

	for (; expected[i]; i++) {
		ck_assert_ptr_nonnull(list[i]);
		ck_assert_str_eq(list[i], expected[i]);
	}
	ck_assert_ptr_null(list[i]);
}
#define EXPECT_LIST(list, ...) expect_list(list, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(fills_in_what_an_image_does_not_say)
{
	ck_assert_int_eq(parse(IMAGE("\"Cmd\":[\"sh\"]"), NULL), 0);
	EXPECT_LIST(config.args, "sh");
	EXPECT_LIST(config.env, PATH);
	ck_assert_str_eq(config.cwd, "/");
	ck_assert_str_eq(config.user, "0");
	ck_assert_int_eq(config.stop_signal, SIGTERM);
	ck_assert_ptr_null(config.volumes);
	ck_assert_int_eq(config.umask, -1);
	ck_assert(!config.has_capabilities);
	config_free(&config);
}
END_TEST

START_TEST(takes_every_field_of_an_image)
{
	ck_assert_int_eq(parse(
		"{\"created\":\"2024-01-01T00:00:00Z\",\"author\":\"x\",\"architecture\":\"arm64\",\n"
		"\"variant\":\"v8\",\"os\":\"linux\",\"config\":{\"Hostname\":\"ignored\",\n"
		"\"Domainname\":\"\",\"ExposedPorts\":{\"80/tcp\":{}},\"Tty\":true,\n"
		"\"Entrypoint\":[\"/entry\",\"-x\"],\"Cmd\":[\"a\",\"b c\"],\n"
		"\"Env\":[\"PATH=/bin\",\"A=1\"],\"WorkingDir\":\"/srv\",\"User\":\"app:staff\",\n"
		"\"StopSignal\":\"SIGQUIT\",\"Volumes\":{\"/data\":{},\"/var/lib/x\":{}},\n"
		"\"Labels\":{\"a\":\"b\"},\"ArgsEscaped\":true,\"OnBuild\":null,\n"
		"\"Healthcheck\":{\"Test\":[\"NONE\"]}},\n"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:0\"]},\"history\":[{}]}", NULL), 0);
	EXPECT_LIST(config.args, "/entry", "-x", "a", "b c");
	EXPECT_LIST(config.env, "PATH=/bin", "A=1");
	ck_assert_str_eq(config.cwd, "/srv");
	ck_assert_str_eq(config.user, "app:staff");
	ck_assert_int_eq(config.stop_signal, SIGQUIT);
	EXPECT_LIST(config.volumes, "/data", "/var/lib/x");
	ck_assert_ptr_null(config.hostname);
	ck_assert(!config.terminal);
	ck_assert_uint_eq(config.ignored_count, 0);
	config_free(&config);
}
END_TEST

START_TEST(empty_fields_of_an_image_count_as_none)
{
	ck_assert_int_eq(parse(IMAGE("\"Entrypoint\":null,\"Cmd\":[\"a\"],\"Env\":null,"
				     "\"WorkingDir\":\"\",\"User\":\"\",\"StopSignal\":\"\","
				     "\"Volumes\":null"), NULL), 0);
	EXPECT_LIST(config.args, "a");
	EXPECT_LIST(config.env, PATH);
	ck_assert_str_eq(config.cwd, "/");
	ck_assert_str_eq(config.user, "0");
	ck_assert_int_eq(config.stop_signal, SIGTERM);
	ck_assert_ptr_null(config.volumes);
	config_free(&config);
	ck_assert_int_eq(parse(IMAGE("\"Entrypoint\":[\"a\"],\"Cmd\":[],\"Env\":[],"
				     "\"Volumes\":{}"), NULL), 0);
	EXPECT_LIST(config.args, "a");
	ck_assert_ptr_null(config.volumes[0]);
	config_free(&config);
}
END_TEST

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "TERM", SIGTERM }, { "15", SIGTERM }, { "SIGRTMIN+3", 37 }, { "sigint", SIGINT },
};

START_TEST(takes_stop_signals)
{
	char text[256] = "{\"config\":{\"Cmd\":[\"a\"],\"StopSignal\":\"";

	strcat(strcat(text, signals[_i].name), "\"}}");
	ck_assert_int_eq(parse(text, NULL), 0);
	ck_assert_int_eq(config.stop_signal, signals[_i].number);
	config_free(&config);
	strcpy(text, "{\"process\":{\"args\":[\"a\"]},\"annotations\":{\"x\":1,"
	       "\"org.opencontainers.image.stopSignal\":\"");
	strcat(strcat(text, signals[_i].name), "\"}}");
	ck_assert_int_eq(parse(text, NULL), 0);
	ck_assert_int_eq(config.stop_signal, signals[_i].number);
	config_free(&config);
}
END_TEST

/* A command belongs to its entrypoint, and an empty entrypoint is none. */
static const struct {
	const char *image, *overrides, *args[5];
} commands[] = {
	{ "\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]", "", { "e", "c" } },
	{ "\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]", "\"Cmd\":[\"d\",\"f\"]", { "e", "d", "f" } },
	{ "\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]", "\"Cmd\":[]", { "e" } },
	{ "\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]", "\"Cmd\":null", { "e", "c" } },
	{ "\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]", "\"Entrypoint\":[\"x\"]", { "x" } },
	{ "\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]", "\"Cmd\":[\"d\"],\"Entrypoint\":[\"x\",\"y\"]",
	  { "x", "y", "d" } },
	{ "\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]", "\"Entrypoint\":[]", { "c" } },
	{ "\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"]", "\"Entrypoint\":null", { "e", "c" } },
	{ "\"Cmd\":[\"c\",\"1\"]", "\"Cmd\":[\"d\"]", { "d" } },
	{ "", "\"Cmd\":[\"d\"]", { "d" } },
	{ "\"Entrypoint\":[\"e\"]", "", { "e" } },
};

START_TEST(joins_entrypoint_and_command)
{
	char image[256] = "{\"config\":{", overrides[256] = "{\"config\":{";

	strcat(strcat(image, commands[_i].image), "}}");
	strcat(strcat(overrides, commands[_i].overrides), "}}");
	ck_assert_int_eq(parse(image, overrides), 0);
	expect_list(config.args, commands[_i].args);
	config_free(&config);
}
END_TEST

START_TEST(overrides_replace_fields_of_an_image)
{
	static const char image[] = IMAGE("\"Cmd\":[\"a\"],\"WorkingDir\":\"/srv\",\"User\":\"app\","
		"\"StopSignal\":\"SIGQUIT\",\"Volumes\":{\"/data\":{}}");

	ck_assert_int_eq(parse(image, "{\"config\":{\"WorkingDir\":\"/tmp\",\"User\":\"7:8\","
			       "\"StopSignal\":\"SIGINT\",\"Volumes\":{\"/x\":{},\"/y\":{}}}}"), 0);
	ck_assert_str_eq(config.cwd, "/tmp");
	ck_assert_str_eq(config.user, "7:8");
	ck_assert_int_eq(config.stop_signal, SIGINT);
	EXPECT_LIST(config.volumes, "/x", "/y");
	config_free(&config);
	/* What they do not have stays. */
	ck_assert_int_eq(parse(image, "{\"config\":{\"User\":\"\"}}"), 0);
	EXPECT_LIST(config.args, "a");
	ck_assert_str_eq(config.cwd, "/srv");
	ck_assert_str_eq(config.user, "app");
	ck_assert_int_eq(config.stop_signal, SIGQUIT);
	EXPECT_LIST(config.volumes, "/data");
	config_free(&config);
	ck_assert_int_eq(parse(image, "{}"), 0);
	ck_assert_str_eq(config.user, "app");
	config_free(&config);
}
END_TEST

START_TEST(variables_are_merged_by_name)
{
	ck_assert_int_eq(parse(
		"{\"config\":{\"Cmd\":[\"a\"],\"Env\":[\"A=1\",\"AB=2\",\"B=3\",\"C=4\",\"C=5\"]},"
		"\"process\":{\"env\":[\"B=6\",\"PATH=/x\"]}}",
		"{\"config\":{\"Env\":[\"A=\",\"D=7\"]},\"process\":{\"env\":[\"D=8\",\"AB=a=b\"]}}"), 0);
	EXPECT_LIST(config.env, "A=", "AB=a=b", "B=6", "C=5", "D=8", "PATH=/x");
	config_free(&config);
}
END_TEST

START_TEST(engines_limits_and_settings_are_for_images_only)
{
	ck_assert_int_eq(parse(IMAGE("\"Cmd\":[\"a\"]"),
			       "{\"linux\":{\"sysctl\":{\"net.ipv4.ping_group_range\":\"1 0\"}}}"), 0);
	ck_assert_uint_eq(config.limit_count, 1);
	ck_assert_int_eq(config.limits[0].resource, RLIMIT_NOFILE);
	ck_assert_uint_eq(config.limits[0].soft, 1024);
	ck_assert_uint_eq(config.limits[0].hard, 524288);
	/* What the configuration says comes last, and so counts. */
	ck_assert_uint_eq(config.setting_count, 3);
	ck_assert_str_eq(config.settings[0].name, "net.ipv4.ip_unprivileged_port_start");
	ck_assert(config.settings[0].optional);
	ck_assert_str_eq(config.settings[2].value, "1 0");
	ck_assert(!config.settings[2].optional);
	config_free(&config);
	ck_assert_int_eq(parse(IMAGE("\"Cmd\":[\"a\"]"),
			       "{\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\","
			       "\"soft\":1,\"hard\":2}]}}"), 0);
	ck_assert_uint_eq(config.limit_count, 1);
	ck_assert_uint_eq(config.limits[0].hard, 2);
	config_free(&config);
	ck_assert_int_eq(parse("{\"process\":{\"args\":[\"a\"]}}", NULL), 0);
	ck_assert_uint_eq(config.limit_count, 0);
	ck_assert_uint_eq(config.setting_count, 0);
	config_free(&config);
}
END_TEST

START_TEST(engines_variables_are_for_images_only)
{
	ck_assert_int_eq(parse("{\"hostname\":\"h\",\"config\":{\"Cmd\":[\"a\"]},"
			       "\"process\":{\"terminal\":true}}", NULL), 0);
	EXPECT_LIST(config.env, "HOSTNAME=h", PATH, "TERM=xterm");
	config_free(&config);
	ck_assert_int_eq(parse(IMAGE("\"Cmd\":[\"a\"],\"Env\":[\"TERM=vt100\",\"HOSTNAME=x\"]"),
			       "{\"hostname\":\"h\",\"process\":{\"terminal\":true}}"), 0);
	EXPECT_LIST(config.env, "TERM=vt100", "HOSTNAME=x", PATH);
	config_free(&config);
	ck_assert_int_eq(parse("{\"hostname\":\"h\",\"process\":{\"args\":[\"a\"],"
			       "\"terminal\":true}}", NULL), 0);
	ck_assert_ptr_null(config.env[0]);
	ck_assert_ptr_null(config.user);
	config_free(&config);
}
END_TEST

START_TEST(runtime_fields_win_over_those_of_an_image)
{
	static const char image[] = "\"config\":{\"Entrypoint\":[\"e\"],\"Cmd\":[\"c\"],"
		"\"WorkingDir\":\"/image\",\"User\":\"app\",\"StopSignal\":\"SIGQUIT\"}";
	char text[512] = "{\"process\":{\"args\":[\"r\"],\"cwd\":\"/runtime\","
		"\"user\":{\"uid\":1,\"gid\":2}},\"annotations\":"
		"{\"org.opencontainers.image.stopSignal\":\"SIGINT\"},";

	strcat(strcat(text, image), "}");
	ck_assert_int_eq(parse(text, "{\"config\":{\"Cmd\":[\"d\"],\"WorkingDir\":\"/o\"}}"), 0);
	EXPECT_LIST(config.args, "r");
	ck_assert_str_eq(config.cwd, "/runtime");
	ck_assert_ptr_null(config.user);
	ck_assert_uint_eq(config.uid, 1);
	ck_assert_uint_eq(config.gid, 2);
	ck_assert_int_eq(config.stop_signal, SIGINT);
	config_free(&config);
}
END_TEST

START_TEST(a_process_may_name_its_user)
{
	ck_assert_int_eq(parse(PROCESS("\"args\":[\"a\"],\"user\":{\"username\":\"app:staff\"}"),
			       NULL), 0);
	ck_assert_str_eq(config.user, "app:staff");
	config_free(&config);
	/* Numbers are more exact. */
	ck_assert_int_eq(parse(PROCESS("\"args\":[\"a\"],\"user\":{\"username\":\"app\",\"uid\":5,"
				       "\"gid\":6}"), NULL), 0);
	ck_assert_ptr_null(config.user);
	ck_assert_uint_eq(config.uid, 5);
	config_free(&config);
	ck_assert_int_eq(parse(PROCESS("\"args\":[\"a\"],\"user\":{\"username\":\"\"}"), NULL), 0);
	ck_assert_ptr_null(config.user);
	config_free(&config);
	/* A mask alone says nothing about who it is. */
	ck_assert_int_eq(parse("{\"config\":{\"Cmd\":[\"a\"],\"User\":\"app\"}}",
			       PROCESS("\"user\":{\"umask\":18}")), 0);
	ck_assert_str_eq(config.user, "app");
	ck_assert_int_eq(config.umask, 022);
	config_free(&config);
}
END_TEST

START_TEST(overrides_replace_fields_of_a_runtime_configuration)
{
	ck_assert_int_eq(parse(
		"{\"hostname\":\"h\",\"domainname\":\"d\",\"root\":{\"readonly\":true},\"process\":{"
		"\"args\":[\"a\",\"b\"],\"cwd\":\"/a\",\"noNewPrivileges\":true,\"oomScoreAdj\":5,"
		"\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":2},"
		"\"user\":{\"uid\":1,\"gid\":2,\"umask\":63,\"additionalGids\":[3,4]},"
		"\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\"],"
		" \"permitted\":[\"CAP_KILL\"]}},"
		"\"linux\":{\"maskedPaths\":[\"/m\"],\"readonlyPaths\":[\"/r\"]}}",
		"{\"hostname\":\"i\",\"root\":{\"readonly\":false},\"process\":{"
		"\"args\":[\"c\"],\"cwd\":\"/b\",\"oomScoreAdj\":0,"
		"\"consoleSize\":{\"height\":3,\"width\":4},"
		"\"user\":{\"uid\":5,\"gid\":6},\"capabilities\":{\"bounding\":[\"CAP_CHOWN\"]}},"
		"\"linux\":{\"maskedPaths\":[]}}"), 0);
	EXPECT_LIST(config.args, "c");
	ck_assert_str_eq(config.hostname, "i");
	ck_assert_str_eq(config.domainname, "d");
	ck_assert(!config.read_only_root);
	ck_assert_str_eq(config.cwd, "/b");
	ck_assert(config.no_new_privileges);
	ck_assert(config.has_oom_score_adj);
	ck_assert_int_eq(config.oom_score_adj, 0);
	ck_assert(config.terminal);
	ck_assert_uint_eq(config.rows, 3);
	ck_assert_uint_eq(config.columns, 4);
	ck_assert_uint_eq(config.uid, 5);
	ck_assert_uint_eq(config.gid, 6);
	ck_assert_int_eq(config.umask, 077);
	/* Another user's groups are not this one's. */
	ck_assert_uint_eq(config.group_count, 0);
	ck_assert(config.has_capabilities);
	ck_assert(config.capabilities.bounding == 1);
	ck_assert(config.capabilities.permitted == 1 << 5);
	ck_assert_ptr_null(config.masked_paths[0]);
	EXPECT_LIST(config.read_only_paths, "/r");
	config_free(&config);
}
END_TEST

/* What overrides do not have stays: here, all of it. */
START_TEST(empty_overrides_change_nothing)
{
	ck_assert_int_eq(parse(
		"{\"process\":{\"args\":[\"a\"],\"oomScoreAdj\":5,\"user\":{\"uid\":1,\"gid\":2,"
		"\"umask\":63,\"additionalGids\":[3,4]},\"capabilities\":{\"bounding\":[\"CAP_KILL\"]}},"
		"\"linux\":{\"intelRdt\":{\"a\":1}}}",
		"{\"process\":{\"args\":null,\"user\":{},\"capabilities\":null},\"linux\":"
		"{\"intelRdt\":{\"a\":1}}}"), 0);
	ck_assert(config.has_oom_score_adj);
	ck_assert_int_eq(config.oom_score_adj, 5);
	ck_assert_uint_eq(config.uid, 1);
	ck_assert_int_eq(config.umask, 077);
	ck_assert_uint_eq(config.group_count, 2);
	ck_assert(config.has_capabilities);
	ck_assert(config.capabilities.bounding == 1 << 5);
	/* The message comes once. */
	ck_assert_uint_eq(config.ignored_count, 1);
	config_free(&config);
}
END_TEST

START_TEST(limits_are_merged_by_type)
{
	ck_assert_int_eq(parse(
		PROCESS("\"args\":[\"a\"],\"rlimits\":["
			"{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":2},"
			"{\"type\":\"RLIMIT_NOFILE\",\"soft\":3,\"hard\":4}]"),
		PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":7,\"hard\":8},"
			"{\"type\":\"RLIMIT_CPU\",\"soft\":5,\"hard\":6}]")), 0);
	ck_assert_uint_eq(config.limit_count, 3);
	ck_assert(config.limits[0].resource == 0 && config.limits[0].soft == 5 &&
		  config.limits[0].hard == 6);
	ck_assert(config.limits[1].resource == 7 && config.limits[1].soft == 3);
	ck_assert(config.limits[2].resource == 4 && config.limits[2].soft == 7);
	config_free(&config);
}
END_TEST

static void expect_mount(size_t i, const char *destination, const char *type, const char *source)
{
	ck_assert_uint_lt(i, config.mount_count);
	ck_assert_str_eq(config.mounts[i].destination, destination);
	ck_assert_pstr_eq(config.mounts[i].type, type);
	ck_assert_pstr_eq(config.mounts[i].source, source);
}

START_TEST(mounts_are_merged_by_destination)
{
	ck_assert_int_eq(parse(
		"{\"process\":{\"args\":[\"a\"]},\"mounts\":["
		"{\"destination\":\"/a\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"ro\",\"size=1\"]},"
		"{\"destination\":\"/a/b\",\"source\":\"/x\",\"options\":[\"bind\"]},"
		/* One upon the other is nothing unusual. */
		"{\"destination\":\"/a/b\",\"type\":\"proc\"}]}",
		"{\"mounts\":[{\"destination\":\"/new\",\"type\":\"virtiofs\",\"source\":\"tag\","
		"\"uidMappings\":[]},"
		"{\"destination\":\"/a\",\"type\":\"ext4\",\"source\":\"vdb\",\"options\":[]}]}"), 0);
	ck_assert_uint_eq(config.mount_count, 4);
	expect_mount(0, "/a", "ext4", "vdb");
	ck_assert_ptr_null(config.mounts[0].options[0]);
	expect_mount(1, "/a/b", NULL, "/x");
	EXPECT_LIST(config.mounts[1].options, "bind");
	expect_mount(2, "/a/b", "proc", NULL);
	ck_assert_ptr_null(config.mounts[2].options);
	expect_mount(3, "/new", "virtiofs", "tag");
	ck_assert_ptr_null(config.mounts[3].options);
	config_free(&config);
}
END_TEST

START_TEST(settings_are_merged_by_name)
{
	ck_assert_int_eq(parse(
		"{\"process\":{\"args\":[\"a\"]},\"linux\":{\"sysctl\":{\"net.a\":\"1\",\"net.b\":\"2 3\"}}}",
		"{\"linux\":{\"sysctl\":{\"net.c\":\"4\",\"net.a\":\"5\",\"net.b\":null}}}"), 0);
	ck_assert_uint_eq(config.setting_count, 3);
	ck_assert_str_eq(config.settings[0].name, "net.a");
	ck_assert_str_eq(config.settings[0].value, "5");
	ck_assert_str_eq(config.settings[1].name, "net.b");
	ck_assert_str_eq(config.settings[1].value, "2 3");
	ck_assert_str_eq(config.settings[2].name, "net.c");
	ck_assert_str_eq(config.settings[2].value, "4");
	ck_assert_uint_eq(config.ignored_count, 0);
	config_free(&config);
}
END_TEST

#define GOOD PROCESS("\"args\":[\"a\"]")
#define NO_PROGRAM \
	"config: names no program: neither process.args, nor Entrypoint and Cmd of an image"

static const struct {
	const char *text, *overrides, *message;
} bad[] = {
	{ IMAGE(""), NULL, NO_PROGRAM },
	{ IMAGE("\"Entrypoint\":[],\"Cmd\":[]"), NULL, NO_PROGRAM },
	{ IMAGE("\"Entrypoint\":[\"\"],\"Cmd\":[\"a\"]"), NULL, NO_PROGRAM },
	{ IMAGE("\"Entrypoint\":[\"e\"]"), "{\"config\":{\"Entrypoint\":[]}}", NO_PROGRAM },
	{ GOOD, PROCESS("\"args\":[]"), NO_PROGRAM },
	{ "{\"config\":[]}", NULL, "config: config: is not an object" },
	{ "{\"config\":{},\"config\":{}}", NULL, "config: config: is given twice" },
	{ IMAGE("\"Entrypoint\":\"a\""), NULL, "config: config.Entrypoint: is not an array" },
	{ IMAGE("\"Entrypoint\":[[\"a\"]]"), NULL,
	  "config: config.Entrypoint: is not an array of strings" },
	{ IMAGE("\"Cmd\":{}"), NULL, "config: config.Cmd: is not an array" },
	{ IMAGE("\"Cmd\":[\"a\"],\"Cmd\":[\"b\"]"), NULL, "config: config.Cmd: is given twice" },
	{ IMAGE("\"Env\":[\"A\"]"), NULL, "config: config.Env: A: is not NAME=VALUE" },
	{ IMAGE("\"Env\":[\"=A\"]"), NULL, "config: config.Env: =A: is not NAME=VALUE" },
	{ IMAGE("\"Env\":{}"), NULL, "config: config.Env: is not an array" },
	{ IMAGE("\"WorkingDir\":\"srv\""), NULL,
	  "config: config.WorkingDir: is not an absolute path" },
	{ IMAGE("\"WorkingDir\":1"), NULL, "config: config.WorkingDir: is not a string" },
	{ IMAGE("\"User\":1000"), NULL, "config: config.User: is not a string" },
	{ IMAGE("\"StopSignal\":15"), NULL, "config: config.StopSignal: is not a string" },
	{ IMAGE("\"StopSignal\":\"SIGFOO\""), NULL,
	  "config: config.StopSignal: there is no signal 'SIGFOO'" },
	{ IMAGE("\"Volumes\":[\"/data\"]"), NULL, "config: config.Volumes: is not an object" },
	{ IMAGE("\"Volumes\":{\"data\":{}}"), NULL,
	  "config: config.Volumes.data: is not an absolute path" },
	{ IMAGE("\"Volumes\":{\"/a\":{},\"/a\":{}}"), NULL,
	  "config: config.Volumes./a: is given twice" },
	{ PROCESS("\"args\":[\"a\"],\"user\":{\"username\":7}"), NULL,
	  "config: process.user.username: is not a string" },
	{ PROCESS("\"args\":[\"a\"],\"user\":{\"username\":\"a\",\"gid\":7}"), NULL,
	  "config: process.user.uid: is missing" },
	{ PROCESS("\"args\":[\"a\"],\"user\":{\"username\":\"a\",\"additionalGids\":[7]}"), NULL,
	  "config: process.user.uid: is missing" },
	/* The document that is wrong is named. */
	{ GOOD, "", "overrides: is not JSON, at line 1 column 1" },
	{ GOOD, "{}x", "overrides: is not JSON, at line 1 column 3" },
	{ GOOD, "[]", "overrides: is not an object" },
	{ GOOD, "{\"a\":\"\\u0000\"}", "overrides: has a NUL character in it" },
	{ GOOD, "{\"config\":{\"User\":[]}}", "overrides: config.User: is not a string" },
	{ GOOD, "{\"config\":{\"WorkingDir\":\"x\"}}",
	  "overrides: config.WorkingDir: is not an absolute path" },
	{ GOOD, "{\"config\":{\"Env\":[\"x\"]}}", "overrides: config.Env: x: is not NAME=VALUE" },
	{ GOOD, "{\"config\":{\"StopSignal\":\"x\"}}",
	  "overrides: config.StopSignal: there is no signal 'x'" },
	{ GOOD, "{\"process\":[]}", "overrides: process: is not an object" },
	{ GOOD, PROCESS("\"env\":[\"x\"]"), "overrides: process.env: x: is not NAME=VALUE" },
	{ GOOD, PROCESS("\"cwd\":\"x\""), "overrides: process.cwd: is not an absolute path" },
	{ GOOD, PROCESS("\"rlimits\":[7]"), "overrides: process.rlimits: is not an array of objects" },
	{ GOOD, PROCESS("\"rlimits\":[{\"type\":\"x\"}]"),
	  "overrides: process.rlimits: there is no limit 'x'" },
	{ GOOD, PROCESS("\"selinuxLabel\":\"x\""),
	  "overrides: process.selinuxLabel: is not supported by this version" },
	{ GOOD, "{\"mounts\":[7]}", "overrides: mounts: is not an array of objects" },
	{ GOOD, "{\"linux\":{\"maskedPaths\":[\"x\"]}}",
	  "overrides: linux.maskedPaths: x: is not an absolute path" },
	{ GOOD, "{\"linux\":{\"seccomp\":{\"flags\":1}}}",
	  "overrides: linux.seccomp.flags: is not an array" },
	{ GOOD, "{\"linux\":{\"sysctl\":{\"a\":1}}}", "overrides: linux.sysctl.a: is not a string" },
	{ "{", "[]", "config: is not JSON, at line 1 column 1" },
};

START_TEST(refuses)
{
	ck_assert_int_eq(parse(bad[_i].text, bad[_i].overrides), -1);
	ck_assert_str_eq(error.text, bad[_i].message);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *image_suite(void)
{
	Suite *suite = suite_create("init-oci images and overrides");
	TCase *cases = tcase_create("images and overrides");

	tcase_add_test(cases, fills_in_what_an_image_does_not_say);
	tcase_add_test(cases, takes_every_field_of_an_image);
	tcase_add_test(cases, empty_fields_of_an_image_count_as_none);
	tcase_add_loop_test(cases, takes_stop_signals, 0, COUNT(signals));
	tcase_add_loop_test(cases, joins_entrypoint_and_command, 0, COUNT(commands));
	tcase_add_test(cases, overrides_replace_fields_of_an_image);
	tcase_add_test(cases, variables_are_merged_by_name);
	tcase_add_test(cases, engines_limits_and_settings_are_for_images_only);
	tcase_add_test(cases, engines_variables_are_for_images_only);
	tcase_add_test(cases, runtime_fields_win_over_those_of_an_image);
	tcase_add_test(cases, a_process_may_name_its_user);
	tcase_add_test(cases, overrides_replace_fields_of_a_runtime_configuration);
	tcase_add_test(cases, empty_overrides_change_nothing);
	tcase_add_test(cases, limits_are_merged_by_type);
	tcase_add_test(cases, mounts_are_merged_by_destination);
	tcase_add_test(cases, settings_are_merged_by_name);
	tcase_add_loop_test(cases, refuses, 0, COUNT(bad));
	suite_add_tcase(suite, cases);
	return suite;
}
