// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[] = "tests-scratch.XXXXXX";

void enter_scratch(void)
{
	strcpy(strrchr(scratch, '.'), ".XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
	ck_assert_int_eq(chdir(scratch), 0);
	umask(022);
}

void leave_scratch(void)
{
	char command[64];

	ck_assert_int_eq(chdir(".."), 0);
	snprintf(command, sizeof(command), "rm -rf %s", scratch);
	ck_assert_int_eq(system(command), 0);
}

int count_entries(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int count = 0;

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			count++;
	closedir(directory);
	return count;
}

void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

/* Whether an open file holds exactly the asset. */
static int stream_is_asset(FILE *file, const struct library_asset *asset)
{
	size_t length = *asset->length;
	unsigned char *bytes = malloc(length + 1);
	int same;

	ck_assert_ptr_nonnull(bytes);
	same = fread(bytes, 1, length + 1, file) == length && memcmp(bytes, asset->get(NULL), length) == 0;
	free(bytes);
	return same;
}

int file_is_asset(const char *path, const struct library_asset *asset)
{
	FILE *file = fopen(path, "r");
	int same;

	if (file == NULL)
		return 0;
	same = stream_is_asset(file, asset);
	fclose(file);
	return same;
}

void assert_text(const char *path, const char *text)
{
	char read_back[64] = "";
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	ck_assert(fgets(read_back, sizeof(read_back), file) != NULL || feof(file));
	fclose(file);
	ck_assert_str_eq(read_back, text);
}

mode_t mode_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

void assert_refused(int (*extract)(const char *), const char *path, int error)
{
	errno = 0;
	ck_assert_int_eq(extract(path), -1);
	ck_assert_int_eq(errno, error);
}
