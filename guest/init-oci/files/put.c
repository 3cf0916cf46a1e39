// SPDX-License-Identifier: Apache-2.0
/* A tar archive, unpacked in a directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "base/in_root.h"
#include "files/files.h"
#include "files/tar.h"

/* Of records before a file: more than any path. */
#define MORE_MAX (64 * 1024)

/* Directories one in the other whose times are kept; those of further ones are not. */
#define LEVELS_MAX 64

struct receiver {
	int input;
	struct error *error;
	struct tar_entry entry;
	/*
	 * The last directory, and those that it is in, as parts of its name. What comes
	 * into one changes its time, which is therefore set when the next file is elsewhere.
	 */
	char path[PATH_MAX];
	struct level {
		size_t length;
		int64_t time;
	} levels[LEVELS_MAX];
	size_t level_count;
	char buffer[64 * 1024];
};

/* Below the directory, which is the working directory, and the root of all links. */
#define BELOW(path) (&(const struct root_path){ ".", path })

static int fail(struct receiver *receiver)
{
	return step_error("put ", receiver->entry.name, receiver->error);
}

/* Returns how much there was before the end, or -1. */
static ssize_t receive_some(struct receiver *receiver, void *bytes, size_t count)
{
	size_t got = 0;

	while (got < count) {
		const ssize_t more = read(receiver->input, (char *)bytes + got, count - got);

		if (more < 0)
			return step_error("put: read", "", receiver->error);
		if (more == 0)
			break;
		got += (size_t)more;
	}
	return (ssize_t)got;
}

static int receive(struct receiver *receiver, void *bytes, size_t count)
{
	const ssize_t got = receive_some(receiver, bytes, count);

	if (got >= 0 && (size_t)got < count) {
		ERROR(receiver->error, "put: the archive ends early");
		receiver->error->number = EPROTO;
		return -1;
	}
	return got < 0 ? -1 : 0;
}

/* fd: -1 to skip it. */
static int receive_contents(struct receiver *receiver, int fd)
{
	uint64_t left = receiver->entry.size;

	while (left) {
		const size_t some = left < sizeof(receiver->buffer) ? (size_t)left :
								      sizeof(receiver->buffer);

		if (receive(receiver, receiver->buffer, some) < 0)
			return -1;
		if (fd >= 0 && file_write_all(fd, receiver->buffer, some) < 0)
			return fail(receiver);
		left -= some;
	}
	return receive(receiver, receiver->buffer, tar_padding(receiver->entry.size));
}

/* Long names and other records, which are about the next file. */
static int receive_more(struct receiver *receiver, char type, uint64_t size)
{
	char *text;
	int result = -1;

	if (size > MORE_MAX)
		return ERROR(receiver->error, "put: the archive has a name that is too long");
	text = malloc((size_t)size + tar_padding(size) + 1);
	if (!text)
		return step_error("put", "", receiver->error);
	if (receive(receiver, text, (size_t)size + tar_padding(size)) == 0) {
		result = tar_parse_more(type, text, (size_t)size, &receiver->entry);
		if (result < 0)
			ERROR(receiver->error, "put: the archive has a record that is wrong");
	}
	free(text);
	return result;
}

/* What is in the way goes, unless it is a directory. */
static int clear(struct receiver *receiver, int directory, const char *name)
{
	if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
		return fail(receiver);
	return 0;
}

static int set_attributes(struct receiver *receiver, int fd)
{
	const struct tar_entry *entry = &receiver->entry;
	const struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_sec = entry->time } };

	if (fchown(fd, entry->uid, entry->gid) < 0 || fchmod(fd, entry->mode) < 0 ||
	    futimens(fd, times) < 0)
		return fail(receiver);
	return 0;
}

/* It gets its name when it is whole, so that nothing is lost for half a file. */
static int make_file(struct receiver *receiver, int directory, const char *name)
{
	int fd = openat(directory, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	const bool has_name = fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR);
	int result;

	if (has_name) {
		/* A file system without such files, as some shares are. */
		if (clear(receiver, directory, name) < 0)
			return -1;
		fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0600);
	}
	if (fd < 0)
		return fail(receiver);
	result = receive_contents(receiver, fd);
	if (!result)
		result = set_attributes(receiver, fd);
	if (!result && !has_name)
		result = clear(receiver, directory, name);
	if (!result && !has_name && linkat(fd, "", directory, name, AT_EMPTY_PATH) < 0)
		result = fail(receiver);
	if (result < 0 && has_name)
		unlinkat(directory, name, 0);
	close(fd);
	return result;
}

/* Of those that the next file is not in; NULL for all. */
static int set_times(struct receiver *receiver, const char *next)
{
	while (receiver->level_count) {
		const struct level *level = &receiver->levels[receiver->level_count - 1];
		const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
						   { .tv_sec = level->time } };
		int fd, result;

		if (next && !strncmp(next, receiver->path, level->length) &&
		    next[level->length] == '/')
			return 0;
		receiver->path[level->length] = '\0';
		receiver->level_count--;
		fd = in_root_find("put ", BELOW(receiver->path), receiver->error);
		/* It may have been removed. */
		if (fd < 0)
			continue;
		result = utimensat(fd, "", times, AT_EMPTY_PATH);
		close(fd);
		if (result < 0)
			return step_error("put ", receiver->path, receiver->error);
	}
	return 0;
}

static void note_time(struct receiver *receiver)
{
	if (receiver->level_count == LEVELS_MAX)
		return;
	strcpy(receiver->path, receiver->entry.name);
	receiver->levels[receiver->level_count++] =
		(struct level){ strlen(receiver->path), receiver->entry.time };
}

static int make_directory(struct receiver *receiver, int directory, const char *name)
{
	int fd, result;

	if (mkdirat(directory, name, 0700) < 0) {
		if (errno != EEXIST)
			return fail(receiver);
		if (unlinkat(directory, name, 0) == 0 && mkdirat(directory, name, 0700) < 0)
			return fail(receiver);
	}
	fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(receiver);
	result = set_attributes(receiver, fd);
	close(fd);
	if (!result)
		note_time(receiver);
	return result;
}

static int make_hard_link(struct receiver *receiver, int directory, const char *name)
{
	const char *target;
	int from = in_root_make_parent("put ", BELOW(receiver->entry.link), &target, receiver->error);
	int result = -1;

	if (from < 0)
		return -1;
	if (clear(receiver, directory, name) == 0) {
		result = linkat(from, target, directory, name, 0);
		if (result < 0)
			fail(receiver);
	}
	close(from);
	return result;
}

/* Of what has just been made: the container may have put another file in its place. */
static int set_attributes_of(struct receiver *receiver, int directory, const char *name,
			     mode_t kind)
{
	const struct tar_entry *entry = &receiver->entry;
	const struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_sec = entry->time } };
	const int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int result = -1;

	if (fd >= 0 && fstat(fd, &status) == 0) {
		if ((status.st_mode & S_IFMT) != kind || status.st_nlink != 1)
			errno = EBUSY;
		else if (fchownat(fd, "", entry->uid, entry->gid, AT_EMPTY_PATH) == 0)
			result = utimensat(fd, "", times, AT_EMPTY_PATH);
	}
	if (result < 0)
		fail(receiver);
	if (fd >= 0)
		close(fd);
	return result;
}

static int make_other(struct receiver *receiver, int directory, const char *name)
{
	const struct tar_entry *entry = &receiver->entry;
	mode_t kind = S_IFIFO;
	int result;

	if (clear(receiver, directory, name) < 0)
		return -1;
	if (entry->type == TAR_LINK)
		kind = S_IFLNK;
	else if (entry->type == TAR_CHARACTER)
		kind = S_IFCHR;
	else if (entry->type == TAR_BLOCK_DEVICE)
		kind = S_IFBLK;
	if (kind == S_IFLNK)
		result = symlinkat(entry->link, directory, name);
	else
		result = mknodat(directory, name, kind | entry->mode,
				 makedev(entry->major, entry->minor));
	if (result < 0)
		return fail(receiver);
	return set_attributes_of(receiver, directory, name, kind);
}

static int make_one(struct receiver *receiver, int directory, const char *name)
{
	switch (receiver->entry.type) {
	case TAR_FILE:
	case TAR_CONTIGUOUS:
		return make_file(receiver, directory, name);
	case TAR_DIRECTORY:
		return make_directory(receiver, directory, name);
	case TAR_HARD_LINK:
		return make_hard_link(receiver, directory, name);
	case TAR_LINK:
	case TAR_CHARACTER:
	case TAR_BLOCK_DEVICE:
	case TAR_FIFO:
		return make_other(receiver, directory, name);
	default:
		ERROR(receiver->error, "put ", receiver->entry.name,
		      ": files of this type are not supported");
		receiver->error->number = EOPNOTSUPP;
		return -1;
	}
}

static void cut_slashes(char *path)
{
	size_t length = strlen(path);

	while (length && path[length - 1] == '/')
		path[--length] = '\0';
}

static int receive_entry(struct receiver *receiver)
{
	char *path = receiver->entry.name;
	const char *name;
	int directory, result;

	cut_slashes(path);
	if (set_times(receiver, path) < 0)
		return -1;
	name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	/* The directory itself is as it is. */
	if (!name[0] || !strcmp(name, "."))
		return receive_contents(receiver, -1);
	if (!strcmp(name, ".."))
		return ERROR(receiver->error, "put ", path, ": is no name of a file");
	directory = in_root_make_parent("put ", BELOW(path), &name, receiver->error);
	if (directory < 0)
		return -1;
	if (in_root_is_of_kernel(directory)) {
		errno = EPERM;
		result = fail(receiver);
	} else {
		result = make_one(receiver, directory, name);
	}
	close(directory);
	return result;
}

static int receive_all(struct receiver *receiver)
{
	struct tar_entry *entry = &receiver->entry;
	struct tar_header header;

	for (;;) {
		const ssize_t got = receive_some(receiver, &header, sizeof(header));
		int found;

		/* Some programs leave the end out. */
		if (got <= 0)
			return (int)got;
		found = (size_t)got < sizeof(header) ? -1 : tar_parse_header(&header, entry);
		if (found == 0)
			return 0;
		if (found < 0) {
			ERROR(receiver->error, "put: this is no tar archive");
			receiver->error->number = EPROTO;
			return -1;
		}
		if (tar_is_more(header.type)) {
			if (receive_more(receiver, header.type, entry->size) < 0)
				return -1;
			continue;
		}
		if (receive_entry(receiver) < 0)
			return -1;
		memset(entry, 0, sizeof(*entry));
	}
}

int files_put(const char *path, int input, struct error *error)
{
	static struct receiver receiver;
	int directory = in_root_find("put ", IN_ROOT(path), error);
	int result;

	if (directory < 0)
		return -1;
	result = fchdir(directory);
	close(directory);
	if (result < 0)
		return step_error("put ", path, error);
	umask(0);
	receiver.input = input;
	receiver.error = error;
	result = receive_all(&receiver);
	return result < 0 ? -1 : set_times(&receiver, NULL);
}
