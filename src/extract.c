// SPDX-License-Identifier: Apache-2.0
/*
 * Extraction: the bytes go to a new file beside the destination, reach the
 * disk, and then the file takes the destination's name. Where the system can
 * make a file without a name, the file has none until then, and disappears with a
 * process that dies. Everything after the directory is open works relative to it,
 * so neither a long path nor a directory that is renamed meanwhile can split the
 * file from its temporary.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "extract.h"

/* A directory need not be readable to make a file in it. */
#if defined O_PATH
#define OPEN_DIRECTORY O_PATH
#elif defined O_SEARCH
#define OPEN_DIRECTORY O_SEARCH
#else
#define OPEN_DIRECTORY O_RDONLY
#endif

#define TEMPORARY_PREFIX ".supermachine-"
#define TEMPORARY_SIZE (sizeof(TEMPORARY_PREFIX) + 16)
/* Only names that are taken, by another thread or a planted file, cost an attempt. */
#define TEMPORARY_ATTEMPTS 1000

/*
 * A name that nothing else is likely to take now. It need not be secret:
 * O_EXCL refuses anything that has been planted there, links included.
 */
static void temporary_name(char name[TEMPORARY_SIZE], unsigned int attempt)
{
	struct timespec now;
	uint64_t mix;

	clock_gettime(CLOCK_MONOTONIC, &now);
	mix = (uint64_t)getpid() << 40 ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec;
	/* The address of a local differs between threads. */
	mix += (uint64_t)(uintptr_t)&now + attempt;
	mix *= UINT64_C(0x9e3779b97f4a7c15);
	snprintf(name, TEMPORARY_SIZE, TEMPORARY_PREFIX "%016" PRIx64, mix);
}

static int create_temporary(int directory, char name[TEMPORARY_SIZE], mode_t mode)
{
	unsigned int attempt;
	int fd = -1;

	for (attempt = 0; attempt < TEMPORARY_ATTEMPTS; attempt++) {
		temporary_name(name, attempt);
		fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (fd >= 0 || (errno != EEXIST && errno != EINTR))
			break;
	}
	return fd;
}

static void close_keeping_errno(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
}

static int write_block(void *context, const unsigned char *bytes, size_t length)
{
	const int *fd = context;

	while (length > 0) {
		ssize_t written = write(*fd, bytes, length);

		if (written < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

/* A file that shares its data costs neither time nor space. */
static int fill_file(int fd, const struct payload *payload)
{
	int cloned = payload_clone(payload, fd, write_block, &fd);

	if (cloned != 0)
		return cloned < 0 ? -1 : 0;
	return payload_stream(payload, write_block, &fd);
}

/* After fsync nothing of the file is left for close to lose. */
static int fill_and_sync_file(int fd, const struct payload *payload)
{
	int result;

	if (fill_file(fd, payload) < 0)
		return -1;
	do
		result = fsync(fd);
	while (result < 0 && errno == EINTR);
	return result;
}

/* Only a regular file or a link may be replaced: never /dev/null, for example. */
static int check_destination(int directory, const char *name)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode))
		return 0;
	errno = S_ISDIR(status.st_mode) ? EISDIR : EEXIST;
	return -1;
}

/* A write beyond the limit would end the caller's process by SIGXFSZ. */
static int check_limit(size_t length)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
	    limit.rlim_cur >= length)
		return 0;
	errno = EFBIG;
	return -1;
}

static void unlink_keeping_errno(int directory, const char *name)
{
	int error = errno;

	unlinkat(directory, name, 0);
	errno = error;
}

static int rename_temporary(int directory, const char *temporary, const char *name)
{
	if (renameat(directory, temporary, directory, name) == 0)
		return 0;
	unlink_keeping_errno(directory, temporary);
	return -1;
}

static int extract_named(int directory, const char *name, const struct payload *payload, mode_t mode)
{
	char temporary[TEMPORARY_SIZE];
	int fd, result;

	fd = create_temporary(directory, temporary, mode);
	if (fd < 0)
		return -1;
	result = fill_and_sync_file(fd, payload);
	close_keeping_errno(fd);
	if (result == 0)
		return rename_temporary(directory, temporary, name);
	unlink_keeping_errno(directory, temporary);
	return -1;
}

/* What extract_unnamed() returns where the system does not let it, and nothing is left. */
#define CANNOT_BE_UNNAMED 1

#if defined O_TMPFILE

/* Through /proc, since linking a descriptor itself takes a capability. */
static int link_file(int fd, int directory, const char *name)
{
	char path[64];

	/* Not of the process: a thread may have descriptors of its own. */
	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	return linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW);
}

/* link(2) replaces nothing: that takes a temporary name, for a moment. */
static int name_file(int fd, int directory, const char *name)
{
	char temporary[TEMPORARY_SIZE];
	unsigned int attempt;
	int result;

	result = link_file(fd, directory, name);
	if (result == 0)
		return 0;
	for (attempt = 0; result < 0 && errno == EEXIST && attempt < TEMPORARY_ATTEMPTS; attempt++) {
		temporary_name(temporary, attempt);
		result = link_file(fd, directory, temporary);
	}
	if (result == 0)
		return rename_temporary(directory, temporary, name);
	return errno == EEXIST ? -1 : CANNOT_BE_UNNAMED;
}

static int extract_unnamed(int directory, const char *name, const struct payload *payload, mode_t mode)
{
	int fd, result;

	fd = openat(directory, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, mode);
	if (fd < 0)
		return CANNOT_BE_UNNAMED;
	result = fill_and_sync_file(fd, payload);
	if (result == 0)
		result = name_file(fd, directory, name);
	close_keeping_errno(fd);
	return result;
}

#else

static int extract_unnamed(int directory, const char *name, const struct payload *payload, mode_t mode)
{
	(void)directory;
	(void)name;
	(void)payload;
	(void)mode;
	return CANNOT_BE_UNNAMED;
}

#endif

static int extract_at(int directory, const char *name, const struct payload *payload, mode_t mode)
{
	int result;

	if (check_destination(directory, name) < 0 || check_limit(payload->length) < 0)
		return -1;
	result = extract_unnamed(directory, name, payload, mode);
	/* What stands in its way stands in that of a file with a name, or does not matter. */
	if (result == CANNOT_BE_UNNAMED)
		result = extract_named(directory, name, payload, mode);
	return result;
}

/*
 * The directory that a path leads through. made[n] says that the first n bytes
 * of path name a directory which this extraction has made.
 */
struct parents {
	char *path;
	bool *made;
	size_t length;
};

static void parents_free(struct parents *parents)
{
	int error = errno;

	free(parents->path);
	free(parents->made);
	errno = error;
}

static int parents_init(struct parents *parents, const char *path, size_t length)
{
	while (length > 1 && path[length - 1] == '/')
		length--;
	parents->length = length;
	parents->path = strndup(path, length);
	parents->made = calloc(length + 1, sizeof(parents->made[0]));
	if (parents->path != NULL && parents->made != NULL)
		return 0;
	parents_free(parents);
	errno = ENOMEM;
	return -1;
}

static int make_directory(const char *path, bool *made)
{
	struct stat status;
	int error;

	*made = mkdir(path, 0777) == 0;
	if (*made)
		return 0;
	/* A directory that exists already need not be writable. */
	error = errno;
	if (stat(path, &status) < 0) {
		if (error != EEXIST)
			errno = error;
		return -1;
	}
	if (S_ISDIR(status.st_mode))
		return 0;
	errno = ENOTDIR;
	return -1;
}

static int parents_make(struct parents *parents)
{
	char *path = parents->path;
	size_t end = 0;
	int result = 0;

	while (end < parents->length && result == 0) {
		char cut;

		end += strspn(path + end, "/");
		end += strcspn(path + end, "/");
		cut = path[end];
		path[end] = '\0';
		result = make_directory(path, &parents->made[end]);
		path[end] = cut;
	}
	return result;
}

/* Remove what was made, the innermost first. The path is overwritten. */
static void parents_remove(struct parents *parents)
{
	int error = errno;
	size_t end;

	for (end = parents->length; end > 0; end--) {
		parents->path[end] = '\0';
		/* Fails, as it should, if something else has been put there. */
		if (parents->made[end])
			rmdir(parents->path);
	}
	errno = error;
}

static int extract_into(const char *directory_path, const char *name, const struct payload *payload,
			mode_t mode)
{
	int directory, result;

	/* An empty path is the current directory. */
	directory = open(directory_path[0] == '\0' ? "." : directory_path,
			 OPEN_DIRECTORY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -1;
	result = extract_at(directory, name, payload, mode);
	close_keeping_errno(directory);
	return result;
}

const char *last_part(const char *path)
{
	const char *slash, *name;

	if (path == NULL || path[0] == '\0') {
		errno = path == NULL ? EINVAL : ENOENT;
		return NULL;
	}
	slash = strrchr(path, '/');
	name = slash == NULL ? path : slash + 1;
	if (name[0] != '\0')
		return name;
	errno = EISDIR;
	return NULL;
}

static int extract_to(const struct payload *payload, mode_t mode, const char *path, bool with_parents)
{
	const char *name = last_part(path);
	struct parents parents;
	int result = -1;

	if (name == NULL || parents_init(&parents, path, (size_t)(name - path)) < 0)
		return -1;
	if ((!with_parents || parents_make(&parents) == 0) &&
	    extract_into(parents.path, name, payload, mode) == 0)
		result = 0;
	else
		parents_remove(&parents);
	parents_free(&parents);
	return result;
}

int extract(const struct payload *payload, mode_t mode, const char *path, bool with_parents)
{
	int state, result;

	/* A thread that was cancelled half way would leave files and memory behind. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	result = extract_to(payload, mode, path, with_parents);
	pthread_setcancelstate(state, &state);
	return result;
}
