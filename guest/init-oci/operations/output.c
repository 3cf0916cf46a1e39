// SPDX-License-Identifier: Apache-2.0
/* What an operation writes to its stream. */
#include "operations/output.h"

#include <unistd.h>

int output_write(int output, const char *bytes, size_t count, struct error *error)
{
	while (count) {
		const ssize_t written = write(output, bytes, count);

		if (written < 0)
			return step_error("write", "", error);
		bytes += written;
		count -= (size_t)written;
	}
	return 0;
}

int output_line(int output, const char *const parts[], struct error *error)
{
	char line[1024];
	size_t length = text_join(line, sizeof(line) - 1, parts);

	line[length++] = '\n';
	return output_write(output, line, length, error);
}
