// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asset.h"
#include "initramfs.h"

/* Linux does not unpack a longer one, its NUL included. */
#define LONGEST_PATH 4096
/* More than the memory of most VMs, and doubling it does not overflow. */
#define LARGEST_FILE ((size_t)1 << 30)
#define FORMAT_DIRECTORY 0040000
#define FORMAT_TYPE 0170000

/* Where init-oci looks unless the kernel's command line says otherwise. */
static const char *const expected_paths[] = { "/oci/config.json", "/oci/overrides.json" };

/* The path in the archive that FILE or FILE:/PATH means. *file_length is that of FILE. */
static const char *path_of(const char *appended, size_t *file_length)
{
	const char *colon = NULL, *next, *name;
	size_t i;

	for (next = appended; (next = strstr(next, ":/")) != NULL; next++)
		colon = next;
	*file_length = colon == NULL ? strlen(appended) : (size_t)(colon - appended);
	if (colon != NULL)
		return colon + 1;
	name = strrchr(appended, '/');
	name = name == NULL ? appended : name + 1;
	for (i = 0; i < sizeof(expected_paths) / sizeof(expected_paths[0]); i++)
		if (strcmp(strrchr(expected_paths[i], '/') + 1, name) == 0)
			return expected_paths[i];
	return NULL;
}

/* Whether every part of an absolute path is a name. */
static bool is_plain_path(const char *path)
{
	if (strlen(path) >= LONGEST_PATH)
		return false;
	while (*path == '/') {
		size_t length = strcspn(++path, "/");

		if (length == 0 || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += length;
	}
	return true;
}

/* The parent directories of the file at that path, each once. */
static int add_parents(const struct program *program, struct cpio *archive, const char *path)
{
	char name[LONGEST_PATH];
	const char *slash = path;
	mode_t mode;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		size_t length = (size_t)(slash - path - 1);

		memcpy(name, path + 1, length);
		name[length] = '\0';
		mode = cpio_find(archive, name);
		if (mode == 0 && cpio_add_directory(archive, name, 0755) < 0) {
			complain(program, "%s", strerror(errno));
			return -1;
		}
		if (mode != 0 && (mode & FORMAT_TYPE) != FORMAT_DIRECTORY) {
			complain(program, "--append: %s: /%s is a file in the initramfs: "
				 "choose another path", path, name);
			return -1;
		}
	}
	return 0;
}

/* The rest of a file, in memory that the caller frees; NULL with errno set. */
static unsigned char *read_rest(int fd, size_t *length)
{
	unsigned char *bytes = NULL, *larger;
	size_t room = 0;
	ssize_t got;

	*length = 0;
	do {
		if (*length == room) {
			room = room == 0 ? 65536 : 2 * room;
			larger = room > LARGEST_FILE ? NULL : realloc(bytes, room);
			if (larger == NULL)
				goto fail;
			bytes = larger;
		}
		got = read(fd, bytes + *length, room - *length);
		if (got < 0 && errno != EINTR)
			goto fail;
		*length += got > 0 ? (size_t)got : 0;
	} while (got != 0);
	return bytes;

fail:
	if (room > LARGEST_FILE)
		errno = EFBIG;
	free(bytes);
	return NULL;
}

static unsigned char *read_file(const char *path, size_t *length)
{
	unsigned char *bytes;
	int error, fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	bytes = read_rest(fd, length);
	error = errno;
	close(fd);
	errno = error;
	return bytes;
}

static int add_file(const struct program *program, struct cpio *archive, const char *file,
		    const char *path)
{
	size_t length;
	unsigned char *bytes;
	int result;

	bytes = read_file(file, &length);
	if (bytes == NULL) {
		complain(program, "--append: %s: %s", file, strerror(errno));
		return -1;
	}
	result = cpio_add_file(archive, path + 1, 0644, bytes, length);
	if (result < 0)
		complain(program, "--append: %s: %s", file, strerror(errno));
	free(bytes);
	return result;
}

static int add_appended(const struct program *program, struct cpio *archive, const char *appended)
{
	size_t file_length;
	const char *path = path_of(appended, &file_length);
	char *file;
	int result;

	/* Without a colon it is a file, whose name may be misspelled. */
	if (path == NULL && strchr(appended, ':') == NULL && access(appended, F_OK) < 0) {
		complain(program, "--append: %s: %s", appended, strerror(errno));
		return -1;
	}
	if (path == NULL) {
		complain(program, "--append: %s: init-oci looks for %s and %s: say which this is, "
			 "as in --append=%s:%s", appended, expected_paths[0], expected_paths[1],
			 appended, expected_paths[0]);
		return -1;
	}
	if (!is_plain_path(path)) {
		complain(program, "--append: %s: is not a path of names with one slash before each",
			 path);
		return -1;
	}
	if (cpio_find(archive, path + 1) != 0) {
		complain(program, "--append: %s: is in the initramfs already: choose another path",
			 path);
		return -1;
	}
	if (add_parents(program, archive, path) < 0)
		return -1;
	file = strndup(appended, file_length);
	if (file == NULL) {
		complain(program, "%s", strerror(errno));
		return -1;
	}
	result = add_file(program, archive, file, path);
	free(file);
	return result;
}

int initramfs_begin(const struct program *program, struct cpio *archive)
{
	const struct asset *init = asset_find(INIT_ASSET);
	const unsigned char *bytes;
	size_t length;

	memset(archive, 0, sizeof(*archive));
	bytes = init->get(&length);
	/* The kernel opens the console for its first program, which has yet to mount /dev. */
	if (bytes != NULL && cpio_add_directory(archive, "dev", 0755) == 0 &&
	    cpio_add_character_device(archive, "dev/console", 0600, 5, 1) == 0 &&
	    cpio_add_file(archive, "init", 0755, bytes, length) == 0)
		return 0;
	complain(program, "%s: %s", init->name, asset_error(errno));
	free(archive->bytes);
	return -1;
}

int initramfs_make(const struct program *program, struct cpio *archive,
		   char *const *appended, size_t count)
{
	size_t i;

	if (initramfs_begin(program, archive) < 0)
		return -1;
	for (i = 0; i < count; i++)
		if (add_appended(program, archive, appended[i]) < 0)
			goto fail;
	if (cpio_end(archive) == 0)
		return 0;
	complain(program, "%s", strerror(errno));
fail:
	free(archive->bytes);
	return -1;
}
