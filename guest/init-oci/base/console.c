// SPDX-License-Identifier: Apache-2.0
/* The console, and the lines that this program writes to it. */
#include "base/console.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/errors.h"

void console_open(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fd != CONSOLE_FILENO) {
		dup3(fd, CONSOLE_FILENO, O_CLOEXEC);
		close(fd);
	}
	for (int stream = 0; stream <= 2; stream++)
		dup2(CONSOLE_FILENO, stream);
}

static void put(const char *text, size_t length)
{
	ssize_t written = write(CONSOLE_FILENO, text, length);

	/* Before console_open() there is only what the kernel may have opened. */
	if (written < 0)
		written = write(STDERR_FILENO, text, length);
	/* If this fails, there is nowhere to report it. */
	(void)written;
}

void console_line(const char *const parts[])
{
	char line[512];
	size_t length = text_join(line, sizeof(line) - 1, parts);

	line[length++] = '\n';
	put(line, length);
}

void console_new_line(void)
{
	put("\n", 1);
}
