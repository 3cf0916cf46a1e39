// SPDX-License-Identifier: Apache-2.0
/* `linux.resources` as settings of cgroup v2, `linux.devices`, and rules for devices. */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/oci_config.h"
#include "container/device_filter.h"

static struct config config;
static struct error error;

/* The members of an object `linux`, and those of the one of the overrides. */
static int parse_both(const char *members, const char *overriding)
{
	static const char *const format[] = { "{\"process\":{\"args\":[\"a\"]},\"linux\":{", "}}" };
	char text[4096], overrides[4096];
	size_t length, overrides_length;

	strcpy(error.text, "");
	length = text_join(text, sizeof(text),
			   (const char *const[]){ format[0], members, format[1], NULL });
	overrides_length = text_join(overrides, sizeof(overrides),
				     (const char *const[]){ "{\"linux\":{", overriding, "}}", NULL });
	return config_parse(text, length, overrides, overrides_length, &config, &error);
}

static int parse(const char *members)
{
	return parse_both(members, "");
}

#define RESOURCES(members) "\"resources\":{" members "}"
#define MEMORY(members) RESOURCES("\"memory\":{" members "}")
#define CPU(members) RESOURCES("\"cpu\":{" members "}")
#define BLOCK_IO(members) RESOURCES("\"blockIO\":{" members "}")

/* The settings, as "FILE=VALUE FILE=VALUE". */
static const char *settings(void)
{
	static char text[2048];

	text[0] = '\0';
	for (size_t i = 0; i < config.cgroup_setting_count; i++) {
		strcat(text, i ? " " : "");
		strcat(text, config.cgroup_settings[i].file);
		strcat(text, "=");
		strcat(text, config.cgroup_settings[i].value);
	}
	return text;
}

static void expect(const char *members, const char *expected)
{
	ck_assert_int_eq(parse(members), 0);
	ck_assert_str_eq(settings(), expected);
	config_free(&config);
}

static void refuse(const char *members, const char *message)
{
	ck_assert_int_eq(parse(members), -1);
	ck_assert_str_eq(error.text, message);
}

START_TEST(sets_nothing_that_is_not_asked_for)
{
	expect("", "");
	expect(RESOURCES(""), "");
	expect(RESOURCES("\"memory\":{},\"cpu\":{},\"pids\":{},\"blockIO\":{},\"unified\":{},"
			 "\"hugepageLimits\":[],\"rdma\":{}"), "");
	/* In runc, too, 0 is the same as nothing. */
	expect(RESOURCES("\"memory\":{\"limit\":0,\"reservation\":0,\"swap\":0},"
			 "\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,\"cpus\":\"\",\"mems\":\"\"},"
			 "\"pids\":{\"limit\":0},\"blockIO\":{\"weight\":0}"), "");
	expect(MEMORY("\"limit\":null,\"checkBeforeUpdate\":true,\"useHierarchy\":true"), "");
}
END_TEST

START_TEST(limits_memory)
{
	expect(MEMORY("\"limit\":67108864"), "memory.max=67108864");
	expect(MEMORY("\"limit\":-1"), "memory.swap.max=max memory.max=max");
	expect(MEMORY("\"reservation\":4096"), "memory.low=4096");
	expect(MEMORY("\"limit\":9223372036854771712"), "memory.max=9223372036854771712");
	/* Together with swap, in the configuration; swap alone, in the cgroup. */
	expect(MEMORY("\"limit\":100,\"swap\":300"), "memory.swap.max=200 memory.max=100");
	expect(MEMORY("\"limit\":100,\"swap\":100"), "memory.swap.max=0 memory.max=100");
	expect(MEMORY("\"limit\":100,\"swap\":-1"), "memory.swap.max=max memory.max=100");
	expect(MEMORY("\"swap\":-1"), "memory.swap.max=max");
	expect(MEMORY("\"limit\":-1,\"swap\":300"), "memory.swap.max=300 memory.max=max");
	refuse(MEMORY("\"swap\":300"), "config: linux.resources.memory.swap: there is no limit for "
	       "the memory that it includes");
	refuse(MEMORY("\"limit\":100,\"swap\":99"), "config: linux.resources.memory.swap: is below "
	       "the limit for the memory that it includes");
	refuse(MEMORY("\"limit\":-2"), "config: linux.resources.memory.limit: is out of range");
	refuse(MEMORY("\"limit\":\"1g\""), "config: linux.resources.memory.limit: is not a number");
	refuse(RESOURCES("\"memory\":[]"), "config: linux.resources.memory: is not an object");
}
END_TEST

START_TEST(limits_processors)
{
	/* The ends of the scale, the usual value, and what runc makes of it. */
	expect(CPU("\"shares\":2"), "cpu.weight=1");
	expect(CPU("\"shares\":1024"), "cpu.weight=39");
	expect(CPU("\"shares\":262144"), "cpu.weight=10000");
	expect(CPU("\"shares\":1"), "cpu.weight=1");
	expect(CPU("\"shares\":9000000"), "cpu.weight=10000");
	expect(CPU("\"quota\":50000"), "cpu.max=50000 100000");
	expect(CPU("\"period\":50000"), "cpu.max=max 50000");
	expect(CPU("\"quota\":-1,\"period\":50000"), "cpu.max=max 50000");
	expect(CPU("\"quota\":1500,\"period\":1000,\"burst\":500"),
	       "cpu.max=1500 1000 cpu.max.burst=500");
	expect(CPU("\"idle\":1,\"shares\":512"), "cpu.weight=20 cpu.idle=1");
	expect(CPU("\"cpus\":\"0-1,3\",\"mems\":\"0\""), "cpuset.cpus=0-1,3 cpuset.mems=0");
	refuse(CPU("\"idle\":2"), "config: linux.resources.cpu.idle: is out of range");
	refuse(CPU("\"shares\":-1"), "config: linux.resources.cpu.shares: is out of range");
	refuse(CPU("\"cpus\":1"), "config: linux.resources.cpu.cpus: is not a string");
}
END_TEST

/* A list of processors is as long as a machine has them, and nothing in it is changed. */
START_TEST(takes_values_of_any_length)
{
	char list[1024] = "", members[1200], expected[1200];

	for (int i = 0; i < 200; i++)
		strcat(list, i ? ",16" : "0-1");
	snprintf(members, sizeof(members), "\"resources\":{\"cpu\":{\"cpus\":\"%s\\n\"}}", list);
	snprintf(expected, sizeof(expected), "cpuset.cpus=%s\n", list);
	expect(members, expected);
	snprintf(members, sizeof(members),
		 "\"resources\":{\"hugepageLimits\":[{\"pageSize\":\"%s\",\"limit\":1}]}", list);
	ck_assert_int_eq(parse(members), 0);
	ck_assert_uint_eq(config.cgroup_setting_count, 2);
	ck_assert_uint_eq(strlen(config.cgroup_settings[1].file),
			  strlen("hugetlb..rsvd.max") + strlen(list));
	config_free(&config);
}
END_TEST

START_TEST(limits_processes)
{
	expect(RESOURCES("\"pids\":{\"limit\":32}"), "pids.max=32");
	expect(RESOURCES("\"pids\":{\"limit\":-1}"), "pids.max=max");
	refuse(RESOURCES("\"pids\":{\"limit\":1.5}"),
	       "config: linux.resources.pids.limit: is not a whole number");
}
END_TEST

START_TEST(limits_disks)
{
	expect(BLOCK_IO("\"weight\":10"), "io.weight=1");
	expect(BLOCK_IO("\"weight\":500"), "io.weight=4950");
	expect(BLOCK_IO("\"weight\":1000"), "io.weight=10000");
	expect(BLOCK_IO("\"weightDevice\":[{\"major\":254,\"minor\":0,\"weight\":100}]"),
	       "io.weight=254:0 910");
	expect(BLOCK_IO("\"throttleReadBpsDevice\":[{\"major\":254,\"minor\":16,\"rate\":1000},"
			"{\"major\":7,\"minor\":0,\"rate\":0}],"
			"\"throttleWriteBpsDevice\":[{\"major\":1,\"minor\":2,\"rate\":3}],"
			"\"throttleReadIOPSDevice\":[{\"major\":1,\"minor\":2,\"rate\":4}],"
			"\"throttleWriteIOPSDevice\":[{\"major\":1,\"minor\":2,\"rate\":5}]"),
	       "io.max=254:16 rbps=1000 io.max=7:0 rbps=0 io.max=1:2 wbps=3 io.max=1:2 riops=4 "
	       "io.max=1:2 wiops=5");
	refuse(BLOCK_IO("\"weight\":1001"),
	       "config: linux.resources.blockIO.weight: is out of range");
	refuse(BLOCK_IO("\"throttleReadBpsDevice\":[1]"), "config: linux.resources.blockIO."
	       "throttleReadBpsDevice: is not an array of objects");
	refuse(BLOCK_IO("\"throttleReadBpsDevice\":[{\"major\":1,\"minor\":2}]"),
	       "config: linux.resources.blockIO.throttleReadBpsDevice: rate: is missing");
	refuse(BLOCK_IO("\"weightDevice\":{}"),
	       "config: linux.resources.blockIO.weightDevice: is not an array");
}
END_TEST

START_TEST(limits_huge_pages_and_others)
{
	expect(RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]"),
	       "hugetlb.2MB.max=4194304 hugetlb.2MB.rsvd.max=4194304");
	refuse(RESOURCES("\"hugepageLimits\":[{\"limit\":1}]"),
	       "config: linux.resources.hugepageLimits: pageSize: is missing");
	expect(RESOURCES("\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000}}"),
	       "rdma.max=mlx5_1 hca_handle=3 rdma.max=mlx5_1 hca_object=10000");
	refuse(RESOURCES("\"rdma\":{\"a\":1}"), "config: linux.resources.rdma.a: is not an object");
}
END_TEST

START_TEST(writes_any_file_of_the_cgroup)
{
	expect(RESOURCES("\"pids\":{\"limit\":2},\"unified\":{\"memory.high\":\"1\","
			 "\"pids.max\":\"max\",\"io.max\":null}"),
	       "pids.max=2 memory.high=1 pids.max=max");
	refuse(RESOURCES("\"unified\":{\"../memory.high\":\"1\"}"),
	       "config: linux.resources.unified.../memory.high: is not the name of a file");
	refuse(RESOURCES("\"unified\":{\"\":\"1\"}"),
	       "config: linux.resources.unified.: is not the name of a file");
	refuse(RESOURCES("\"unified\":{\"memory.high\":1}"),
	       "config: linux.resources.unified.memory.high: is not a string");
	refuse(RESOURCES("\"unified\":{\"a\":\"1\",\"a\":\"2\"}"),
	       "config: linux.resources.unified.a: is given twice");
}
END_TEST

/* Each name is looked up among all, and there are fewer files than this. */
START_TEST(takes_no_more_files_than_there_are)
{
	enum { TOO_MANY = 257 };
	char members[4096] = "\"resources\":{\"unified\":{";
	char *end = members + strlen(members);

	for (int i = 0; i < TOO_MANY; i++) {
		memcpy(end, "\"a\":\"\",", 7);
		end[1] = (char)('a' + i % 26);
		end += 7;
	}
	strcpy(end - 1, "}}");
	refuse(members, "config: linux.resources.unified.: has more than 256 members");
}
END_TEST

START_TEST(overrides_replace_members)
{
	ck_assert_int_eq(parse_both(
		RESOURCES("\"memory\":{\"limit\":100,\"swap\":300},\"cpu\":{\"shares\":2},"
			  "\"unified\":{\"memory.high\":\"1\"},"
			  "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1}],"
			  "\"devices\":[{\"allow\":false}]"),
		RESOURCES("\"memory\":{\"limit\":200},\"hugepageLimits\":[],"
			  "\"unified\":{\"memory.high\":\"2\"},\"devices\":[]")), 0);
	ck_assert_str_eq(settings(), "memory.swap.max=100 memory.max=200 cpu.weight=1 "
			 "memory.high=1 memory.high=2");
	ck_assert_uint_eq(config.device_rule_count, 0);
	config_free(&config);
}
END_TEST

START_TEST(names_what_cgroup_v2_does_not_have)
{
	ck_assert_int_eq(parse(RESOURCES(
		"\"memory\":{\"kernel\":1,\"kernelTCP\":1,\"swappiness\":1,"
		"\"disableOOMKiller\":true},"
		"\"cpu\":{\"realtimeRuntime\":1,\"realtimePeriod\":1},"
		"\"blockIO\":{\"leafWeight\":10},\"network\":{\"classID\":1}")), 0);
	ck_assert_uint_eq(config.ignored_count, 8);
	ck_assert_str_eq(config.ignored[0], "linux.resources.memory.disableOOMKiller");
	ck_assert_str_eq(config.ignored[7], "linux.resources.network");
	ck_assert_uint_eq(config.cgroup_setting_count, 0);
	config_free(&config);
	/* Engines write these. */
	ck_assert_int_eq(parse(RESOURCES(
		"\"memory\":{\"kernel\":0,\"disableOOMKiller\":false},"
		"\"cpu\":{\"realtimeRuntime\":0},\"network\":{}")), 0);
	ck_assert_uint_eq(config.ignored_count, 0);
	config_free(&config);
}
END_TEST

START_TEST(takes_devices)
{
	ck_assert_int_eq(parse(
		"\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,"
		"\"fileMode\":8630,\"uid\":1000,\"gid\":5},"
		"{\"path\":\"/dev/disk\",\"type\":\"b\",\"major\":254,\"minor\":0},"
		"{\"path\":\"/run/pipe\",\"type\":\"p\",\"fileMode\":384},"
		"{\"path\":\"/dev/u\",\"type\":\"u\",\"major\":1,\"minor\":3}]"), 0);
	ck_assert_uint_eq(config.device_count, 4);
	ck_assert_str_eq(config.devices[0].path, "/dev/fuse");
	/* With the type in the mode, as Docker writes it. */
	ck_assert_uint_eq(config.devices[0].mode, S_IFCHR | 0666);
	ck_assert_uint_eq(config.devices[0].major, 10);
	ck_assert_uint_eq(config.devices[0].minor, 229);
	ck_assert_uint_eq(config.devices[0].uid, 1000);
	ck_assert_uint_eq(config.devices[0].gid, 5);
	ck_assert_uint_eq(config.devices[1].mode, S_IFBLK | 0666);
	ck_assert_uint_eq(config.devices[1].uid, 0);
	ck_assert_uint_eq(config.devices[2].mode, S_IFIFO | 0600);
	ck_assert_uint_eq(config.devices[3].mode, S_IFCHR | 0666);
	config_free(&config);
	refuse("\"devices\":[1]", "config: linux.devices: is not an array of objects");
	refuse("\"devices\":[{\"type\":\"p\"}]", "config: linux.devices: path: is missing");
	refuse("\"devices\":[{\"path\":\"dev/a\",\"type\":\"p\"}]",
	       "config: linux.devices: path: is not an absolute path");
	refuse("\"devices\":[{\"path\":\"/a\",\"type\":\"d\"}]",
	       "config: linux.devices: type: is not c, b, u or p");
	refuse("\"devices\":[{\"path\":\"/a\",\"type\":\"c\",\"minor\":1}]",
	       "config: linux.devices: major: is missing");
	refuse("\"devices\":[{\"path\":\"/a\",\"type\":\"c\",\"major\":1,\"minor\":1048576}]",
	       "config: linux.devices: minor: is out of range");
}
END_TEST

START_TEST(takes_rules_for_devices)
{
	ck_assert_int_eq(parse(RESOURCES(
		"\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
		"{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"},"
		"{\"allow\":true,\"type\":\"b\",\"major\":-1,\"minor\":-1,\"access\":\"m\"}]")), 0);
	ck_assert_uint_eq(config.device_rule_count, 3);
	ck_assert(!config.device_rules[0].allow);
	ck_assert_int_eq(config.device_rules[0].type, 'a');
	ck_assert_int_eq(config.device_rules[0].major, -1);
	ck_assert_int_eq(config.device_rules[1].minor, 229);
	ck_assert_uint_eq(config.device_rules[1].access, DEVICE_READ | DEVICE_WRITE);
	ck_assert_int_eq(config.device_rules[2].type, 'b');
	config_free(&config);
	refuse(RESOURCES("\"devices\":[{\"access\":\"rwm\"}]"),
	       "config: linux.resources.devices: allow: is missing");
	refuse(RESOURCES("\"devices\":[{\"allow\":true,\"access\":\"x\"}]"),
	       "config: linux.resources.devices: access: is not made of r, w and m");
	refuse(RESOURCES("\"devices\":[{\"allow\":true,\"type\":\"cb\"}]"),
	       "config: linux.resources.devices: type: is not a, b, c or u");
	refuse(RESOURCES("\"devices\":[true]"),
	       "config: linux.resources.devices: is not an array of objects");
}
END_TEST

#define PROGRAM_MAX 128

/* What the kernel would answer: the few instructions that there are, one by one. */
static bool run(const struct filter_instruction *program, size_t length, const uint32_t *context)
{
	uint64_t registers[11] = { 0 };

	for (size_t i = 0; i < length; i++) {
		const struct filter_instruction *at = &program[i];
		uint64_t *to = &registers[at->registers & 15];

		switch (at->code) {
		case 0x61:
			*to = context[at->offset / 4];
			break;
		case 0xbf:
			*to = registers[at->registers >> 4];
			break;
		case 0xb7:
			*to = (uint64_t)at->number;
			break;
		case 0x57:
			*to &= (uint64_t)at->number;
			break;
		case 0x77:
			*to >>= at->number;
			break;
		case 0x15:
			i += *to == (uint64_t)at->number ? (size_t)at->offset : 0;
			break;
		case 0x55:
			i += *to != (uint64_t)at->number ? (size_t)at->offset : 0;
			break;
		case 0x95:
			return registers[0] != 0;
		default:
			ck_abort_msg("no such instruction");
		}
	}
	ck_abort_msg("the program has no end");
	return false;
}

/* The answer to the rules of the configuration that was parsed last. */
static bool allows(char type, uint32_t major_number, uint32_t minor_number, unsigned int access)
{
	const uint32_t context[] = {
		access << 16 | (type == 'b' ? 1 : 2), major_number, minor_number,
	};
	struct filter_instruction program[PROGRAM_MAX];
	size_t length;

	ck_assert_uint_le(config.device_rule_count * FILTER_RULE_LENGTH + FILTER_FRAME_LENGTH,
			  PROGRAM_MAX);
	length = device_filter_compile(config.device_rules, config.device_rule_count, program);
	ck_assert_uint_le(length, config.device_rule_count * FILTER_RULE_LENGTH +
				  FILTER_FRAME_LENGTH);
	return run(program, length, context);
}

START_TEST(compiles_rules_for_devices)
{
	const unsigned int read_write = DEVICE_READ | DEVICE_WRITE;

	ck_assert_int_eq(parse(RESOURCES(
		"\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
		"{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"},"
		"{\"allow\":true,\"type\":\"b\",\"major\":8,\"access\":\"r\"},"
		"{\"allow\":true,\"type\":\"a\",\"major\":4},"
		"{\"allow\":false,\"type\":\"c\",\"major\":4,\"minor\":64,\"access\":\"w\"}]")), 0);
	ck_assert(allows('c', 10, 229, read_write));
	ck_assert(allows('c', 10, 229, DEVICE_READ));
	ck_assert(!allows('c', 10, 229, DEVICE_MAKE));
	ck_assert(!allows('c', 10, 229, DEVICE_MAKE | DEVICE_READ));
	ck_assert(!allows('b', 10, 229, DEVICE_READ));
	ck_assert(!allows('c', 10, 228, DEVICE_READ));
	ck_assert(!allows('c', 11, 229, DEVICE_READ));
	ck_assert(allows('b', 8, 77, DEVICE_READ));
	ck_assert(!allows('b', 8, 77, DEVICE_WRITE));
	ck_assert(allows('b', 4, 1, DEVICE_MAKE) && allows('c', 4, 1, read_write));
	/* The last one that applies counts, and one part that is refused is enough. */
	ck_assert(allows('c', 4, 64, DEVICE_READ));
	ck_assert(!allows('c', 4, 64, read_write));
	config_free(&config);
}
END_TEST

/* A program that opens a device to read and to write asks for both at once. */
START_TEST(joins_rules_for_devices)
{
	const unsigned int read_write = DEVICE_READ | DEVICE_WRITE;

	ck_assert_int_eq(parse(RESOURCES(
		"\"devices\":[{\"allow\":false},"
		"{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"r\"},"
		"{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"w\"},"
		"{\"allow\":true,\"type\":\"c\",\"major\":11,\"access\":\"rw\"},"
		"{\"allow\":false,\"type\":\"c\",\"major\":11,\"access\":\"w\"},"
		"{\"allow\":true,\"type\":\"c\",\"major\":11,\"minor\":3,\"access\":\"w\"}]")), 0);
	ck_assert(allows('c', 10, 229, read_write));
	ck_assert(allows('c', 10, 229, DEVICE_READ) && allows('c', 10, 229, DEVICE_WRITE));
	ck_assert(!allows('c', 10, 229, read_write | DEVICE_MAKE));
	ck_assert(!allows('c', 10, 230, read_write) && !allows('b', 10, 229, read_write));
	/* The last one still decides about its part. */
	ck_assert(allows('c', 11, 1, DEVICE_READ) && !allows('c', 11, 1, DEVICE_WRITE));
	ck_assert(!allows('c', 11, 1, read_write));
	ck_assert(allows('c', 11, 3, read_write));
	config_free(&config);
}
END_TEST

START_TEST(compiles_rules_that_decide_about_everything)
{
	ck_assert_int_eq(parse(RESOURCES(
		"\"devices\":[{\"allow\":false},{\"allow\":true}]")), 0);
	ck_assert(allows('b', 254, 0, DEVICE_WRITE));
	config_free(&config);
	ck_assert_int_eq(parse(RESOURCES(
		"\"devices\":[{\"allow\":true,\"type\":\"c\"}]")), 0);
	ck_assert(allows('c', 1, 1, DEVICE_WRITE));
	/* What no rule is about is refused. */
	ck_assert(!allows('b', 1, 1, DEVICE_READ));
	config_free(&config);
}
END_TEST

Suite *resources_suite(void)
{
	Suite *suite = suite_create("resources");
	TCase *cases = tcase_create("resources");

	tcase_add_test(cases, sets_nothing_that_is_not_asked_for);
	tcase_add_test(cases, limits_memory);
	tcase_add_test(cases, limits_processors);
	tcase_add_test(cases, takes_values_of_any_length);
	tcase_add_test(cases, limits_processes);
	tcase_add_test(cases, limits_disks);
	tcase_add_test(cases, limits_huge_pages_and_others);
	tcase_add_test(cases, writes_any_file_of_the_cgroup);
	tcase_add_test(cases, takes_no_more_files_than_there_are);
	tcase_add_test(cases, overrides_replace_members);
	tcase_add_test(cases, names_what_cgroup_v2_does_not_have);
	tcase_add_test(cases, takes_devices);
	tcase_add_test(cases, takes_rules_for_devices);
	tcase_add_test(cases, compiles_rules_for_devices);
	tcase_add_test(cases, joins_rules_for_devices);
	tcase_add_test(cases, compiles_rules_that_decide_about_everything);
	suite_add_tcase(suite, cases);
	return suite;
}
