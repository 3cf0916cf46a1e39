// SPDX-License-Identifier: Apache-2.0
/* The last unmounts, so that nothing is lost. */
#include "root/unmount.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/console.h"
#include "base/deadline.h"
#include "base/proc.h"

#define MOUNTS_MAX (256 * 1024)
/* For each step, without a page written meanwhile. */
#define WAIT_SECONDS 30

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

/* Whether a server has the files, which may never answer. */
static bool is_remote(const char *type)
{
	static const char *const types[] = { "virtiofs", "fuse", "9p", "nfs", "cifs" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!strncmp(type, types[i], strlen(types[i])))
			return true;
	}
	return false;
}

/* line is "SOURCE TARGET TYPE ...". */
static void unmount_line(char *line, bool local_only)
{
	char *target = strchr(line, ' ');
	char *end = target ? strchr(target + 1, ' ') : NULL;

	if (!end || (local_only && is_remote(end + 1)))
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

static void unmount_listed(bool local_only)
{
	size_t length;
	char *mounts = proc_read("self/mounts", MOUNTS_MAX, &length);

	if (!mounts)
		return;
	/* The last one first, for it may be mounted on an earlier one. */
	while (length) {
		mounts[--length] = '\0';
		while (length && mounts[length - 1] != '\n')
			length--;
		unmount_line(mounts + length, local_only);
	}
	free(mounts);
}

/* The upper is below the root, and so not listed; read-only is as clean as unmounted. */
static void clean_upper(int upper)
{
	if (upper < 0)
		return;
	syncfs(upper);
	if (fchdir(upper) == 0)
		mount(NULL, ".", NULL, MS_REMOUNT | MS_RDONLY, NULL);
}

static void write_all_back(const void *upper)
{
	if (chdir("/") == 0)
		unmount_listed(false);
	sync();
	clean_upper(*(const int *)upper);
}

static void write_local_back(const void *upper)
{
	if (chdir("/") == 0)
		unmount_listed(true);
	clean_upper(*(const int *)upper);
}

void unmount_all(int upper)
{
	if (deadline_run(write_all_back, &upper, WAIT_SECONDS))
		return;
	SAY("unmount: a file system does not answer; what was not written to it is lost");
	if (!deadline_run(write_local_back, &upper, WAIT_SECONDS))
		SAY("unmount: nor does one on a disk; it may need a check");
}
