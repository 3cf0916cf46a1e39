// SPDX-License-Identifier: Apache-2.0
/* The last unmounts, so that nothing is lost. */
#include "root/unmount.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/file.h"

#define MOUNTS_MAX (256 * 1024)

/* The kernel writes spaces and the like as \ooo. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return !strncmp(path, directory, length) && (!path[length] || path[length] == '/');
}

/* line is "SOURCE TARGET TYPE ...". */
static void unmount_line(char *line)
{
	char *target = strchr(line, ' ');
	char *end = target ? strchr(target + 1, ' ') : NULL;

	if (!end)
		return;
	target++;
	*end = '\0';
	unescape(target);
	/* These hold nothing that could be lost, and unmounting takes time. */
	if (!target[1] || is_below(target, "/proc") || is_below(target, "/sys") ||
	    is_below(target, "/dev"))
		return;
	umount2(target, UMOUNT_NOFOLLOW);
}

static void unmount_listed(void)
{
	struct error error;
	size_t length;
	char *mounts = file_read("/proc/self/mounts", MOUNTS_MAX, &length, &error);

	if (!mounts)
		return;
	/* The last one first, for it may be mounted on an earlier one. */
	while (length) {
		mounts[--length] = '\0';
		while (length && mounts[length - 1] != '\n')
			length--;
		unmount_line(mounts + length);
	}
	free(mounts);
}

void unmount_all(int upper)
{
	if (chdir("/") == 0)
		unmount_listed();
	sync();
	/* Below the root, and so not listed; read-only is as clean as unmounted. */
	if (upper >= 0 && fchdir(upper) == 0)
		mount(NULL, ".", NULL, MS_REMOUNT | MS_RDONLY, NULL);
}
