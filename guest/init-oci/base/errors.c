// SPDX-License-Identifier: Apache-2.0
/* Messages of steps that failed, and text without stdio. */
#include "base/errors.h"

#include <errno.h>
#include <string.h>

size_t text_join(char *text, size_t size, const char *const parts[])
{
	size_t length = 0;

	for (; *parts; parts++) {
		for (const char *c = *parts; *c && length < size - 1; c++) {
			unsigned char byte = (unsigned char)*c;

			text[length++] = byte < 0x20 || byte == 0x7f ? '?' : *c;
		}
	}
	text[length] = '\0';
	return length;
}

int error_set(struct error *error, const char *const parts[])
{
	error->number = 0;
	text_join(error->text, sizeof(error->text), parts);
	return -1;
}

int step_error(const char *step, const char *argument, struct error *error)
{
	const int number = errno;

	ERROR(error, step, argument, ": ", strerror(number));
	error->number = number;
	return -1;
}

const char *errno_name(int number)
{
	static const struct {
		unsigned char number;
		char name[15];
	} names[] = {
		{ EPERM, "EPERM" }, { ENOENT, "ENOENT" }, { ESRCH, "ESRCH" }, { ENXIO, "ENXIO" },
		{ E2BIG, "E2BIG" }, { ENOEXEC, "ENOEXEC" }, { EAGAIN, "EAGAIN" },
		{ ENOMEM, "ENOMEM" }, { EACCES, "EACCES" }, { EBUSY, "EBUSY" },
		{ EEXIST, "EEXIST" }, { EXDEV, "EXDEV" }, { ENODEV, "ENODEV" },
		{ ENOTDIR, "ENOTDIR" }, { EISDIR, "EISDIR" }, { EINVAL, "EINVAL" },
		{ EMFILE, "EMFILE" }, { ETXTBSY, "ETXTBSY" }, { EFBIG, "EFBIG" },
		{ ENOSPC, "ENOSPC" }, { EROFS, "EROFS" }, { EPIPE, "EPIPE" },
		{ ENAMETOOLONG, "ENAMETOOLONG" }, { ENOTEMPTY, "ENOTEMPTY" },
		{ ELOOP, "ELOOP" }, { EPROTO, "EPROTO" }, { EOPNOTSUPP, "EOPNOTSUPP" },
		{ ECONNRESET, "ECONNRESET" }, { ETIMEDOUT, "ETIMEDOUT" },
		{ ECONNREFUSED, "ECONNREFUSED" }, { EDQUOT, "EDQUOT" },
		{ ECANCELED, "ECANCELED" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == number)
			return names[i].name;
	}
	return "EIO";
}

const char *decimal(struct decimal *decimal, uint64_t value)
{
	char *digit = decimal->text + sizeof(decimal->text) - 1;

	*digit = '\0';
	do {
		*--digit = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return digit;
}
