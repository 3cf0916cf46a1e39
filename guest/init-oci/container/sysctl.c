// SPDX-License-Identifier: Apache-2.0
/* Settings in /proc/sys. */
#include "container/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/linux_abi.h"
#include "base/proc.h"

#define NAME_MAX_LENGTH 256

int sysctl_path(const char *name, char *path, size_t size)
{
	const size_t length = strlen(name);
	const char separator = name[strcspn(name, "./")];

	if (length >= size)
		return -1;
	for (size_t i = 0; i <= length; i++) {
		path[i] = name[i];
		if (separator == '.' && name[i] == '.')
			path[i] = '/';
		else if (separator == '.' && name[i] == '/')
			path[i] = '.';
	}
	return 0;
}

static int write_setting(int directory, const struct setting *setting)
{
	/* A name that leads elsewhere, such as ../irq, is not a setting. */
	const struct open_request how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	char path[NAME_MAX_LENGTH];
	ssize_t written;
	int fd;

	if (sysctl_path(setting->name, path, sizeof(path)) < 0) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open_path(directory, path, &how);
	if (fd < 0) {
		/* The kernel's answer to a path that leads out. */
		if (errno == EXDEV)
			errno = ENOENT;
		return -1;
	}
	written = write(fd, setting->value, strlen(setting->value));
	close(fd);
	return written < 0 ? -1 : 0;
}

int sysctl_apply(const struct config *config, struct error *error)
{
	int directory, result = 0;

	if (!config->setting_count)
		return 0;
	directory = openat(PROC_FILENO, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return step_error("open /proc/sys", "", error);
	for (size_t i = 0; !result && i < config->setting_count; i++) {
		const struct setting *setting = &config->settings[i];

		if (write_setting(directory, setting) < 0 && !setting->optional)
			result = ERROR(error, "set linux.sysctl ", setting->name, " to ",
				       setting->value, ": ", strerror(errno));
	}
	close(directory);
	return result;
}
