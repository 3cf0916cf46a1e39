// SPDX-License-Identifier: Apache-2.0
/* Files of an image: found, opened and made without trust in the image. */
#include "base/in_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/linux_abi.h"

#define LINKS_MAX 8
#define TRIES_MAX 100

#define PROC_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572
#define CGROUP2_MAGIC 0x63677270
#define DEBUGFS_MAGIC 0x64626720
#define TRACEFS_MAGIC 0x74726163

/* 0 for none that is known. */
static unsigned long file_system_of(int fd)
{
	struct statfs file_system;

	return fstatfs(fd, &file_system) < 0 ? 0 : (unsigned long)file_system.f_type;
}

bool in_root_is_of_kernel(int fd)
{
	switch (file_system_of(fd)) {
	case PROC_MAGIC:
	case SYSFS_MAGIC:
	case CGROUP2_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
		return true;
	default:
		return false;
	}
}

bool in_root_is_of_proc(int fd)
{
	return file_system_of(fd) == PROC_MAGIC;
}

static int resolve(int root, const char *path, uint64_t flags, uint64_t limits)
{
	const struct open_request how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | limits,
	};
	int fd = -1, tries = 0;

	/* A ".." is refused while anything at all is being moved or mounted. */
	do
		fd = open_path(root, path, &how);
	while (fd < 0 && errno == EAGAIN && ++tries < TRIES_MAX);
	return fd;
}

static int open_root(const struct root_path *where)
{
	return open(where->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int failed(const char *step, const struct root_path *where, struct error *error)
{
	const int number = errno;

	/* The kernel's answer to links in a circle, and to those that jump. */
	if (number == ELOOP)
		ERROR(error, step, where->path,
		      ": has links that go round in a circle or jump out of the root");
	else if (number == EXDEV)
		ERROR(error, step, where->path, ": is a link into /proc or /sys");
	else
		step_error(step, where->path, error);
	error->number = number;
	return -1;
}

/* Takes fd over, and gives it back unless a link of the path led it into /proc or /sys. */
static int refuse_stray(int root, const char *path, int fd)
{
	int direct;

	if (fd < 0 || !in_root_is_of_kernel(fd))
		return fd;
	direct = resolve(root, path, O_PATH, RESOLVE_NO_SYMLINKS);
	if (direct >= 0) {
		close(direct);
		return fd;
	}
	close(fd);
	errno = EXDEV;
	return -1;
}

static int find(const char *step, const struct root_path *where, bool anywhere,
		struct error *error)
{
	int root = open_root(where), fd = -1;

	if (root >= 0) {
		fd = resolve(root, where->path, O_PATH, 0);
		if (!anywhere)
			fd = refuse_stray(root, where->path, fd);
		close(root);
	}
	return fd < 0 ? failed(step, where, error) : fd;
}

int in_root_find(const char *step, const struct root_path *where, struct error *error)
{
	return find(step, where, false, error);
}

int in_root_find_anywhere(const char *step, const struct root_path *where, struct error *error)
{
	return find(step, where, true, error);
}

static int make_path(int root, const char *path, bool is_file, int links);

/* Makes what a link that leads nowhere would lead to. part is the path of the link. */
static int make_target(int root, const char *part, int link, bool is_file, int links)
{
	const size_t directory = (size_t)(strrchr(part, '/') - part) + 1;
	char target[PATH_MAX];
	ssize_t length;

	if (links == LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	memcpy(target, part, directory);
	length = readlinkat(link, "", target + directory, PATH_MAX - directory);
	if (length < 0)
		return -1;
	if ((size_t)length == PATH_MAX - directory) {
		errno = ENAMETOOLONG;
		return -1;
	}
	target[directory + (size_t)length] = '\0';
	return make_path(root, target + (target[directory] == '/' ? directory : 0), is_file,
			 links + 1);
}

static int make_one(int directory, const char *name, bool is_file)
{
	int fd;

	if (!is_file) {
		if (mkdirat(directory, name, 0755) < 0)
			return -1;
	} else {
		fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0)
			return -1;
		close(fd);
	}
	return openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Finds the last part of a path, or makes it in the directory where it belongs. */
static int make_part(int root, int directory, const char *part, bool is_file, int links)
{
	int fd = resolve(root, part, O_PATH, 0), link;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	link = resolve(root, part, O_PATH | O_NOFOLLOW, 0);
	if (link >= 0) {
		fd = make_target(root, part, link, is_file, links);
		close(link);
	} else if (in_root_is_of_kernel(directory)) {
		/* Where a directory can be made there, it is a cgroup. */
		errno = ENOENT;
	} else if (errno == ENOENT) {
		fd = make_one(directory, strrchr(part, '/') + 1, is_file);
	}
	return fd;
}

static int make_path(int root, const char *path, bool is_file, int links)
{
	const size_t length = strlen(path);
	char part[PATH_MAX];
	size_t used = 0;
	int fd;

	if (length + 1 >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = resolve(root, "/", O_PATH, 0);
	for (size_t start = 0, end; fd >= 0 && start < length; start = end + 1) {
		const int directory = fd;
		bool is_last;

		end = start + strcspn(path + start, "/");
		if (end == start)
			continue;
		part[used++] = '/';
		memcpy(part + used, path + start, end - start);
		used += end - start;
		part[used] = '\0';
		is_last = !path[end + strspn(path + end, "/")];
		fd = make_part(root, directory, part, is_file && is_last, links);
		close(directory);
	}
	return fd;
}

static int make(const char *step, const struct root_path *where, bool is_file,
		struct error *error)
{
	int root = open_root(where), fd = -1;
	struct stat status;

	if (root < 0)
		return failed(step, where, error);
	fd = resolve(root, where->path, O_PATH, 0);
	if (fd < 0 && errno == ENOENT)
		fd = make_path(root, where->path, is_file, 0);
	fd = refuse_stray(root, where->path, fd);
	close(root);
	if (fd < 0)
		return failed(step, where, error);
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) != is_file)
		return fd;
	close(fd);
	errno = is_file ? EISDIR : ENOTDIR;
	return failed(step, where, error);
}

int in_root_make_directory(const char *step, const struct root_path *where, struct error *error)
{
	return make(step, where, false, error);
}

int in_root_make_file(const char *step, const struct root_path *where, struct error *error)
{
	return make(step, where, true, error);
}

int in_root_make_parent(const char *step, const struct root_path *where, const char **name,
			struct error *error)
{
	const char *slash = strrchr(where->path, '/');
	const size_t length = slash ? (size_t)(slash - where->path) : 0;
	char directory[PATH_MAX] = "/";

	if (length >= sizeof(directory)) {
		errno = ENAMETOOLONG;
		return failed(step, where, error);
	}
	if (length) {
		memcpy(directory, where->path, length);
		directory[length] = '\0';
	}
	*name = slash ? slash + 1 : where->path;
	return make(step, &(const struct root_path){ where->root, directory }, false, error);
}

static bool is_regular(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

int in_root_open_file(const char *step, const struct root_path *where, struct error *error)
{
	int root = open_root(where), fd = -1;
	bool is_file = true;

	if (root < 0)
		return failed(step, where, error);
	fd = refuse_stray(root, where->path, resolve(root, where->path, O_PATH, 0));
	if (fd >= 0) {
		is_file = is_regular(fd);
		close(fd);
		fd = is_file ? resolve(root, where->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0) : -1;
	}
	/* The container may run, and have put another in its place. */
	if (fd >= 0 && !is_regular(fd)) {
		close(fd);
		is_file = false;
	}
	close(root);
	if (is_file)
		return fd < 0 ? failed(step, where, error) : fd;
	errno = EINVAL;
	return ERROR(error, step, where->path, ": is not a regular file");
}

int in_root_write_file(const char *step, const struct root_path *where, const char *text,
		       size_t length, struct error *error)
{
	const char *name;
	int directory = in_root_make_parent(step, where, &name, error);
	int fd = -1, result = -1;

	if (directory < 0)
		return -1;
	if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
		fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd >= 0) {
		result = file_write_all(fd, text, length);
		close(fd);
	}
	close(directory);
	return result < 0 ? failed(step, where, error) : 0;
}
