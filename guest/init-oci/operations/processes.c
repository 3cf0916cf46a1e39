// SPDX-License-Identifier: Apache-2.0
/* What runs. */
#include "operations/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/linux_abi.h"
#include "base/proc.h"
#include "operations/output.h"

#define STAT_MAX 1024
#define KERNEL_PARENT "2"

/* "PID (NAME) STATE PARENT ..."; a name can have any characters. */
static int write_one(char *stat, int output, struct error *error)
{
	char *name = strchr(stat, '('), *end = strrchr(stat, ')');
	char *state, *parent;

	if (!name || !end || end < name || name == stat)
		return 0;
	name[-1] = *end = '\0';
	state = end + 2;
	state[1] = '\0';
	parent = state + 2;
	parent[strcspn(parent, " ")] = '\0';
	if (!strcmp(parent, KERNEL_PARENT) || !strcmp(parent, "0"))
		return 0;
	return output_line(output, (const char *const[]){
		"pid ", stat, " ", parent, " ", state, " ", name + 1, NULL }, error);
}

static int write_process(const char *process, int output, struct error *error)
{
	char path[32];
	size_t length;
	char *stat;
	int result = 0;

	text_join(path, sizeof(path), (const char *const[]){ process, "/stat", NULL });
	stat = proc_read(path, STAT_MAX, &length);
	/* It may have ended meanwhile. */
	if (stat)
		result = write_one(stat, output, error);
	free(stat);
	return result;
}

int processes_write(int output, struct error *error)
{
	int fd = openat(PROC_FILENO, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!directory)
		return step_error("read /proc", "", error);
	while (!result && (entry = readdir(directory))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			result = write_process(entry->d_name, output, error);
	}
	closedir(directory);
	return result;
}
