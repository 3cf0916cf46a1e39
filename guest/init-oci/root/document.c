// SPDX-License-Identifier: Apache-2.0
/* The configuration and its overrides, as they are read from where they are. */
#include "root/document.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/in_root.h"
#include "devices/shares.h"
#include "root/root.h"

#define SHARE "/share"

static char *read_below(const char *step, const char *root, const char *path, size_t size,
			size_t *length, struct error *error)
{
	int fd = in_root_open_file(step, &(const struct root_path){ root, path }, error);
	char *text;

	if (fd < 0)
		return NULL;
	text = file_read_open(fd, size, length);
	if (!text)
		step_error(step, path, error);
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
	const char *step = location->place == DOCUMENT_IN_LAYERS ? "read layers:" : "read ";
	char step_of_share[64], *text;

	if (location->place == DOCUMENT_ON_SHARE) {
		if (mkdir(SHARE, 0700) < 0 && errno != EEXIST) {
			step_error("make directory " SHARE, "", error);
			return NULL;
		}
		if (share_mount(location->share, SHARE, "read virtiofs:", error) < 0)
			return NULL;
		text_join(step_of_share, sizeof(step_of_share), (const char *const[]){
			"read virtiofs:", location->share, ":", NULL });
		step = step_of_share;
	}
	text = read_below(step, roots[location->place], location->path, size, length, error);
	if (location->place == DOCUMENT_ON_SHARE)
		umount2(SHARE, MNT_DETACH);
	return text;
}
