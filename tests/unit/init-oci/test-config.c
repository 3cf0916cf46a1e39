// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <string.h>

#include "config/confinement.h"
#include "config/oci_config.h"

static struct config config;
static struct error error;

static int parse(const char *text)
{
	strcpy(error.text, "");
	if (config_parse(text, strlen(text), NULL, 0, &config, &error) < 0)
		return -1;
	if (confinement_check(&config, 0, &error) == 0)
		return 0;
	config_free(&config);
	return -1;
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
	ck_assert_uint_eq(config.limit_count, 2);
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
		"  \"inheritable\":[\"CAP_CHOWN\"],\"ambient\":[\"CAP_CHOWN\"]}},\n"
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
	ck_assert_uint_eq(config.limit_count, 3);
	ck_assert_int_eq(config.limits[0].resource, 7);
	ck_assert(config.limits[0].soft == 1024 && config.limits[0].hard == 4096);
	ck_assert_int_eq(config.limits[1].resource, 4);
	ck_assert(config.limits[1].soft == 0 && config.limits[1].hard == UINT64_MAX);
	ck_assert(config.has_capabilities);
	ck_assert(config.capabilities.bounding == (UINT64_C(1) << 40 | 1));
	ck_assert(config.capabilities.effective == 1);
	ck_assert(config.capabilities.permitted == (1 | 1 << 5));
	ck_assert(config.capabilities.inheritable == 1);
	ck_assert(config.capabilities.ambient == 1);
	ck_assert(config.lost_capabilities == 0);
	ck_assert_str_eq(config.unknown_capabilities, "");
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

/* By the kernel's rules; number 5 is CAP_KILL, 13 CAP_NET_RAW. */
START_TEST(leaves_out_capabilities_that_no_process_can_have)
{
	char names[64];

	ck_assert_int_eq(parse(PROCESS(
		"\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_FLY\"],"
		"\"permitted\":[\"CAP_KILL\",\"CAP_CHOWN\"],"
		"\"effective\":[\"CAP_KILL\",\"CAP_FLY\",\"kill\"],"
		"\"inheritable\":[\"CAP_KILL\",\"CAP_CHOWN\"],"
		"\"ambient\":[\"CAP_KILL\",\"CAP_CHOWN\",\"CAP_NET_RAW\"]}")), 0);
	ck_assert(config.capabilities.bounding == 1 << 5);
	ck_assert(config.capabilities.permitted == (1 | 1 << 5));
	ck_assert(config.capabilities.effective == 1 << 5);
	ck_assert(config.capabilities.inheritable == 1 << 5);
	ck_assert(config.capabilities.ambient == 1 << 5);
	ck_assert(config.lost_capabilities == (1 | 1 << 13));
	ck_assert_str_eq(config.unknown_capabilities, "CAP_FLY, kill");
	capability_names(config.lost_capabilities, names, sizeof(names));
	ck_assert_str_eq(names, "CAP_CHOWN, CAP_NET_RAW");
	config_free(&config);
}
END_TEST

/* Effective ones of one document need permitted ones of either. */
START_TEST(takes_the_sets_of_both_documents_together)
{
	static const char overrides[] =
		"{\"process\":{\"capabilities\":{\"permitted\":[\"CAP_KILL\"]}}}";
	static const char text[] =
		PROCESS("\"capabilities\":{\"effective\":[\"CAP_KILL\",\"CAP_CHOWN\"]}");

	ck_assert_int_eq(config_parse(text, strlen(text), overrides, strlen(overrides), &config,
				      &error), 0);
	ck_assert(config.capabilities.effective == 1 << 5);
	ck_assert(config.lost_capabilities == 1);
	config_free(&config);
}
END_TEST

START_TEST(lists_unknown_capabilities_as_far_as_there_is_room)
{
	char text[40 * 1000] = "{\"process\":{\"args\":[\"a\"],\"capabilities\":{\"bounding\":[\"CAP_0\"";
	char name[] = ",\"CAP_NUMBER_00\"";

	for (int i = 0; i < 100; i++) {
		name[13] = (char)('0' + i / 10);
		name[14] = (char)('0' + i % 10);
		strcat(text, name);
	}
	strcat(text, "]}}}");
	ck_assert_int_eq(parse(text), 0);
	ck_assert_ptr_nonnull(strstr(config.unknown_capabilities, "CAP_0, CAP_NUMBER_00, CAP_NUMBER_01"));
	ck_assert_uint_lt(strlen(config.unknown_capabilities), sizeof(config.unknown_capabilities));
	config_free(&config);
}
END_TEST

START_TEST(names_every_field_that_it_does_not_carry_out)
{
	ck_assert_int_eq(parse(
		"{\"hooks\":{\"prestart\":[1],\"createRuntime\":[1],\"createContainer\":[1],"
		"\"poststart\":[1],\"poststop\":[1],\"startContainer\":[]},"
		"\"process\":{\"args\":[\"a\"],\"execCPUAffinity\":{\"a\":1}},"
		"\"linux\":{\"intelRdt\":{\"a\":1}}}"), 0);
	ck_assert_uint_eq(config.ignored_count, 7);
	ck_assert_str_eq(config.ignored[0], "hooks.prestart");
	ck_assert_str_eq(config.ignored[4], "hooks.poststop");
	ck_assert_str_eq(config.ignored[5], "process.execCPUAffinity");
	ck_assert_str_eq(config.ignored[6], "linux.intelRdt");
	ck_assert_uint_eq(config.hook_count, 0);
	config_free(&config);
}
END_TEST

START_TEST(takes_what_the_kernel_keeps_for_a_process)
{
	ck_assert_int_eq(parse(
		"{\"process\":{\"args\":[\"a\"],"
		"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":4},"
		"\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"nice\":-20,\"priority\":99,"
		" \"flags\":[\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_UTIL_CLAMP_MAX\"],"
		" \"runtime\":1,\"deadline\":2,\"period\":9007199254740991}},"
		"\"linux\":{\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]},"
		"\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":999999999},"
		" \"boottime\":{\"secs\":4294967296}}}}"), 0);
	ck_assert_int_eq(config.io_class, 2);
	ck_assert_int_eq(config.io_level, 4);
	ck_assert_int_eq(config.scheduler.policy, 6);
	ck_assert_int_eq(config.scheduler.nice, -20);
	ck_assert_uint_eq(config.scheduler.priority, 99);
	ck_assert(config.scheduler.flags == (1 | 1 << 6));
	ck_assert(config.scheduler.runtime == 1 && config.scheduler.deadline == 2);
	ck_assert(config.scheduler.period == 9007199254740991);
	ck_assert(config.has_personality && config.personality_is_32_bit);
	ck_assert(config.monotonic.present && config.boot_time.present);
	ck_assert(config.monotonic.seconds == -5);
	ck_assert_uint_eq(config.monotonic.nanoseconds, 999999999);
	ck_assert(config.boot_time.seconds == 4294967296);
	ck_assert_uint_eq(config.boot_time.nanoseconds, 0);
	config_free(&config);
	ck_assert_int_eq(parse(TOP("\"linux\":{\"personality\":{\"domain\":\"LINUX\"},"
				   "\"timeOffsets\":{}}")), 0);
	ck_assert(config.has_personality && !config.personality_is_32_bit);
	ck_assert(!config.monotonic.present && !config.boot_time.present);
	ck_assert_int_eq(config.io_class, -1);
	ck_assert_int_eq(config.scheduler.policy, -1);
	config_free(&config);
}
END_TEST

static const struct {
	const char *name;
	int number;
} policies[] = {
	{ "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 }, { "SCHED_BATCH", 3 },
	{ "SCHED_ISO", 4 }, { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 },
};

START_TEST(takes_every_policy)
{
	char text[128] = "{\"process\":{\"args\":[\"a\"],\"scheduler\":{\"policy\":\"";

	strcat(strcat(text, policies[_i].name), "\"}}}");
	ck_assert_int_eq(parse(text), 0);
	ck_assert_int_eq(config.scheduler.policy, policies[_i].number);
	config_free(&config);
}
END_TEST

START_TEST(takes_hooks_in_the_container)
{
	static const char overrides[] =
		"{\"hooks\":{\"startContainer\":[{\"path\":\"/c\",\"args\":[]}]}}";
	static const char text[] = TOP(
		"\"hooks\":{\"startContainer\":[{\"path\":\"/a\",\"args\":[\"a\",\"b\"],"
		"\"env\":[\"A=1\"],\"timeout\":5},{\"path\":\"/b\"}]}");

	ck_assert_int_eq(parse(text), 0);
	ck_assert_uint_eq(config.hook_count, 2);
	ck_assert_str_eq(config.hooks[0].path, "/a");
	ck_assert_str_eq(config.hooks[0].args[1], "b");
	ck_assert_str_eq(config.hooks[0].env[0], "A=1");
	ck_assert_int_eq(config.hooks[0].timeout, 5);
	ck_assert_str_eq(config.hooks[1].path, "/b");
	ck_assert_ptr_null(config.hooks[1].args);
	ck_assert_ptr_null(config.hooks[1].env);
	ck_assert_int_eq(config.hooks[1].timeout, 0);
	config_free(&config);
	ck_assert_int_eq(config_parse(text, strlen(text), overrides, strlen(overrides), &config,
				      &error), 0);
	ck_assert_uint_eq(config.hook_count, 1);
	ck_assert_str_eq(config.hooks[0].path, "/c");
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
	{ PROCESS("\"capabilities\":{\"ambient\":[\"CAP_FLY\",4]}"),
	  "config: process.capabilities.ambient: is not an array of strings" },
	{ PROCESS("\"apparmorProfile\":\"p\""),
	  "config: process.apparmorProfile: is not supported by this version"
	  "; init_oci.without=apparmor starts without it" },
	{ PROCESS("\"selinuxLabel\":\"l\""),
	  "config: process.selinuxLabel: is not supported by this version"
	  "; init_oci.without=selinux starts without it" },
	{ TOP("\"linux\":[]"), "config: linux: is not an object" },
	{ TOP("\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1},"
	      "{\"containerID\":1,\"hostID\":1000,\"size\":1}]}"),
	  "config: linux.uidMappings: is not supported by this version"
	  "; init_oci.without=user-namespaces starts without it" },
	{ TOP("\"linux\":{\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1},"
	      "{\"containerID\":1,\"hostID\":1000,\"size\":1}]}"),
	  "config: linux.gidMappings: is not supported by this version"
	  "; init_oci.without=user-namespaces starts without it" },
	{ TOP("\"linux\":{\"uidMappings\":{}}"), "config: linux.uidMappings: is not an array" },
	{ TOP("\"linux\":{\"uidMappings\":[1]}"),
	  "config: linux.uidMappings: is not an array of objects" },
	{ TOP("\"linux\":{\"uidMappings\":[{\"containerID\":0}]}"),
	  "config: linux.hostID: is missing" },
	{ TOP("\"linux\":{\"mountLabel\":\"l\"}"),
	  "config: linux.mountLabel: is not supported by this version"
	  "; init_oci.without=selinux starts without it" },
	{ PROCESS("\"apparmorProfile\":[]"), "config: process.apparmorProfile: is not a string" },
	{ PROCESS("\"selinuxLabel\":\"unconfined\""),
	  "config: process.selinuxLabel: is not supported by this version"
	  "; init_oci.without=selinux starts without it" },
	{ TOP("\"linux\":{\"maskedPaths\":[\"proc\"]}"),
	  "config: linux.maskedPaths: proc: is not an absolute path" },
	{ TOP("\"linux\":{\"readonlyPaths\":[\"\"]}"),
	  "config: linux.readonlyPaths: : is not an absolute path" },
	{ TOP("\"root\":{\"readonly\":0}"), "config: root.readonly: is not true or false" },
	{ TOP("\"hostname\":[]"), "config: hostname: is not a string" },
	{ TOP("\"mounts\":{}"), "config: mounts: is not an array" },
	{ TOP("\"mounts\":[\"/data\"]"), "config: mounts: is not an array of objects" },
	{ TOP("\"mounts\":[{\"type\":\"bind\"}]"), "config: mounts: destination: is missing" },
	{ TOP("\"mounts\":[{\"destination\":7}]"), "config: mounts: destination: is not a string" },
	{ TOP("\"linux\":{\"rootfsPropagation\":\"rw\"}"),
	  "config: linux.rootfsPropagation: is not private, shared, slave or unbindable" },
	{ TOP("\"linux\":{\"rootfsPropagation\":\"rrslave\"}"),
	  "config: linux.rootfsPropagation: is not private, shared, slave or unbindable" },
	{ TOP("\"linux\":{\"rootfsPropagation\":1}"),
	  "config: linux.rootfsPropagation: is not a string" },
	{ TOP("\"linux\":{\"namespaces\":{}}"), "config: linux.namespaces: is not an array" },
	{ TOP("\"linux\":{\"namespaces\":[\"pid\"]}"),
	  "config: linux.namespaces: is not an array of objects" },
	{ TOP("\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"net\"}]}"),
	  "config: linux.namespaces: there is no namespace 'net'" },
	{ TOP("\"linux\":{\"namespaces\":[{}]}"),
	  "config: linux.namespaces: there is no namespace ''" },
	{ TOP("\"linux\":{\"namespaces\":[{\"type\":1}]}"),
	  "config: linux.namespaces: type: is not a string" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"type\":7}]"),
	  "config: mounts: type: is not a string" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"source\":{}}]"),
	  "config: mounts: source: is not a string" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"options\":\"ro\"}]"),
	  "config: mounts: options: is not an array" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"options\":[1]}]"),
	  "config: mounts: options: is not an array of strings" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"uidMappings\":[{\"containerID\":0,"
	      "\"hostID\":1,\"size\":1}]}]"),
	  "config: mounts: uidMappings: is not supported by this version"
	  "; init_oci.without=user-namespaces starts without it" },
	{ TOP("\"mounts\":[{\"destination\":\"/data\",\"gidMappings\":[{\"containerID\":0,"
	      "\"hostID\":1,\"size\":1}]}]"),
	  "config: mounts: gidMappings: is not supported by this version"
	  "; init_oci.without=user-namespaces starts without it" },
	{ TOP("\"mounts\":[{\"destination\":\"/a\",\"options\":[\"ro\"]},7]"),
	  "config: mounts: is not an array of objects" },
	{ TOP("\"linux\":{\"sysctl\":[]}"), "config: linux.sysctl: is not an object" },
	{ TOP("\"linux\":{\"sysctl\":{\"net.x\":1}}"),
	  "config: linux.sysctl.net.x: is not a string" },
	{ TOP("\"linux\":{\"sysctl\":{\"a\":\"1\",\"a\":\"2\"}}"),
	  "config: linux.sysctl.a: is given twice" },
	{ PROCESS("\"ioPriority\":1"), "config: process.ioPriority: is not an object" },
	{ PROCESS("\"ioPriority\":{}"), "config: process.ioPriority.class: is missing" },
	{ PROCESS("\"ioPriority\":{\"class\":\"RT\"}"),
	  "config: process.ioPriority.class: there is no 'RT'" },
	{ PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":8}"),
	  "config: process.ioPriority.priority: is out of range" },
	{ PROCESS("\"scheduler\":{\"nice\":1}"), "config: process.scheduler.policy: is missing" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_\"}"),
	  "config: process.scheduler.policy: there is no 'SCHED_'" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"nice\":20}"),
	  "config: process.scheduler.nice: is out of range" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":-1}"),
	  "config: process.scheduler.priority: is out of range" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"flags\":[\"RECLAIM\"]}"),
	  "config: process.scheduler.flags: there is no 'RECLAIM'" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"flags\":[1]}"),
	  "config: process.scheduler.flags: is not an array of strings" },
	{ PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"period\":1e19}"),
	  "config: process.scheduler.period: is out of range" },
	{ TOP("\"linux\":{\"personality\":{\"domain\":\"LINUX64\"}}"),
	  "config: linux.personality.domain: is neither LINUX nor LINUX32" },
	{ TOP("\"linux\":{\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"x\"]}}"),
	  "config: linux.personality.flags: is not empty, and the specification has none" },
	{ TOP("\"linux\":{\"timeOffsets\":{\"monotonic\":1}}"),
	  "config: linux.timeOffsets.monotonic: is not an object" },
	{ TOP("\"linux\":{\"timeOffsets\":{\"boottime\":{\"secs\":1e17}}}"),
	  "config: linux.timeOffsets.boottime.secs: is out of range" },
	{ TOP("\"linux\":{\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}}"),
	  "config: linux.timeOffsets.boottime.nanosecs: is out of range" },
	{ TOP("\"hooks\":[]"), "config: hooks: is not an object" },
	{ TOP("\"hooks\":{\"startContainer\":{}}"), "config: hooks.startContainer: is not an array" },
	{ TOP("\"hooks\":{\"startContainer\":[1]}"),
	  "config: hooks.startContainer: is not an array of objects" },
	{ TOP("\"hooks\":{\"startContainer\":[{\"path\":\"/a\",\"args\":[\"a\"]},{\"args\":[\"a\"]}]}"),
	  "config: hooks.startContainer: path: is missing" },
	{ TOP("\"hooks\":{\"startContainer\":[{\"path\":\"a\"}]}"),
	  "config: hooks.startContainer: path: is not an absolute path" },
	{ TOP("\"hooks\":{\"startContainer\":[{\"path\":\"/a\",\"timeout\":0}]}"),
	  "config: hooks.startContainer: timeout: is out of range" },
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

static const struct {
	const char *name;
	unsigned int value;
	bool of_tree;
} propagations[] = {
	{ "private", 1 << 18, false }, { "shared", 1 << 20, false }, { "slave", 1 << 19, false },
	{ "unbindable", 1 << 17, false }, { "rslave", 1 << 19, true }, { "", 0, false },
};

START_TEST(takes_the_propagation_of_the_root)
{
	char text[128] = "{\"process\":{\"args\":[\"a\"]},\"linux\":{\"rootfsPropagation\":\"";

	strcat(strcat(text, propagations[_i].name), "\"}}");
	ck_assert_int_eq(parse(text), 0);
	ck_assert_uint_eq(config.root_propagation, propagations[_i].value);
	ck_assert_int_eq(config.root_propagation_of_tree, propagations[_i].of_tree);
	config_free(&config);
}
END_TEST

START_TEST(takes_every_kind_of_namespace)
{
	ck_assert_int_eq(parse(TOP(
		"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},"
		"{\"type\":\"mount\",\"path\":\"/x\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
		"{\"type\":\"user\"},{\"type\":\"cgroup\"},{\"type\":\"time\"}]}")), 0);
	config_free(&config);
}
END_TEST

START_TEST(a_relative_destination_begins_at_the_root)
{
	static const char overrides[] = "{\"mounts\":[{\"destination\":\"b/c\",\"type\":\"proc\"}]}";
	static const char text[] =
		TOP("\"mounts\":[{\"destination\":\"a\"},{\"destination\":\"/b/c\"},{\"destination\":\"\"}]");

	ck_assert_int_eq(config_parse(text, strlen(text), overrides, strlen(overrides), &config,
				      &error), 0);
	ck_assert_uint_eq(config.mount_count, 3);
	ck_assert_str_eq(config.mounts[0].destination, "/a");
	ck_assert_str_eq(config.mounts[1].destination, "/b/c");
	ck_assert_str_eq(config.mounts[1].type, "proc");
	ck_assert_str_eq(config.mounts[2].destination, "/");
	config_free(&config);
}
END_TEST

/* Else another mount of the document would hide what replaces the first. */
START_TEST(mounts_of_the_overrides_replace_all_with_their_destination)
{
	static const char text[] = TOP(
		"\"mounts\":[{\"destination\":\"/a\",\"type\":\"1\",\"options\":[\"ro\"]},"
		"{\"destination\":\"/a/b\",\"type\":\"2\"},"
		"{\"destination\":\"/a\",\"type\":\"3\",\"options\":[\"remount\",\"ro\"]},"
		"{\"destination\":\"/c\",\"type\":\"4\"},{\"destination\":\"/c\",\"type\":\"5\"}]");
	static const char overrides[] =
		"{\"mounts\":[{\"destination\":\"/d\",\"type\":\"6\"},{\"destination\":\"/a\",\"type\":\"7\"},"
		"{\"destination\":\"/d\",\"type\":\"8\"},{\"destination\":\"/a\",\"type\":\"9\","
		"\"options\":[\"remount\"]}]}";
	char types[16] = "";

	ck_assert_int_eq(config_parse(text, strlen(text), overrides, strlen(overrides), &config,
				      &error), 0);
	for (size_t i = 0; i < config.mount_count; i++)
		strcat(types, config.mounts[i].type);
	/* Several with one destination are all made, in one document. */
	ck_assert_str_eq(types, "7924568");
	ck_assert_str_eq(config.mounts[1].options[0], "remount");
	config_free(&config);
}
END_TEST

/* What confines nothing needs no argument. */
START_TEST(takes_confinements_that_confine_nothing)
{
	ck_assert_int_eq(parse(
		"{\"process\":{\"args\":[\"a\"],\"apparmorProfile\":\"unconfined\",\"selinuxLabel\":\"\"},"
		"\"mounts\":[{\"destination\":\"/data\",\"options\":[\"idmap\"],\"uidMappings\":"
		"[{\"containerID\":7,\"hostID\":7,\"size\":9}],\"gidMappings\":[]}],"
		"\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":4294967295}],"
		"\"gidMappings\":[],\"mountLabel\":\"\"}}"), 0);
	config_free(&config);
}
END_TEST

/* Each by its own name; here all are there. */
START_TEST(starts_without_confinements_when_asked_to)
{
	static const char text[] =
		"{\"process\":{\"args\":[\"a\"],\"apparmorProfile\":\"p\",\"selinuxLabel\":\"l\"},"
		"\"mounts\":[{\"destination\":\"/data\",\"gidMappings\":"
		"[{\"containerID\":0,\"hostID\":1,\"size\":9}]}]}";

	ck_assert_int_eq(config_parse(text, sizeof(text) - 1, NULL, 0, &config, &error), 0);
	for (unsigned int without = 0; without < 8; without++)
		ck_assert_int_eq(confinement_check(&config, without, &error), without == 7 ? 0 : -1);
	config_free(&config);
	ck_assert_int_eq(confinement_parse("apparmor"), 1);
	ck_assert_int_eq(confinement_parse("user-namespaces,selinux"), 6);
	ck_assert_int_eq(confinement_parse("apparmor,"), -1);
	ck_assert_int_eq(confinement_parse("app"), -1);
	ck_assert_int_eq(confinement_parse(""), -1);
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
	tcase_add_test(cases, leaves_out_capabilities_that_no_process_can_have);
	tcase_add_test(cases, takes_the_sets_of_both_documents_together);
	tcase_add_test(cases, lists_unknown_capabilities_as_far_as_there_is_room);
	tcase_add_test(cases, names_every_field_that_it_does_not_carry_out);
	tcase_add_test(cases, takes_what_the_kernel_keeps_for_a_process);
	tcase_add_loop_test(cases, takes_every_policy, 0,
			    (int)(sizeof(policies) / sizeof(policies[0])));
	tcase_add_test(cases, takes_hooks_in_the_container);
	tcase_add_loop_test(cases, refuses, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_loop_test(cases, takes_the_propagation_of_the_root, 0,
			    (int)(sizeof(propagations) / sizeof(propagations[0])));
	tcase_add_test(cases, takes_every_kind_of_namespace);
	tcase_add_test(cases, a_relative_destination_begins_at_the_root);
	tcase_add_test(cases, mounts_of_the_overrides_replace_all_with_their_destination);
	tcase_add_test(cases, takes_confinements_that_confine_nothing);
	tcase_add_test(cases, starts_without_confinements_when_asked_to);
	tcase_add_test(cases, refuses_a_nul_byte_but_not_what_looks_like_one);
	tcase_add_test(cases, survives_deep_nesting);
	tcase_add_test(cases, refuses_every_beginning_of_a_good_one);
	suite_add_tcase(suite, cases);
	return suite;
}
