// SPDX-License-Identifier: Apache-2.0
/* Disks, by their kernel name or their serial. */
#include "devices/disks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "devices/device_wait.h"

struct search {
	struct disk *const *disks;
	size_t count;
	const struct disk *absent;	/* the first that is missing */
};

void disk_path(const struct disk *disk, char path[static DISK_PATH_SIZE])
{
	text_join(path, DISK_PATH_SIZE, (const char *const[]){ "/dev/", disk->device, NULL });
}

static bool device_is_there(const struct disk *disk)
{
	char path[DISK_PATH_SIZE];
	int fd;

	disk_path(disk, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static size_t read_serial(const char *device, char *serial)
{
	char path[64];
	ssize_t length;
	int fd;

	text_join(path, sizeof(path),
		  (const char *const[]){ "/sys/block/", device, "/serial", NULL });
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, serial, SERIAL_MAX);
	close(fd);
	return length > 0 ? (size_t)length : 0;
}

/* Reading a serial asks the device, so each device is asked once for all wanted disks. */
static int match_serial(struct search *search, const char *device, struct error *error)
{
	char serial[SERIAL_MAX];
	size_t length = read_serial(device, serial);

	for (size_t i = 0; length && i < search->count; i++) {
		struct disk *disk = search->disks[i];

		if (!disk->serial || strlen(disk->serial) != length ||
		    memcmp(disk->serial, serial, length) != 0)
			continue;
		if (disk->device[0] && strcmp(disk->device, device) != 0)
			return ERROR(error, "find disk ", disk->name, ": both ", disk->device,
				     " and ", device, " have that serial");
		text_join(disk->device, sizeof(disk->device), (const char *const[]){
			device, NULL });
	}
	return 0;
}

static int match_serials(struct search *search, struct error *error)
{
	DIR *directory = opendir("/sys/block");
	struct dirent *entry;
	int result = 0;

	if (!directory)
		return step_error("read /sys/block", "", error);
	while (!result && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			result = match_serial(search, entry->d_name, error);
	}
	closedir(directory);
	return result;
}

static int look(void *subject, struct error *error)
{
	struct search *search = subject;
	bool serials = false;

	for (size_t i = 0; i < search->count; i++)
		serials = serials || search->disks[i]->serial;
	if (serials && match_serials(search, error) < 0)
		return -1;
	for (size_t i = 0; i < search->count; i++) {
		search->absent = search->disks[i];
		if (!search->absent->device[0] || !device_is_there(search->absent))
			return 0;
	}
	return 1;
}

int disks_find(struct disk *const *disks, size_t count, struct error *error)
{
	struct search search = { .disks = disks, .count = count };
	int found = device_wait(look, &search, error);

	if (!found)
		ERROR(error, "find disk ", search.absent->name, NOT_THERE);
	return found > 0 ? 0 : -1;
}
