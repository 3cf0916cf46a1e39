// SPDX-License-Identifier: Apache-2.0
/* seccomp: the parser of profiles, and what the filters do that are made of them. */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf.h"
#include "config/oci_config.h"
#include "life/seccomp_filter.h"

static struct config config;
static struct error error;
static struct seccomp_filter filter;

/* The guest's own architecture, and its subsets. */
static const struct architecture *own;
static size_t count;

static void for_aarch64(void)
{
	own = &architectures[0];
	count = 1;
}

static void for_x86_64(void)
{
	own = &architectures[1];
	count = 2;
}

/* A document with that profile. */
#define SECCOMP(profile) "{\"process\":{\"args\":[\"a\"]},\"linux\":{\"seccomp\":" profile "}}"
#define RULES(action, rules) \
	SECCOMP("{\"defaultAction\":\"SCMP_ACT_" action "\",\"syscalls\":[" rules "]}")
#define RULE(name, action, args) \
	"{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_" action "\",\"args\":[" args "]}"
#define ARG(index, op, value, more) \
	"{\"index\":" #index ",\"op\":\"SCMP_CMP_" op "\",\"value\":" #value more "}"

static int parse(const char *text, const char *overrides)
{
	strcpy(error.text, "");
	return config_parse(text, strlen(text), overrides, overrides ? strlen(overrides) : 0, &config,
			    &error);
}

static void compile(const char *text)
{
	ck_assert_msg(parse(text, NULL) == 0, "%s", error.text);
	ck_assert(config.seccomp.present);
	ck_assert_int_eq(seccomp_filter_compile(&config.seccomp, own, count, &filter, &error), 0);
}

static void release(void)
{
	seccomp_filter_free(&filter);
	config_free(&config);
}

static uint32_t run_of(const struct architecture *architecture, int number, uint64_t first,
		       uint64_t second)
{
	const struct seccomp_call call = {
		.number = number,
		.architecture = architecture->audit,
		.arguments = { first, second },
	};
	unsigned long steps = 0;

	return bpf_run(&filter.program, &call, &steps);
}

static uint32_t run(const char *name, uint64_t first, uint64_t second)
{
	return run_of(own, system_call_number(own, name), first, second);
}

/* <asm/unistd.h> of each; these numbers never change. */
static const struct {
	const char *name;
	int arm64, x86_64, i386;
} known[] = {
	{ "io_setup", 0, 206, 245 },
	{ "read", 63, 0, 3 },
	{ "write", 64, 1, 4 },
	{ "writev", 66, 20, 146 },
	{ "accept", 202, 43, -1 },
	{ "open", -1, 2, 5 },
	{ "socketcall", -1, -1, 102 },
	{ "mseal", 462, 462, 462 },
	{ "", -1, -1, -1 },
	{ "zzz", -1, -1, -1 },
};

START_TEST(knows_system_calls)
{
	ck_assert_int_eq(system_call_number(&architectures[0], known[_i].name), known[_i].arm64);
	ck_assert_int_eq(system_call_number(&architectures[1], known[_i].name), known[_i].x86_64);
	ck_assert_int_eq(system_call_number(&architectures[2], known[_i].name), known[_i].i386);
}
END_TEST

START_TEST(knows_where_system_calls_end)
{
	for (size_t i = 0; i < ARCHITECTURES; i++)
		ck_assert_uint_eq(architectures[i].call_limit, 463);
}
END_TEST

START_TEST(has_no_filter_without_a_profile)
{
	static const char *const none[] = {
		"{\"process\":{\"args\":[\"a\"]}}", SECCOMP("null"), SECCOMP("{}"),
		SECCOMP("{\"architectures\":[\"SCMP_ARCH_ARM\"],\"syscalls\":[]}"),
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		ck_assert_int_eq(parse(none[i], NULL), 0);
		ck_assert(!config.seccomp.present);
		config_free(&config);
	}
}
END_TEST

START_TEST(is_replaced_as_a_whole)
{
	static const char base[] = RULES("ERRNO", RULE("read", "ALLOW", ""));

	ck_assert_int_eq(parse(base, "{\"linux\":{}}"), 0);
	ck_assert(config.seccomp.present);
	ck_assert_uint_eq(config.seccomp.rule_count, 1);
	config_free(&config);
	ck_assert_int_eq(parse(base, "{\"linux\":{\"seccomp\":null}}"), 0);
	ck_assert(!config.seccomp.present);
	config_free(&config);
	ck_assert_int_eq(parse(base, "{\"linux\":{\"seccomp\":{}}}"), 0);
	ck_assert(!config.seccomp.present);
	config_free(&config);
	ck_assert_int_eq(parse(base, "{\"linux\":{\"seccomp\":"
			       "{\"defaultAction\":\"SCMP_ACT_LOG\"}}}"), 0);
	ck_assert(config.seccomp.present);
	ck_assert_uint_eq(config.seccomp.default_action, SECCOMP_RETURN_LOG);
	ck_assert_uint_eq(config.seccomp.rule_count, 0);
	config_free(&config);
	/* One that could not be carried out is gone, too. */
	ck_assert_int_eq(parse(SECCOMP("{\"listenerPath\":\"/a\"}"),
			       "{\"linux\":{\"seccomp\":null}}"), 0);
	ck_assert(!config.seccomp.present);
	config_free(&config);
}
END_TEST

START_TEST(takes_every_action)
{
	static const struct {
		const char *action;
		uint32_t value;
	} actions[] = {
		{ "KILL", 0 }, { "KILL_THREAD", 0 }, { "KILL_PROCESS", 0x80000000 },
		{ "TRAP", 0x00030000 }, { "ERRNO", 0x00050001 }, { "TRACE", 0x7ff00001 },
		{ "LOG", 0x7ffc0000 }, { "ALLOW", 0x7fff0000 },
		{ "ERRNO\",\"defaultErrnoRet\":38,\"x\":\"", 0x00050026 },
		{ "TRACE\",\"defaultErrnoRet\":65535,\"x\":\"", 0x7ff0ffff },
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), SECCOMP("{\"defaultAction\":\"SCMP_ACT_%s\"}"),
			 actions[i].action);
		compile(text);
		ck_assert_uint_eq(run("read", 0, 0), actions[i].value);
		release();
	}
}
END_TEST

START_TEST(takes_flags)
{
	ck_assert_int_eq(parse(SECCOMP("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":["
				       "\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\","
				       "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\","
				       "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}"), NULL), 0);
	/* <linux/seccomp.h>; the kernel takes the last one with notifications only. */
	ck_assert_uint_eq(config.seccomp.flags, 1 | 2 | 4);
	config_free(&config);
}
END_TEST

START_TEST(kills_other_architectures)
{
	const struct architecture arm = { .audit = 0x40000028 };

	compile(RULES("ALLOW", ""));
	ck_assert_uint_eq(run_of(&arm, 3, 0, 0), SECCOMP_RETURN_KILL_THREAD);
	for (const struct architecture *other = architectures;
	     other < architectures + ARCHITECTURES; other++)
		ck_assert_uint_eq(run_of(other, 3, 0, 0), other == own ? SECCOMP_RETURN_ALLOW :
									 SECCOMP_RETURN_KILL_THREAD);
	release();
}
END_TEST

/* Each comparison, around its value and where the halves of 64 bits meet. */
static const struct {
	const char *args;
	uint64_t argument;
	bool holds;
} comparisons[] = {
	{ ARG(0, "EQ", 4294967296, ""), 4294967296, true },
	{ ARG(0, "EQ", 4294967296, ""), 0, false },
	{ ARG(0, "EQ", 4294967296, ""), 8589934592, false },
	{ ARG(0, "NE", 7, ""), 7, false },
	{ ARG(0, "NE", 7, ""), 4294967303, true },
	{ ARG(0, "NE", 7, ""), 6, true },
	{ ARG(0, "LT", 4294967297, ""), 4294967296, true },
	{ ARG(0, "LT", 4294967297, ""), 4294967297, false },
	{ ARG(0, "LT", 4294967297, ""), 4294967295, true },
	{ ARG(0, "LE", 4294967297, ""), 4294967297, true },
	{ ARG(0, "LE", 4294967297, ""), 4294967298, false },
	{ ARG(0, "GE", 4294967297, ""), 4294967297, true },
	{ ARG(0, "GE", 4294967297, ""), 4294967296, false },
	{ ARG(0, "GE", 4294967297, ""), 8589934592, true },
	{ ARG(0, "GT", 4294967297, ""), 4294967297, false },
	{ ARG(0, "GT", 4294967297, ""), 4294967298, true },
	{ ARG(0, "GT", 4294967297, ""), 4294967295, false },
	{ ARG(0, "MASKED_EQ", 2114060288, ",\"valueTwo\":0"), 17, true },
	{ ARG(0, "MASKED_EQ", 2114060288, ",\"valueTwo\":0"), 0x10000000, false },
	{ ARG(0, "MASKED_EQ", 15, ""), UINT64_C(0x5555555555555550), true },
	{ ARG(0, "MASKED_EQ", 64424509440, ",\"valueTwo\":4294967296"), 4294967299, true },
	{ ARG(0, "MASKED_EQ", 64424509440, ",\"valueTwo\":4294967296"), 3, false },
	/* Bits that are not in the mask do not count; nor does a mask without bits. */
	{ ARG(0, "MASKED_EQ", 1, ",\"valueTwo\":3"), 1, true },
	{ ARG(0, "MASKED_EQ", 0, ",\"valueTwo\":3"), 5, true },
	/* More digits than a double has. */
	{ ARG(0, "EQ", 18446744073709551615, ""), UINT64_MAX, true },
	{ ARG(0, "EQ", 18446744073709551615, ""), UINT64_MAX - 1, false },
	{ ARG(0, "EQ", 9007199254740993, ""), 9007199254740993, true },
	{ ARG(0, "EQ", 9007199254740993, ""), 9007199254740992, false },
};

START_TEST(compares_arguments)
{
	char text[512];

	snprintf(text, sizeof(text), RULES("ALLOW", "{\"names\":[\"read\"],"
		 "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[%s]}"), comparisons[_i].args);
	compile(text);
	ck_assert_uint_eq(run("read", comparisons[_i].argument, 0),
			  comparisons[_i].holds ? SECCOMP_RETURN_ERRNO | 1 : SECCOMP_RETURN_ALLOW);
	ck_assert_uint_eq(run("write", comparisons[_i].argument, 0), SECCOMP_RETURN_ALLOW);
	release();
}
END_TEST

START_TEST(joins_conditions)
{
	/* On different arguments: all. */
	compile(RULES("ALLOW", RULE("read", "KILL", ARG(0, "EQ", 1, "") "," ARG(1, "EQ", 2, ""))));
	ck_assert_uint_eq(run("read", 1, 2), SECCOMP_RETURN_KILL_THREAD);
	ck_assert_uint_eq(run("read", 1, 3), SECCOMP_RETURN_ALLOW);
	ck_assert_uint_eq(run("read", 0, 2), SECCOMP_RETURN_ALLOW);
	release();
	/* On the same one: any. */
	compile(RULES("ALLOW", RULE("read", "KILL", ARG(0, "EQ", 1, "") "," ARG(0, "EQ", 2, ""))));
	ck_assert_uint_eq(run("read", 1, 0), SECCOMP_RETURN_KILL_THREAD);
	ck_assert_uint_eq(run("read", 2, 0), SECCOMP_RETURN_KILL_THREAD);
	ck_assert_uint_eq(run("read", 3, 0), SECCOMP_RETURN_ALLOW);
	release();
	/* One of which always holds. */
	compile(RULES("ALLOW",
		      RULE("read", "KILL", ARG(0, "EQ", 1, "") "," ARG(0, "MASKED_EQ", 0, ""))));
	ck_assert_uint_eq(run("read", 3, 0), SECCOMP_RETURN_KILL_THREAD);
	release();
}
END_TEST

START_TEST(decides_between_rules)
{
	/* The first with conditions that hold. */
	compile(RULES("ALLOW", RULE("read", "LOG", ARG(0, "GE", 5, "")) ","
			       RULE("read", "KILL", ARG(1, "EQ", 1, ""))));
	ck_assert_uint_eq(run("read", 5, 1), SECCOMP_RETURN_LOG);
	ck_assert_uint_eq(run("read", 4, 1), SECCOMP_RETURN_KILL_THREAD);
	ck_assert_uint_eq(run("read", 4, 0), SECCOMP_RETURN_ALLOW);
	release();
	/* One without is stronger, wherever it is; the first of those. */
	compile(RULES("ALLOW", RULE("read", "LOG", ARG(0, "GE", 5, "")) ","
			       RULE("read", "ERRNO", "") "," RULE("read", "TRAP", "")));
	ck_assert_uint_eq(run("read", 5, 0), SECCOMP_RETURN_ERRNO | 1);
	release();
	/* A rule that has the default action does nothing. */
	compile(RULES("ALLOW", RULE("read", "ALLOW", "") "," RULE("read", "TRAP", "")));
	ck_assert_uint_eq(run("read", 5, 0), SECCOMP_RETURN_TRAP);
	release();
}
END_TEST

/* Programs do without what is absent, and take another error for the answer. */
START_TEST(hides_what_is_newer_than_the_profile)
{
	const uint32_t absent = SECCOMP_RETURN_ERRNO | 38;
	static const char *const defaults[] = { "ERRNO", "KILL", "TRAP" };
	static const char *const permissive[] = { "ALLOW", "LOG", "TRACE" };
	const int statx = system_call_number(own, "statx");

	for (size_t i = 0; i < 3; i++) {
		char text[256];

		/* What decides is not the rule's action, but that it has the name. */
		snprintf(text, sizeof(text), RULES("%s", RULE("read", "ALLOW", "") ","
			 RULE("statx", "%s", ARG(0, "EQ", 1, ""))), defaults[i], defaults[i]);
		compile(text);
		ck_assert_uint_eq(run("read", 0, 0), SECCOMP_RETURN_ALLOW);
		ck_assert_uint_eq(run_of(own, statx - 1, 0, 0), config.seccomp.default_action);
		ck_assert_uint_eq(run_of(own, statx, 0, 0), config.seccomp.default_action);
		ck_assert_uint_eq(run("clone3", 0, 0), absent);
		ck_assert_uint_eq(run_of(own, statx + 1, 0, 0), absent);
		ck_assert_uint_eq(run_of(own, 10000, 0, 0), absent);
		ck_assert_uint_eq(run_of(own, -1, 0, 0), absent);
		release();
		snprintf(text, sizeof(text), RULES("%s", RULE("read", "KILL", "")), permissive[i]);
		compile(text);
		ck_assert_uint_eq(run("clone3", 0, 0), config.seccomp.default_action);
		release();
	}
	/* All are newer than none, which would leave nothing. */
	compile(RULES("ERRNO", RULE("absent", "ALLOW", "")));
	ck_assert_uint_eq(run("clone3", 0, 0), SECCOMP_RETURN_ERRNO | 1);
	release();
}
END_TEST

START_TEST(skips_unknown_names)
{
	compile(RULES("ALLOW", "{\"names\":[\"absent\",\"read\",\"clone33\"],"
			       "\"action\":\"SCMP_ACT_ERRNO\"}"));
	ck_assert_uint_eq(run("read", 0, 0), SECCOMP_RETURN_ERRNO | 1);
	ck_assert_uint_eq(filter.unknown_count, 2);
	ck_assert_str_eq(filter.unknown, "absent");
	release();
	/* What is not to be restricted need not be there. */
	compile(RULES("ERRNO", "{\"names\":[\"absent\",\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
			       "{\"names\":[\"stat\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":2}"));
	ck_assert_uint_eq(filter.unknown_count, 0);
	release();
}
END_TEST

/* More instructions than the kernel takes, and, before that, jumps over many. */
START_TEST(copes_with_long_programs)
{
	static char text[1024 * 1024];
	size_t length = 0;
	const int rules = _i;

	length += (size_t)sprintf(text, "%s", "{\"process\":{\"args\":[\"a\"]},\"linux\":{\"seccomp\":"
				  "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[");
	for (int i = 0; i < rules; i++)
		length += (size_t)sprintf(text + length,
			"%s{\"names\":[\"read\",\"mseal\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%d,"
			"\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":%d}]}",
			i ? "," : "", i, i);
	sprintf(text + length, "]}}}");
	ck_assert_int_eq(parse(text, NULL), 0);
	if (seccomp_filter_compile(&config.seccomp, own, count, &filter, &error) < 0) {
		ck_assert_int_gt(rules, 600);
		ck_assert_str_eq(error.text, "make the seccomp filter: there are too many rules");
		config_free(&config);
		return;
	}
	ck_assert_int_lt(rules, 1000);
	for (int i = 0; i < rules; i++) {
		ck_assert_uint_eq(run("read", (uint64_t)i, 0), SECCOMP_RETURN_ERRNO | (uint32_t)i);
		ck_assert_uint_eq(run("mseal", (uint64_t)i, 0), SECCOMP_RETURN_ERRNO | (uint32_t)i);
	}
	ck_assert_uint_eq(run("read", (uint64_t)rules, 0), SECCOMP_RETURN_ALLOW);
	ck_assert_uint_eq(run("write", 1, 0), SECCOMP_RETURN_ALLOW);
	release();
}
END_TEST

static const struct {
	const char *profile, *message;
} bad[] = {
	{ "[]", "linux.seccomp: is not an object" },
	{ "{\"defaultAction\":1}", "linux.seccomp.defaultAction: is not a string" },
	{ "{\"defaultAction\":\"SCMP_ACT_NONE\"}",
	  "linux.seccomp.defaultAction: there is no 'SCMP_ACT_NONE'" },
	{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
	  "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY needs a program outside the machine" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}",
	  "linux.seccomp.defaultErrnoRet: this action has no errno" },
	{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":65536}",
	  "linux.seccomp.defaultErrnoRet: is out of range" },
	{ "{\"defaultErrnoRet\":1}", "linux.seccomp.defaultAction: is missing" },
	{ "{\"listenerPath\":\"/run/agent\"}",
	  "linux.seccomp.listenerPath: cannot be reached from the machine" },
	{ "{\"architectures\":[\"arm64\"]}", "linux.seccomp.architectures: there is no 'arm64'" },
	{ "{\"architectures\":[1]}", "linux.seccomp.architectures: is not an array of strings" },
	{ "{\"flags\":[\"FAST\"]}", "linux.seccomp.flags: there is no 'FAST'" },
	{ "{\"flags\":[1]}", "linux.seccomp.flags: is not an array of strings" },
	{ "{\"syscalls\":{}}", "linux.seccomp.syscalls: is not an array" },
	{ "{\"syscalls\":[1]}", "linux.seccomp.syscalls: is not an array of objects" },
	{ "{\"syscalls\":[{\"action\":\"SCMP_ACT_LOG\"}]}",
	  "linux.seccomp.syscalls: names: is missing" },
	{ "{\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]}",
	  "linux.seccomp.syscalls: names: is missing" },
	{ "{\"syscalls\":[{\"names\":[1]}]}",
	  "linux.seccomp.syscalls: names: is not an array of strings" },
	{ "{\"syscalls\":[{\"names\":[\"read\"]}]}", "linux.seccomp.syscalls: action: is missing" },
	{ "{\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
	  "linux.seccomp.syscalls: action: SCMP_ACT_NOTIFY needs a program outside the machine" },
	{ "{\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"}]}",
	  "linux.seccomp.defaultAction: is missing" },
	{ "{\"syscalls\":[" RULE("read", "KILL", "1") "]}",
	  "linux.seccomp.syscalls: args: is not an array of objects" },
	{ "{\"syscalls\":[" RULE("read", "KILL", "{}") "]}",
	  "linux.seccomp.syscalls: args: index: is missing" },
	{ "{\"syscalls\":[" RULE("read", "KILL", ARG(6, "EQ", 1, "")) "]}",
	  "linux.seccomp.syscalls: args: index: is out of range" },
	{ "{\"syscalls\":[" RULE("read", "KILL", "{\"index\":0,\"op\":\"SCMP_CMP_EQ\"}") "]}",
	  "linux.seccomp.syscalls: args: value: is missing" },
	{ "{\"syscalls\":[" RULE("read", "KILL", ARG(0, "EQ", 18446744073709551616, "")) "]}",
	  "linux.seccomp.syscalls: args: value: is out of range" },
	{ "{\"syscalls\":[" RULE("read", "KILL", ARG(0, "EQ", -1, "")) "]}",
	  "linux.seccomp.syscalls: args: value: is out of range" },
	{ "{\"syscalls\":[" RULE("read", "KILL", ARG(0, "EQ", 0.5, "")) "]}",
	  "linux.seccomp.syscalls: args: value: is not a whole number" },
	{ "{\"syscalls\":[" RULE("read", "KILL", ARG(0, "EQ", 1, ",\"valueTwo\":\"2\"")) "]}",
	  "linux.seccomp.syscalls: args: valueTwo: is not a number" },
	{ "{\"syscalls\":[" RULE("read", "KILL", "{\"index\":0,\"value\":1}") "]}",
	  "linux.seccomp.syscalls: args: op: is missing" },
	{ "{\"syscalls\":[" RULE("read", "KILL", ARG(0, "IS", 1, "")) "]}",
	  "linux.seccomp.syscalls: args: op: there is no 'SCMP_CMP_IS'" },
};

START_TEST(refuses)
{
	char text[512];

	snprintf(text, sizeof(text), SECCOMP("%s"), bad[_i].profile);
	ck_assert_int_eq(parse(text, NULL), -1);
	ck_assert_uint_eq(strncmp(error.text, "config: ", 8), 0);
	ck_assert_str_eq(error.text + 8, bad[_i].message);
}
END_TEST

/* A profile that has that in its list of architectures. */
#define ALSO(architecture, action, rules) \
	SECCOMP("{\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_" architecture "\"]," \
		"\"defaultAction\":\"SCMP_ACT_" action "\",\"syscalls\":[" rules "]}")

static uint32_t run_32(const char *name, uint64_t first)
{
	return run_of(&architectures[2], system_call_number(&architectures[2], name), first, 0);
}

START_TEST(has_rules_for_32_bits_if_the_profile_says_so)
{
	compile(ALSO("X86", "ERRNO", RULE("write", "ALLOW", "") "," RULE("mseal", "ALLOW", "")));
	ck_assert_uint_eq(run("write", 0, 0), SECCOMP_RETURN_ALLOW);
	ck_assert_uint_eq(run("read", 0, 0), SECCOMP_RETURN_ERRNO | 1);
	ck_assert_uint_eq(run_32("write", 0), SECCOMP_RETURN_ALLOW);
	ck_assert_uint_eq(run_32("read", 0), SECCOMP_RETURN_ERRNO | 1);
	/* The number that write has for 64 bits. */
	ck_assert_uint_eq(run_32("exit", 0), SECCOMP_RETURN_ERRNO | 1);
	release();
	compile(ALSO("X32", "ERRNO", RULE("write", "ALLOW", "") "," RULE("mseal", "ALLOW", "")));
	ck_assert_uint_eq(run("write", 0, 0), SECCOMP_RETURN_ALLOW);
	ck_assert_uint_eq(run_32("write", 0), SECCOMP_RETURN_KILL_THREAD);
	release();
}
END_TEST

START_TEST(compares_32_bits)
{
	static const struct {
		const char *profile;
		uint64_t argument;
		bool holds;
	} cases[] = {
		{ ALSO("X86", "ALLOW", RULE("read", "TRAP", ARG(0, "EQ", 18446744073709551615, ""))),
		  0xffffffff, true },
		{ ALSO("X86", "ALLOW", RULE("read", "TRAP", ARG(0, "EQ", 4294967297, ""))), 2, false },
		{ ALSO("X86", "ALLOW", RULE("read", "TRAP", ARG(0, "GT", 4294967297, ""))), 2, true },
		{ ALSO("X86", "ALLOW", RULE("read", "TRAP", ARG(0, "GT", 4294967297, ""))), 1, false },
		{ ALSO("X86", "ALLOW", RULE("read", "TRAP", ARG(0, "LT", 4294967297, ""))), 1, false },
		{ ALSO("X86", "ALLOW", RULE("read", "TRAP",
					    ARG(0, "MASKED_EQ", 64424509440, ",\"valueTwo\":0"))),
		  7, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		compile(cases[i].profile);
		ck_assert_uint_eq(run_32("read", cases[i].argument),
				  cases[i].holds ? SECCOMP_RETURN_TRAP : SECCOMP_RETURN_ALLOW);
		release();
	}
}
END_TEST

/* socketcall(1, ...) is socket(), and socketcall(2, ...) is bind(). */
START_TEST(knows_calls_that_are_made_through_another)
{
	compile(ALSO("X86", "ERRNO", RULE("socket", "ALLOW", ARG(0, "NE", 40, "")) ","
				     RULE("mseal", "ALLOW", "")));
	ck_assert_uint_eq(run_32("socket", 2), SECCOMP_RETURN_ALLOW);
	ck_assert_uint_eq(run_32("socket", 40), SECCOMP_RETURN_ERRNO | 1);
	ck_assert_uint_eq(run_32("socketcall", 1), SECCOMP_RETURN_ALLOW);
	ck_assert_uint_eq(run_32("socketcall", 2), SECCOMP_RETURN_ERRNO | 1);
	release();
	/* What cannot be told is not let through. */
	compile(ALSO("X86", "ERRNO", RULE("socket", "ALLOW", ARG(1, "EQ", 1, "")) ","
				     RULE("mseal", "ALLOW", "")));
	ck_assert_uint_eq(run_32("socketcall", 1), SECCOMP_RETURN_ERRNO | 1);
	release();
	compile(ALSO("X86", "ALLOW", RULE("socket", "TRAP", ARG(1, "EQ", 1, ""))));
	ck_assert_uint_eq(run_32("socketcall", 1), SECCOMP_RETURN_TRAP);
	release();
	/* Of these, i386 has no number. */
	compile(ALSO("X86", "ALLOW", "{\"names\":[\"semop\",\"send\"],"
				     "\"action\":\"SCMP_ACT_TRAP\"}"));
	ck_assert_uint_eq(filter.unknown_count, 0);
	ck_assert_uint_eq(run_32("ipc", 1), SECCOMP_RETURN_TRAP);
	ck_assert_uint_eq(run_32("ipc", 2), SECCOMP_RETURN_ALLOW);
	/* A version does not make it another call, nor another call this one. */
	ck_assert_uint_eq(run_32("ipc", 0x10001), SECCOMP_RETURN_TRAP);
	ck_assert_uint_eq(run_32("ipc", 0xffff0001), SECCOMP_RETURN_TRAP);
	ck_assert_uint_eq(run_32("ipc", 0x10002), SECCOMP_RETURN_ALLOW);
	ck_assert_uint_eq(run_32("socketcall", 0x10009), SECCOMP_RETURN_ALLOW);
	ck_assert_uint_eq(run_32("socketcall", 9), SECCOMP_RETURN_TRAP);
	ck_assert_uint_eq(run_32("socketcall", 10), SECCOMP_RETURN_ALLOW);
	release();
	/* A rule for all of them is stronger, wherever it is. */
	for (int i = 0; i < 2; i++) {
		compile(i ? ALSO("X86", "ALLOW", RULE("socketcall", "LOG", "") ","
						 RULE("bind", "TRAP", "")) :
			    ALSO("X86", "ALLOW", RULE("bind", "TRAP", "") ","
						 RULE("socketcall", "LOG", "")));
		ck_assert_uint_eq(run_32("socketcall", 2), SECCOMP_RETURN_LOG);
		ck_assert_uint_eq(run_32("bind", 2), SECCOMP_RETURN_TRAP);
		release();
	}
}
END_TEST

/* What each guest's filters do. */
static void add_filters(Suite *suite, const char *name, void (*guest)(void))
{
	TCase *cases = tcase_create(name);

	tcase_add_checked_fixture(cases, guest, NULL);
	tcase_add_test(cases, takes_every_action);
	tcase_add_test(cases, kills_other_architectures);
	tcase_add_loop_test(cases, compares_arguments, 0,
			    (int)(sizeof(comparisons) / sizeof(comparisons[0])));
	tcase_add_test(cases, joins_conditions);
	tcase_add_test(cases, decides_between_rules);
	tcase_add_test(cases, hides_what_is_newer_than_the_profile);
	tcase_add_test(cases, skips_unknown_names);
	tcase_add_loop_test(cases, copes_with_long_programs, 118, 122);
	tcase_add_loop_test(cases, copes_with_long_programs, 500, 501);
	tcase_add_loop_test(cases, copes_with_long_programs, 1200, 1201);
	suite_add_tcase(suite, cases);
}

Suite *seccomp_suite(void)
{
	Suite *suite = suite_create("init-oci seccomp");
	TCase *cases = tcase_create("seccomp");
	TCase *subsets = tcase_create("seccomp for 32 bits");

	tcase_add_loop_test(cases, knows_system_calls, 0, (int)(sizeof(known) / sizeof(known[0])));
	tcase_add_test(cases, knows_where_system_calls_end);
	tcase_add_test(cases, has_no_filter_without_a_profile);
	tcase_add_test(cases, is_replaced_as_a_whole);
	tcase_add_test(cases, takes_flags);
	tcase_add_loop_test(cases, refuses, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	suite_add_tcase(suite, cases);
	add_filters(suite, "seccomp for aarch64", for_aarch64);
	add_filters(suite, "seccomp for x86_64", for_x86_64);
	tcase_add_checked_fixture(subsets, for_x86_64, NULL);
	tcase_add_test(subsets, has_rules_for_32_bits_if_the_profile_says_so);
	tcase_add_test(subsets, compares_32_bits);
	tcase_add_test(subsets, knows_calls_that_are_made_through_another);
	suite_add_tcase(suite, subsets);
	return suite;
}
