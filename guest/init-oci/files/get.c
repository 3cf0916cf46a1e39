// SPDX-License-Identifier: Apache-2.0
/* A file or a directory, sent as a tar archive. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "base/in_root.h"
#include "base/proc.h"
#include "files/files.h"
#include "files/tar.h"

/* The most that one call copies. */
#define CHUNK 0x7ffff000

struct sender {
	int output;
	struct tar_entry entry;	/* its name is that of what is being sent */
	struct error *error;
};

static int send_bytes(struct sender *sender, const void *bytes, size_t count)
{
	if (file_write_all(sender->output, bytes, count) < 0)
		return step_error("get: write", "", sender->error);
	return 0;
}

static int send_zeros(struct sender *sender, uint64_t count)
{
	static const char zeros[TAR_BLOCK];

	while (count) {
		const size_t some = count < sizeof(zeros) ? (size_t)count : sizeof(zeros);

		if (send_bytes(sender, zeros, some) < 0)
			return -1;
		count -= some;
	}
	return 0;
}

static int fail(struct sender *sender)
{
	return step_error("get ", sender->entry.name, sender->error);
}

/* A name that has no room in the header comes before it, as a file of its own. */
static int send_long(struct sender *sender, char type, const char *text)
{
	const size_t size = strlen(text) + 1;
	struct tar_header header;

	if (size - 1 <= TAR_NAME_MAX)
		return 0;
	tar_make_long_header(type, size, &header);
	if (send_bytes(sender, &header, sizeof(header)) < 0 || send_bytes(sender, text, size) < 0)
		return -1;
	return send_zeros(sender, tar_padding(size));
}

static int send_header(struct sender *sender)
{
	struct tar_header header;

	if (send_long(sender, TAR_LONG_NAME, sender->entry.name) < 0 ||
	    send_long(sender, TAR_LONG_LINK, sender->entry.link) < 0)
		return -1;
	tar_make_header(&sender->entry, &header);
	return send_bytes(sender, &header, sizeof(header));
}

/* As much as the header says, whatever has become of the file. */
static int send_contents(struct sender *sender, int file)
{
	uint64_t left = sender->entry.size;

	while (left) {
		const ssize_t sent = sendfile(sender->output, file, NULL,
					      left < CHUNK ? (size_t)left : CHUNK);

		if (sent < 0)
			return fail(sender);
		if (sent == 0)
			break;
		left -= (uint64_t)sent;
	}
	return send_zeros(sender, left + tar_padding(sender->entry.size));
}

static int send_file(struct sender *sender, int found)
{
	/* It is known to be a regular file, and is that very one. */
	int file = proc_reopen(found, O_RDONLY | O_NOCTTY);
	int result;

	if (file < 0)
		return fail(sender);
	result = send_header(sender);
	if (!result)
		result = send_contents(sender, file);
	close(file);
	return result;
}

static int send_link(struct sender *sender, int found)
{
	const ssize_t length = readlinkat(found, "", sender->entry.link,
					  sizeof(sender->entry.link) - 1);

	if (length < 0)
		return fail(sender);
	sender->entry.link[length] = '\0';
	return send_header(sender);
}

static int send_one(struct sender *sender, int directory, const char *name);

/* Appends to the name, which afterwards is as long as before. */
static int send_member(struct sender *sender, int directory, const char *member)
{
	const size_t length = strlen(sender->entry.name), more = strlen(member);
	int result;

	if (length + more >= sizeof(sender->entry.name)) {
		errno = ENAMETOOLONG;
		return fail(sender);
	}
	memcpy(sender->entry.name + length, member, more + 1);
	result = send_one(sender, directory, member);
	sender->entry.name[length] = '\0';
	return result;
}

static int send_members(struct sender *sender, int found)
{
	int fd = openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!directory)
		return fail(sender);
	while (!result && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = send_member(sender, fd, entry->d_name);
	}
	closedir(directory);
	return result;
}

static int send_directory(struct sender *sender, int found)
{
	const size_t length = strlen(sender->entry.name);
	int result;

	if (length + 1 >= sizeof(sender->entry.name)) {
		errno = ENAMETOOLONG;
		return fail(sender);
	}
	strcpy(sender->entry.name + length, "/");
	result = send_header(sender);
	/* Reading what is in a /proc or /sys may wait, or do something. */
	if (!result && !in_root_is_of_kernel(found))
		result = send_members(sender, found);
	sender->entry.name[length] = '\0';
	return result;
}

static int send_found(struct sender *sender, int found)
{
	struct tar_entry *entry = &sender->entry;
	struct stat status;

	if (fstat(found, &status) < 0)
		return fail(sender);
	entry->mode = status.st_mode & 07777;
	entry->uid = status.st_uid;
	entry->gid = status.st_gid;
	entry->time = status.st_mtime;
	entry->major = major(status.st_rdev);
	entry->minor = minor(status.st_rdev);
	entry->size = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
	entry->link[0] = '\0';
	switch (status.st_mode & S_IFMT) {
	case S_IFREG:
		entry->type = TAR_FILE;
		return send_file(sender, found);
	case S_IFDIR:
		entry->type = TAR_DIRECTORY;
		return send_directory(sender, found);
	case S_IFLNK:
		entry->type = TAR_LINK;
		return send_link(sender, found);
	case S_IFSOCK:
		return 0;
	default:
		entry->type = S_ISFIFO(status.st_mode) ? TAR_FIFO :
			      S_ISCHR(status.st_mode)  ? TAR_CHARACTER :
							 TAR_BLOCK_DEVICE;
		return send_header(sender);
	}
}

static int send_one(struct sender *sender, int directory, const char *name)
{
	int found = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int result;

	/* It may have been removed. */
	if (found < 0)
		return errno == ENOENT ? 0 : fail(sender);
	result = send_found(sender, found);
	close(found);
	return result;
}

/* What the path leads to, whose last part is followed only if it ends with a slash or dot. */
static int find(struct sender *sender, const char *path)
{
	char directory[PATH_MAX];
	size_t end = strlen(path), start;
	bool is_plain;
	int parent, found;

	if (end >= sizeof(directory)) {
		errno = ENAMETOOLONG;
		return step_error("get ", path, sender->error);
	}
	is_plain = path[end - 1] != '/';
	while (end && path[end - 1] == '/')
		end--;
	for (start = end; start && path[start - 1] != '/';)
		start--;
	memcpy(sender->entry.name, path + start, end - start);
	sender->entry.name[end - start] = '\0';
	is_plain = is_plain && strcmp(sender->entry.name, ".") != 0 &&
		   strcmp(sender->entry.name, "..") != 0;
	if (!is_plain) {
		if (!sender->entry.name[0] || !strcmp(sender->entry.name, ".."))
			strcpy(sender->entry.name, ".");
		return in_root_find("get ", IN_ROOT(path), sender->error);
	}
	memcpy(directory, path, start);
	directory[start] = '\0';
	parent = in_root_find("get ", IN_ROOT(directory), sender->error);
	if (parent < 0)
		return -1;
	found = openat(parent, sender->entry.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	close(parent);
	return found < 0 ? step_error("get ", path, sender->error) : found;
}

int files_get(const char *path, int output, struct error *error)
{
	static struct sender sender;
	int found, result;

	sender.output = output;
	sender.error = error;
	found = find(&sender, path);
	if (found < 0)
		return -1;
	result = send_found(&sender, found);
	close(found);
	/* The end of an archive. */
	return result < 0 ? -1 : send_zeros(&sender, 2 * TAR_BLOCK);
}
