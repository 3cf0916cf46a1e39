// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

#include <stddef.h>
#include <string.h>

#include "container/mount_options.h"
#include "container/sysctl.h"

/* The kernel's ABI, as numbers, so that a wrong name in the table is noticed. */
enum {
	RDONLY = 0x1, NOSUID = 0x2, NODEV = 0x4, NOEXEC = 0x8, ATIME = 0x70, NOATIME = 0x10,
	STRICTATIME = 0x20, NODIRATIME = 0x80, NOSYMFOLLOW = 0x200000,
	UNBINDABLE = 1 << 17, PRIVATE = 1 << 18, SLAVE = 1 << 19, SHARED = 1 << 20,
};

static struct mount_options options;

/* words are separated by spaces */
static const char *parse(const char *words)
{
	static char text[256];
	char *list[16];
	size_t count = 0;

	strcpy(text, words);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		list[count++] = word;
	list[count] = NULL;
	return mount_options_parse(list, &options);
}

static const struct {
	const char *word;
	uint64_t clear, set;
} attributes[] = {
	{ "ro", RDONLY, RDONLY }, { "rw", RDONLY, 0 },
	{ "nosuid", NOSUID, NOSUID }, { "suid", NOSUID, 0 },
	{ "nodev", NODEV, NODEV }, { "dev", NODEV, 0 },
	{ "noexec", NOEXEC, NOEXEC }, { "exec", NOEXEC, 0 },
	{ "nosymfollow", NOSYMFOLLOW, NOSYMFOLLOW }, { "symfollow", NOSYMFOLLOW, 0 },
	{ "nodiratime", NODIRATIME, NODIRATIME }, { "diratime", NODIRATIME, 0 },
	{ "noatime", ATIME, NOATIME }, { "strictatime", ATIME, STRICTATIME },
	{ "relatime", ATIME, 0 }, { "atime", ATIME, 0 },
	{ "norelatime", ATIME, 0 }, { "nostrictatime", ATIME, 0 },
};

START_TEST(attributes_are_of_the_mount_or_of_its_tree)
{
	char word[32] = "r";

	ck_assert_ptr_null(parse(attributes[_i].word));
	ck_assert_uint_eq(options.own.clear, attributes[_i].clear);
	ck_assert_uint_eq(options.own.set, attributes[_i].set);
	ck_assert_uint_eq(options.tree.clear, 0);
	strcat(word, attributes[_i].word);
	ck_assert_ptr_null(parse(word));
	ck_assert_uint_eq(options.tree.clear, attributes[_i].clear);
	ck_assert_uint_eq(options.tree.set, attributes[_i].set);
	ck_assert_uint_eq(options.own.clear, 0);
}
END_TEST

START_TEST(the_last_word_about_an_attribute_counts)
{
	ck_assert_ptr_null(parse("ro nosuid noatime rw strictatime rro rnodev"));
	ck_assert_uint_eq(options.own.set, NOSUID | STRICTATIME);
	ck_assert_uint_eq(options.own.clear, RDONLY | NOSUID | ATIME);
	ck_assert_uint_eq(options.tree.set, RDONLY | NODEV);
	ck_assert_uint_eq(options.tree.clear, RDONLY | NODEV);
}
END_TEST

START_TEST(knows_how_mounts_propagate)
{
	ck_assert_ptr_null(parse("shared"));
	ck_assert_uint_eq(options.propagation, SHARED);
	ck_assert_uint_eq(options.tree_propagation, 0);
	ck_assert_ptr_null(parse("slave"));
	ck_assert_uint_eq(options.propagation, SLAVE);
	ck_assert_ptr_null(parse("unbindable"));
	ck_assert_uint_eq(options.propagation, UNBINDABLE);
	ck_assert_ptr_null(parse("private rshared"));
	ck_assert_uint_eq(options.propagation, PRIVATE);
	ck_assert_uint_eq(options.tree_propagation, SHARED);
	ck_assert_ptr_null(parse("rprivate"));
	ck_assert_uint_eq(options.tree_propagation, PRIVATE);
	ck_assert_ptr_null(parse("runbindable rslave"));
	ck_assert_uint_eq(options.tree_propagation, SLAVE);
}
END_TEST

START_TEST(knows_what_is_no_attribute)
{
	ck_assert_ptr_null(mount_options_parse(NULL, &options));
	ck_assert(!options.bind && !options.bind_tree && !options.remount && !options.copy_up);
	ck_assert_ptr_null(parse("bind"));
	ck_assert(options.bind && !options.bind_tree);
	ck_assert_ptr_null(parse("rbind"));
	ck_assert(options.bind && options.bind_tree);
	ck_assert_ptr_null(parse("remount tmpcopyup"));
	ck_assert(options.remount && options.copy_up && !options.bind);
}
END_TEST

START_TEST(refuses_to_map_ids)
{
	ck_assert_str_eq(parse("ro idmap"), "idmap");
	ck_assert_str_eq(parse("ridmap"), "ridmap");
}
END_TEST

static const struct {
	const char *word;
	bool of_file_system, special;
} words[] = {
	{ "size=64k", true, true }, { "mode=1777", true, true }, { "hidepid=2", true, true },
	{ "rsync", true, true }, { "rbindx", true, true }, { "=", true, true },
	{ "sync", true, false }, { "async", true, false }, { "dirsync", true, false },
	{ "lazytime", true, false }, { "nolazytime", true, false }, { "mand", true, false },
	{ "nomand", true, false }, { "ro", true, false }, { "rw", true, false },
	{ "rro", false, false }, { "nosuid", false, false }, { "rnosuid", false, false },
	{ "relatime", false, false }, { "rrelatime", false, false }, { "defaults", false, false },
	{ "silent", false, false }, { "loud", false, false }, { "iversion", false, false },
	{ "noiversion", false, false }, { "bind", false, false }, { "rshared", false, false },
	{ "remount", false, false }, { "tmpcopyup", false, false },
};

START_TEST(tells_which_words_are_for_the_file_system)
{
	ck_assert_int_eq(mount_option_is_of_file_system(words[_i].word), words[_i].of_file_system);
	ck_assert_int_eq(mount_option_is_special(words[_i].word), words[_i].special);
}
END_TEST

static const struct {
	const char *name, *path;
} settings[] = {
	{ "kernel.shmmax", "kernel/shmmax" },
	{ "kernel/shmmax", "kernel/shmmax" },
	{ "net.ipv4.ip_forward", "net/ipv4/ip_forward" },
	{ "net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding" },
	{ "net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding" },
	{ "name", "name" },
};

START_TEST(settings_have_dots_or_slashes)
{
	char path[64];

	ck_assert_int_eq(sysctl_path(settings[_i].name, path, sizeof(path)), 0);
	ck_assert_str_eq(path, settings[_i].path);
	ck_assert_int_eq(sysctl_path(settings[_i].name, path, strlen(settings[_i].name)), -1);
	ck_assert_int_eq(sysctl_path(settings[_i].name, path, strlen(settings[_i].name) + 1), 0);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *mount_options_suite(void)
{
	Suite *suite = suite_create("init-oci mount options");
	TCase *cases = tcase_create("mount options");

	tcase_add_loop_test(cases, attributes_are_of_the_mount_or_of_its_tree, 0, COUNT(attributes));
	tcase_add_test(cases, the_last_word_about_an_attribute_counts);
	tcase_add_test(cases, knows_how_mounts_propagate);
	tcase_add_test(cases, knows_what_is_no_attribute);
	tcase_add_test(cases, refuses_to_map_ids);
	tcase_add_loop_test(cases, tells_which_words_are_for_the_file_system, 0, COUNT(words));
	tcase_add_loop_test(cases, settings_have_dots_or_slashes, 0, COUNT(settings));
	suite_add_tcase(suite, cases);
	return suite;
}
