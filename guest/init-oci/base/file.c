// SPDX-License-Identifier: Apache-2.0
/* Files, read into memory or written as a whole. */
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

char *file_read_start(int fd, size_t size, size_t *length)
{
	struct stat status;
	ssize_t got = 0;
	char *text;

	*length = 0;
	/* Files of /proc have no size to ask for. Pages not read into cost nothing. */
	if (fstat(fd, &status) == 0 && status.st_size > 0 && (size_t)status.st_size < size)
		size = (size_t)status.st_size;
	text = malloc(size + 1);
	if (!text)
		return NULL;
	while (*length < size && (got = read(fd, text + *length, size - *length)) > 0)
		*length += (size_t)got;
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[*length] = '\0';
	return text;
}

char *file_read_open(int fd, size_t size, size_t *length)
{
	char *text = file_read_start(fd, size + 1, length);

	if (text && *length > size) {
		free(text);
		errno = EFBIG;
		return NULL;
	}
	return text;
}

int file_write_all(int fd, const void *bytes, size_t size)
{
	const char *rest = bytes;

	while (size) {
		const ssize_t written = write(fd, rest, size);

		if (written < 0)
			return -1;
		rest += written;
		size -= (size_t)written;
	}
	return 0;
}
