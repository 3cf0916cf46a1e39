// SPDX-License-Identifier: Apache-2.0
/* The host's directories on virtiofs, by their tag. */
#include "devices/shares.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "devices/device_wait.h"

#define SHARES "/sys/fs/virtiofs"

static bool has_tag(const char *instance, const char *tag)
{
	char path[64], found[64];
	ssize_t length;
	int fd;

	text_join(path, sizeof(path), (const char *const[]){
		SHARES "/", instance, "/tag", NULL });
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* A line, whose newline is not part of the tag. */
	length = read(fd, found, sizeof(found)) - 1;
	close(fd);
	return length == (ssize_t)strlen(tag) && !memcmp(found, tag, (size_t)length);
}

static int look(void *subject, struct error *error)
{
	DIR *directory = opendir(SHARES);
	struct dirent *entry;
	bool found = false;

	if (!directory)
		return ERROR(error, "find share ", subject, ": this kernel has no virtiofs, "
			     "or is older than Linux 6.9");
	while (!found && (entry = readdir(directory)))
		found = entry->d_name[0] != '.' && has_tag(entry->d_name, subject);
	closedir(directory);
	return found;
}

int share_find(const char *tag, struct error *error)
{
	int found = device_wait(look, (void *)tag, error);

	if (!found)
		ERROR(error, "find share ", tag, NOT_THERE);
	return found > 0 ? 0 : -1;
}

int share_mount(const char *tag, const char *target, const char *step, struct error *error)
{
	if (share_find(tag, error) < 0)
		return -1;
	if (mount(tag, target, "virtiofs", MS_RDONLY, NULL) < 0)
		return step_error(step, tag, error);
	return 0;
}
