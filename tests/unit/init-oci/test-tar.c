// SPDX-License-Identifier: Apache-2.0
/* Archives: their headers, and trees that go out and come back in. */
#include "tests.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc.h"
#include "files/files.h"
#include "files/tar.h"

static struct tar_entry entry, parsed;
static struct tar_header header;
static struct error error;
static char directory[] = "/tmp/test-tar.XXXXXX";

static void set_up(void)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	memset(&entry, 0, sizeof(entry));
	memset(&parsed, 0, sizeof(parsed));
	ck_assert_int_ge(fd, 0);
	if (fd != PROC_FILENO)
		ck_assert_int_ge(dup2(fd, PROC_FILENO), 0);
	strcpy(directory, "/tmp/test-tar.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void tear_down(void)
{
	char command[128];

	/* files_put() has gone elsewhere. */
	ck_assert_int_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", directory, directory);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(a_header_comes_back)
{
	strcpy(entry.name, "some/name");
	strcpy(entry.link, "target");
	entry.type = TAR_LINK;
	entry.mode = 07654;
	entry.uid = 123456;
	entry.gid = 3000000000;
	entry.size = UINT64_C(123456789012345);
	entry.time = 1700000000;
	entry.major = 8;
	entry.minor = 1;
	tar_make_header(&entry, &header);
	ck_assert_int_eq(tar_parse_header(&header, &parsed), 1);
	ck_assert_str_eq(parsed.name, entry.name);
	ck_assert_str_eq(parsed.link, entry.link);
	ck_assert_int_eq(parsed.type, TAR_LINK);
	ck_assert_uint_eq(parsed.mode, entry.mode);
	ck_assert_uint_eq(parsed.uid, entry.uid);
	ck_assert_uint_eq(parsed.gid, entry.gid);
	ck_assert(parsed.size == entry.size);
	ck_assert(parsed.time == entry.time);
	ck_assert_uint_eq(parsed.major, 8);
	ck_assert_uint_eq(parsed.minor, 1);
	header.name[0]++;
	ck_assert_int_lt(tar_parse_header(&header, &parsed), 0);
	memset(&header, 0, sizeof(header));
	ck_assert_int_eq(tar_parse_header(&header, &parsed), 0);
}
END_TEST

static int take_records(const char *text)
{
	memset(&parsed, 0, sizeof(parsed));
	return tar_parse_more(TAR_PAX, text, strlen(text), &parsed);
}

START_TEST(records_of_pax)
{
	ck_assert_int_eq(take_records("14 path=a/b=c\n11 uid=1234\n15 mtime=17.5\n\n"), -1);
	ck_assert_int_eq(take_records("14 path=a/b=c\n13 uid=12345\n17 mtime=170.500\n"
				      "20 size=10000000000\n19 comment=nothing\n"), 0);
	ck_assert_str_eq(parsed.name, "a/b=c");
	ck_assert_uint_eq(parsed.uid, 12345);
	ck_assert(parsed.time == 170);
	ck_assert(parsed.known_size == UINT64_C(10000000000));
	ck_assert_int_lt(take_records("13 path=a/b=c\n"), 0);
	ck_assert_int_lt(take_records("15 path=a/b=c\n"), 0);
	ck_assert_int_lt(take_records("0 path=a\n"), 0);
	ck_assert_int_lt(take_records("2 path=a\n"), 0);
	ck_assert_int_lt(take_records("99999999999999999999 path=a\n"), 0);
	ck_assert_int_lt(take_records("9 path-a\n"), 0);
	ck_assert_int_lt(take_records("18 uid=4294967295\n"), 0);
	ck_assert_int_lt(take_records("path=a\n"), 0);
}
END_TEST

struct transfer {
	const char *from;
	int fd, result;
	struct error error;
};

static void *send_tree(void *argument)
{
	struct transfer *transfer = argument;

	transfer->result = files_get(transfer->from, transfer->fd, &transfer->error);
	close(transfer->fd);
	return NULL;
}

static void make(const char *command)
{
	char text[4096];

	snprintf(text, sizeof(text), "cd %s && { %s; } >/dev/null", directory, command);
	ck_assert_int_eq(system(text), 0);
}

START_TEST(a_tree_goes_out_and_comes_in)
{
	char from[256], to[256];
	struct transfer transfer;
	pthread_t thread;
	int ends[2], result;

	make("mkdir -p from/tree/sub to && echo text >from/tree/file && ln -s /nowhere from/tree/link &&"
	     "mkfifo from/tree/fifo && chmod 4751 from/tree/file && : >from/tree/empty &&"
	     "head -c 300000 /dev/urandom >from/tree/sub/large &&"
	     "long=$(printf '%0120d' 0) && mkdir -p from/tree/$long/$long && echo far >from/tree/$long/$long/file &&"
	     "ln -s $long$long from/tree/long-link");
	snprintf(from, sizeof(from), "%s/from/tree", directory);
	snprintf(to, sizeof(to), "%s/to", directory);
	ck_assert_int_eq(pipe(ends), 0);
	transfer = (struct transfer){ .from = from, .fd = ends[1] };
	ck_assert_int_eq(pthread_create(&thread, NULL, send_tree, &transfer), 0);
	result = files_put(to, ends[0], &error);
	pthread_join(thread, NULL);
	ck_assert_msg(transfer.result == 0, "%s", transfer.error.text);
	ck_assert_msg(result == 0, "%s", error.text);
	make("(cd from && find . -printf '%p %y %m %s %l\\n' | grep -v ' d ' | sort) >1 &&"
	     "(cd to && find . -printf '%p %y %m %s %l\\n' | grep -v ' d ' | sort) >2 && diff 1 2 &&"
	     "cmp from/tree/sub/large to/tree/sub/large && test -p to/tree/fifo");
}
END_TEST

/* Unpacks what a command writes in the directory "to". */
static int put(const char *command)
{
	char text[4096], to[256];
	FILE *pipe;
	int result;

	snprintf(text, sizeof(text), "cd %s && { %s; }", directory, command);
	snprintf(to, sizeof(to), "%s/to", directory);
	pipe = popen(text, "r");
	ck_assert_ptr_nonnull(pipe);
	error.text[0] = '\0';
	result = files_put(to, fileno(pipe), &error);
	pclose(pipe);
	return result;
}

START_TEST(no_name_and_no_link_leads_out)
{
	make("mkdir to outside && echo safe >outside/file && ln -s ../outside to/way &&"
	     "ln -s $PWD/outside to/absolute && mkdir -p a/way a/absolute a/sub && echo bad >a/way/file &&"
	     "cp a/way/file a/absolute/file && cp a/way/file a/plain");
	/* The way leads to another place, below the directory. */
	put("tar -C a -cf - --no-recursion way/file absolute/file");
	make("grep -q safe outside/file && ! grep -q bad outside/*");
	put("tar -C a -cPf - --transform 's,plain,../outside/file,' plain");
	make("grep -q safe outside/file && test $(ls outside | wc -l) = 1");
	ck_assert_int_lt(put("tar -C a -cPf - --transform 's,plain,sub/..,' plain"), 0);
	ck_assert_int_eq(put("tar -C a -cPf - --transform 's,plain,/abs,' plain"), 0);
	make("test -f to/abs && ! test -e /abs");
	/* A link in the last part is replaced. */
	make("ln -s ../outside/file to/plain");
	ck_assert_int_eq(put("tar -C a -cf - plain"), 0);
	make("grep -q safe outside/file && test ! -L to/plain");
	/* A hard link to a file outside. */
	make("mkdir b && ln a/plain b/one && ln b/one b/two");
	put("tar -C b -cPf - --transform 's,^one$,../outside/file,RSh' one two");
	make("test $(stat -c %h outside/file) = 1");
}
END_TEST

START_TEST(a_fifo_in_the_way_is_not_opened)
{
	make("mkdir to a && mkfifo to/file to/dir && echo text >a/file && mkdir a/dir && echo x >a/dir/x");
	ck_assert_int_eq(put("tar -C a -cf - file dir"), 0);
	make("grep -q text to/file && test -f to/dir/x");
	/* A directory is not replaced by a file. */
	make("rm -r a/dir && echo x >a/dir");
	ck_assert_int_lt(put("tar -C a -cf - dir"), 0);
}
END_TEST

START_TEST(archives_of_other_programs)
{
	make("mkdir to a && long=$(printf '%0130d' 0) && mkdir -p a/$long/$long && echo x >a/$long/$long/x &&"
	     "ln a/$long/$long/x a/hard && echo old >a/old && touch -d 1960-01-01 a/old");
	for (int i = 0; i < 3; i++) {
		static const char *const formats[] = { "gnu", "pax", "posix" };
		char command[256];

		snprintf(command, sizeof(command), "tar --format=%s -C a -cf - .", formats[i]);
		ck_assert_msg(put(command) == 0, "%s: %s", formats[i], error.text);
		make("long=$(printf '%0130d' 0) && cmp a/$long/$long/x to/$long/$long/x && test $(stat -c %h to/hard) = 2 &&"
		     "rm -r to && mkdir to");
	}
	ck_assert_int_eq(put("tar --format=v7 -C a -cf - hard"), 0);
	ck_assert_int_lt(put("head -c 5000 /dev/urandom"), 0);
	ck_assert_str_eq(error.text, "put: this is no tar archive");
	ck_assert_int_lt(put("tar -C a -cf - old | head -c 514"), 0);
	ck_assert_str_eq(error.text, "put: the archive ends early");
	ck_assert_int_eq(put(":"), 0);
}
END_TEST

Suite *tar_suite(void)
{
	Suite *suite = suite_create("tar");
	TCase *cases = tcase_create("tar");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, a_header_comes_back);
	tcase_add_test(cases, records_of_pax);
	tcase_add_test(cases, a_tree_goes_out_and_comes_in);
	tcase_add_test(cases, no_name_and_no_link_leads_out);
	tcase_add_test(cases, a_fifo_in_the_way_is_not_opened);
	tcase_add_test(cases, archives_of_other_programs);
	suite_add_tcase(suite, cases);
	return suite;
}
