// SPDX-License-Identifier: Apache-2.0
/* Mounts of a container that runs: of a share or a disk that was plugged in. */
#include "operations/mounts.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/in_root.h"
#include "config/confinement.h"
#include "config/oci_config.h"
#include "container/container_mounts.h"

int mounts_add(const char *text, size_t length, const struct host_sources *sources,
	       unsigned int without, struct error *error)
{
	struct config config;
	int result;

	if (config_parse_mount(text, length, &config, error) < 0)
		return -1;
	result = confinement_check(&config, without, error);
	if (!result)
		result = container_mounts_make(&config, sources, error);
	config_free(&config);
	return result;
}

/*
 * By its name in the directory that it is in, which cannot be changed meanwhile to one
 * outside of the root.
 */
int mounts_remove(const char *path, struct error *error)
{
	char directory[PATH_MAX];
	size_t length = strlen(path);
	const char *name;
	int fd, result = -1;

	while (length && path[length - 1] == '/')
		length--;
	if (!length || length >= sizeof(directory))
		return ERROR(error, "umount ", path, ": is no path of a mount");
	memcpy(directory, path, length);
	directory[length] = '\0';
	name = strrchr(directory, '/');
	if (!name)
		return ERROR(error, "umount ", path, ": is not an absolute path");
	directory[name - directory] = '\0';
	fd = in_root_find("umount ", IN_ROOT(directory[0] ? directory : "/"), error);
	if (fd < 0)
		return -1;
	if (fchdir(fd) == 0)
		result = umount2(name + 1, UMOUNT_NOFOLLOW);
	if (result < 0)
		step_error("umount ", path, error);
	close(fd);
	return result;
}
