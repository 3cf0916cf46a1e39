// SPDX-License-Identifier: Apache-2.0
/* The configuration and its overrides, as they are read from where they are. */
#include "root/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/linux_abi.h"
#include "devices/shares.h"
#include "root/root.h"

#define SHARE "/share"

static int open_below(const char *root, const char *path)
{
	const struct open_request how = {
		/* An image may have a FIFO there, and opening one can block for ever. */
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (directory < 0)
		return -1;
	fd = open_path(directory, path, &how);
	close(directory);
	return fd;
}

/* NULL with errno set on failure. */
static char *read_below(const char *root, const char *path, size_t size, size_t *length)
{
	int fd = open_below(root, path);
	struct stat status;
	char *text = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0) {
		if (S_ISREG(status.st_mode))
			text = file_read_open(fd, size, length);
		else
			errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
	}
	close(fd);
	return text;
}

char *document_read(const struct document_location *location, size_t size, size_t *length,
		    struct error *error)
{
	static const char *const roots[] = {
		[DOCUMENT_IN_INITRAMFS] = "/",
		[DOCUMENT_IN_LAYERS] = ROOT_MERGED,
		[DOCUMENT_ON_SHARE] = SHARE,
	};
	const char *place = location->place == DOCUMENT_IN_LAYERS ? "layers:" : "";
	char *text;

	if (location->place == DOCUMENT_ON_SHARE) {
		if (mkdir(SHARE, 0700) < 0 && errno != EEXIST) {
			step_error("make directory " SHARE, "", error);
			return NULL;
		}
		if (share_mount(location->share, SHARE, "read virtiofs:", error) < 0)
			return NULL;
	}
	text = read_below(roots[location->place], location->path, size, length);
	if (!text && location->share)
		ERROR(error, "read virtiofs:", location->share, ":", location->path, ": ",
		      strerror(errno));
	else if (!text)
		ERROR(error, "read ", place, location->path, ": ", strerror(errno));
	if (location->place == DOCUMENT_ON_SHARE)
		umount2(SHARE, MNT_DETACH);
	return text;
}
