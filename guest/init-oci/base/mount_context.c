// SPDX-License-Identifier: Apache-2.0
/* The file system's own words about a mount that failed. */
#include "base/mount_context.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int mount_context_error(int context, const char *step, const char *argument,
			struct error *error)
{
	const char *reason = strerror(errno);
	char words[160];
	ssize_t length;

	/* Each read gets one message, with "e " in front if it is an error. */
	do
		length = read(context, words, sizeof(words) - 1);
	while (length > 2 && words[0] != 'e');
	if (length <= 2)
		return ERROR(error, step, argument, ": ", reason);
	if (words[length - 1] == '\n')
		length--;
	words[length] = '\0';
	return ERROR(error, step, argument, ": ", reason, ": ", words + 2);
}
