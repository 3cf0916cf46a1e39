/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's disks and the file systems on them. bench/guest-work makes the disks,
 * in this order.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "operations.h"

static const char squashfs[] = "/dev/vda", erofs[] = "/dev/vdb", ext4[] = "/dev/vdc";
static const char raw[] = "/dev/vdd";
/* What the images have in them. */
#define NAME "/mnt/file"
#define FILE_SIZE MIB

static int file = -1;

/* --- A compressed file ------------------------------------------------------ */

static bool mount_image(const char *disk, const char *type, unsigned long flags)
{
	return (!mkdir("/mnt", 0755) || errno == EEXIST) && !mount(disk, "/mnt", type, flags, NULL);
}

static bool open_file(void)
{
	file = open(NAME, O_RDONLY);
	return file >= 0;
}

static bool mount_squashfs(void)
{
	return mount_image(squashfs, "squashfs", MS_RDONLY) && open_file();
}

static bool mount_erofs(void)
{
	return mount_image(erofs, "erofs", MS_RDONLY) && open_file();
}

/* Neither the file's pages nor those of the disk are in memory any more. */
static bool forget(void)
{
	return !posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) &&
		write_text("/proc/sys/vm/drop_caches", "1");
}

static bool read_file(void)
{
	return pread(file, block, FILE_SIZE, 0) == (ssize_t)FILE_SIZE;
}

static void unmount(void)
{
	close(file);
	umount2("/mnt", MNT_DETACH);
}

/* --- A disk ----------------------------------------------------------------- */

static off_t place;
static char *buffer;

/*
 * A request costs as much as its memory has pieces, which is a matter of luck. So the
 * pages of the buffer are taken in an order in which no two follow each other.
 */
static bool open_disk(void)
{
	const unsigned int pages = MIB / PAGE, step = 97;

	file = open(raw, O_RDONLY | O_DIRECT);
	place = 0;
	buffer = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file < 0 || buffer == MAP_FAILED)
		return false;
	for (unsigned int i = 0; i < pages; i++)
		buffer[i * step % pages * PAGE] = 1;
	return true;
}

static bool read_disk(size_t size)
{
	place = (place + (off_t)size) % (off_t)(4 * MIB);
	return pread(file, buffer, size, place) == (ssize_t)size;
}

static bool read_disk_page(void)
{
	return read_disk(PAGE);
}

static bool read_disk_large(void)
{
	return read_disk(MIB);
}

static void close_disk(void)
{
	munmap(buffer, MIB);
	close(file);
}

/* --- ext4 ------------------------------------------------------------------- */

static bool mount_ext4(void)
{
	file = -1;
	return mount_image(ext4, "ext4", 0);
}

static bool create_and_sync(void)
{
	static unsigned int number;
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "/mnt/%u", number++);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	return fd >= 0 && write(fd, block, PAGE) == PAGE && !fsync(fd) && !close(fd);
}

static bool make_ext4_file(void)
{
	if (!mount_ext4())
		return false;
	file = open(NAME, O_RDWR | O_CREAT, 0644);
	return file >= 0 && write(file, block, FILE_SIZE) == FILE_SIZE && !fsync(file);
}

static bool read_ext4(size_t size)
{
	return pread(file, block, size, 0) == (ssize_t)size;
}

static bool read_ext4_page(void)
{
	return read_ext4(PAGE);
}

static bool read_ext4_large(void)
{
	return read_ext4(64 * KIB);
}

/* --- io_uring, of the file on ext4 ------------------------------------------ */

/* From <linux/io_uring.h>, which musl does not have. */
struct offsets {
	uint32_t head, tail, ring_mask, ring_entries, flags, dropped, array, rest[3];
};

struct ring_parameters {
	uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features;
	uint32_t wq_fd, reserved[3];
	struct offsets sq;
	/* The same fields, except that "flags" is "overflow" and "dropped" is "cqes". */
	struct offsets cq;
};

struct request {
	uint8_t opcode, flags;
	uint16_t priority;
	int32_t fd;
	uint64_t offset, address;
	uint32_t length, rw_flags;
	uint64_t user_data, rest[3];
};

#define SYS_SETUP 425
#define SYS_ENTER 426
#define ENTER_GETEVENTS 1u
#define OP_READ 22
#define OFFSET_SQES 0x10000000

static int ring;
static uint8_t *rings;
static struct request *requests;
static struct ring_parameters parameters;

static volatile uint32_t *at(uint32_t offset)
{
	return (volatile uint32_t *)(void *)(rings + offset);
}

static bool make_ring(void)
{
	memset(&parameters, 0, sizeof(parameters));
	if (!make_ext4_file())
		return false;
	ring = (int)syscall(SYS_SETUP, 4, &parameters);
	if (ring < 0)
		return false;
	/* Both queues are in one mapping since Linux 5.4. */
	rings = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, 0);
	requests = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
			OFFSET_SQES);
	return rings != MAP_FAILED && requests != MAP_FAILED;
}

static bool read_by_ring(void)
{
	uint32_t tail = *at(parameters.sq.tail), slot = tail & *at(parameters.sq.ring_mask);
	uint32_t head = *at(parameters.cq.head);

	requests[slot] = (struct request){ .opcode = OP_READ, .fd = file,
					   .address = (uintptr_t)block, .length = PAGE };
	at(parameters.sq.array)[slot] = slot;
	__atomic_store_n(at(parameters.sq.tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_ENTER, ring, 1, 1, ENTER_GETEVENTS, NULL, 0) != 1)
		return false;
	if (__atomic_load_n(at(parameters.cq.tail), __ATOMIC_ACQUIRE) == head)
		return false;
	*at(parameters.cq.head) = head + 1;
	return true;
}

static void close_ring(void)
{
	munmap(rings, PAGE);
	munmap(requests, PAGE);
	close(ring);
	unmount();
}

static const struct row rows[] = {
	{ "read of 1 MiB, squashfs, cold", 2, mount_squashfs, forget, read_file, unmount },
	{ "read of 1 MiB, squashfs, warm", 5, mount_squashfs, NULL, read_file, unmount },
	{ "read of 1 MiB, erofs, cold", 2, mount_erofs, forget, read_file, unmount },
	{ "read of 1 MiB, erofs, warm", 5, mount_erofs, NULL, read_file, unmount },
	{ "read of 4 KiB, ext4, warm", 1000, make_ext4_file, NULL, read_ext4_page, unmount },
	{ "read of 64 KiB, ext4, warm", 100, make_ext4_file, NULL, read_ext4_large, unmount },
	{ "io_uring read of 4 KiB, ext4, warm", 500, make_ring, NULL, read_by_ring, close_ring },
	{ "create, write and fsync, ext4", 10, mount_ext4, NULL, create_and_sync, unmount },
	{ "read of 4 KiB, virtio-blk", 50, open_disk, NULL, read_disk_page, close_disk },
	{ "read of 1 MiB, virtio-blk", 5, open_disk, NULL, read_disk_large, close_disk },
};

void measure_images(void)
{
	measure(rows, COUNT(rows));
}
