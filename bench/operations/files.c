/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls on files, all of them in memory.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "operations.h"

#define FILE_SIZE (256u * KIB)
static const char path[] = "/tmp/directory/file";
static int file = -1;
static off_t place;

static bool getppid_operation(void)
{
	return getppid() == 0;
}

static bool make_file(void)
{
	mkdir("/tmp/directory", 0755);
	file = open(path, O_RDWR | O_CREAT, 0644);
	place = 0;
	return file >= 0 && pwrite(file, block, FILE_SIZE, 0) == FILE_SIZE;
}

static bool open_zero(void)
{
	file = open("/dev/zero", O_RDONLY);
	return file >= 0;
}

static bool open_null(void)
{
	file = open("/dev/null", O_WRONLY);
	return file >= 0;
}

static void close_file(void)
{
	close(file);
}

static bool read_4(void)
{
	return read(file, block, 4 * KIB) == 4 * KIB;
}

static bool read_64(void)
{
	return read(file, block, 64 * KIB) == 64 * KIB;
}

static bool write_byte(void)
{
	return write(file, block, 1) == 1;
}

static off_t next_place(void)
{
	place = (place + PAGE) % FILE_SIZE;
	return place;
}

static bool pread_page(void)
{
	return pread(file, block, PAGE, next_place()) == PAGE;
}

static bool pwrite_page(void)
{
	return pwrite(file, block, PAGE, next_place()) == PAGE;
}

static bool pread_large(void)
{
	return pread(file, block, 64 * KIB, 0) == 64 * KIB;
}

static bool stat_file(void)
{
	struct stat status;

	return !stat(path, &status);
}

static bool open_and_close(void)
{
	int fd = open(path, O_RDONLY);

	return fd >= 0 && !close(fd);
}

static bool create_and_unlink(void)
{
	int fd = open("/tmp/directory/new", O_WRONLY | O_CREAT | O_EXCL, 0644);

	return fd >= 0 && !close(fd) && !unlink("/tmp/directory/new");
}

/* --- Through three layers of overlayfs -------------------------------------- */

static bool mount_overlay(void)
{
	static const char *const directories[] = { "/tmp/1", "/tmp/2", "/tmp/3", "/tmp/upper",
						   "/tmp/work", "/tmp/merged", "/tmp/1/a",
						   "/tmp/1/a/b", "/tmp/2/a", "/tmp/3/a" };

	for (size_t i = 0; i < COUNT(directories); i++)
		mkdir(directories[i], 0755);
	file = open("/tmp/1/a/b/file", O_WRONLY | O_CREAT, 0644);
	return file >= 0 && !close(file) &&
		!mount("overlay", "/tmp/merged", "overlay", 0,
		       "lowerdir=/tmp/3:/tmp/2:/tmp/1,upperdir=/tmp/upper,workdir=/tmp/work");
}

static bool open_in_overlay(void)
{
	int fd = open("/tmp/merged/a/b/file", O_RDONLY);

	return fd >= 0 && !close(fd);
}

static void unmount_overlay(void)
{
	umount2("/tmp/merged", MNT_DETACH);
}

static const struct row rows[] = {
	{ "getppid", 5000, NULL, NULL, getppid_operation, NULL },
	{ "read of 4 KiB, /dev/zero", 2000, open_zero, NULL, read_4, close_file },
	{ "read of 64 KiB, /dev/zero", 200, open_zero, NULL, read_64, close_file },
	{ "write of a byte, /dev/null", 3000, open_null, NULL, write_byte, close_file },
	{ "stat", 1000, make_file, NULL, stat_file, close_file },
	{ "open and close", 1000, make_file, NULL, open_and_close, close_file },
	{ "create and unlink", 200, make_file, NULL, create_and_unlink, close_file },
	{ "pread of 4 KiB, tmpfs", 1000, make_file, NULL, pread_page, close_file },
	{ "pread of 64 KiB, tmpfs", 100, make_file, NULL, pread_large, close_file },
	{ "pwrite of 4 KiB, tmpfs", 1000, make_file, NULL, pwrite_page, close_file },
	{ "open and close through three overlay layers", 500, mount_overlay, NULL,
	  open_in_overlay, unmount_overlay },
};

void measure_files(void)
{
	measure(rows, COUNT(rows));
}
