// SPDX-License-Identifier: Apache-2.0
/* What the container uses. */
#include "operations/statistics.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "operations/output.h"

#define FILE_MAX (64 * 1024)

static int write_lines(const char *name, char *text, int output, struct error *error)
{
	while (*text) {
		char *end = text + strcspn(text, "\n");
		const char *line = text;

		text = end + (*end == '\n');
		*end = '\0';
		if (output_line(output, (const char *const[]){ name, " ", line, NULL }, error) < 0)
			return -1;
	}
	return 0;
}

/* A kernel need not have it. */
static int write_file(int cgroup, const char *name, int output, struct error *error)
{
	int fd = openat(cgroup, name, O_RDONLY | O_CLOEXEC);
	size_t length;
	char *text;
	int result = 0;

	if (fd < 0)
		return 0;
	text = file_read_start(fd, FILE_MAX, &length);
	close(fd);
	if (text)
		result = write_lines(name, text, output, error);
	free(text);
	return result;
}

int statistics_write(int cgroup, int output, struct error *error)
{
	static const char *const files[] = {
		"cpu.stat", "memory.current", "memory.peak", "memory.swap.current",
		"memory.events", "memory.stat", "io.stat", "pids.current", "pids.peak",
		"cpu.pressure", "memory.pressure", "io.pressure",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (write_file(cgroup, files[i], output, error) < 0)
			return -1;
	}
	return 0;
}
