// SPDX-License-Identifier: Apache-2.0
/* What an operation writes to its stream. */
#include "operations/output.h"

#include "base/file.h"

int output_write(int output, const char *bytes, size_t count, struct error *error)
{
	return file_write_all(output, bytes, count) < 0 ? step_error("write", "", error) : 0;
}

int output_line(int output, const char *const parts[], struct error *error)
{
	char line[1024];
	size_t length = text_join(line, sizeof(line) - 1, parts);

	line[length++] = '\n';
	return output_write(output, line, length, error);
}
