// SPDX-License-Identifier: Apache-2.0
#include "disks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "linux_abi.h"

/* A disk that is plugged in takes milliseconds; this is for a busy host. */
#define WAIT_SECONDS 5

static struct disk *disk_at(struct command_line *line, size_t index)
{
	if (index < line->layer_count)
		return &line->layers[index];
	return index == line->layer_count && line->upper.name ? &line->upper : NULL;
}

static bool device_is_there(const char *device)
{
	char path[64];
	int fd;

	text_join(path, sizeof(path), (const char *const[]){ "/dev/", device, NULL });
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

/* Reading a serial asks the device, so each disk is read once for all that are sought. */
static int match_serial(struct command_line *line, const char *device, struct error *error)
{
	char serial[SERIAL_MAX];
	size_t length = read_serial(device, serial);
	struct disk *disk;

	if (!length)
		return 0;
	for (size_t i = 0; (disk = disk_at(line, i)); i++) {
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

static int match_serials(struct command_line *line, struct error *error)
{
	DIR *directory = opendir("/sys/block");
	struct dirent *entry;
	int result = 0;

	if (!directory)
		return ERROR(error, "read /sys/block: ", strerror(errno));
	while (!result && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			result = match_serial(line, entry->d_name, error);
	}
	closedir(directory);
	return result;
}

/* Returns the first disk that is not there, NULL when all are. */
static int look(struct command_line *line, struct disk **absent, struct error *error)
{
	bool serials = false;
	struct disk *disk;

	*absent = NULL;
	for (size_t i = 0; (disk = disk_at(line, i)); i++)
		serials = serials || disk->serial;
	if (serials && match_serials(line, error) < 0)
		return -1;
	for (size_t i = 0; (disk = disk_at(line, i)); i++) {
		if (!disk->device[0] || !device_is_there(disk->device)) {
			*absent = disk;
			return 0;
		}
	}
	return 0;
}

static int open_events(void)
{
	const struct netlink_address address = { .family = AF_NETLINK, .groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int milliseconds_left(const struct timespec *start)
{
	struct timespec now;
	long gone;

	clock_gettime(CLOCK_MONOTONIC, &now);
	gone = (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
	return gone < WAIT_SECONDS * 1000 ? (int)(WAIT_SECONDS * 1000 - gone) : 0;
}

/* Returns when anything happened to a device; false when the time is up. */
static bool wait_for_event(int events, const struct timespec *start)
{
	struct pollfd poll_events = { .fd = events, .events = POLLIN };
	char event[2048];

	if (poll(&poll_events, 1, milliseconds_left(start)) <= 0)
		return false;
	/* What is in them does not matter: /dev and /sys tell. */
	while (recv(events, event, sizeof(event), 0) >= 0 || errno == ENOBUFS)
		;
	return true;
}

int disks_find(struct command_line *line, struct error *error)
{
	struct timespec start;
	struct disk *absent;
	int events, result;

	if (look(line, &absent, error) < 0)
		return -1;
	if (!absent)
		return 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	events = open_events();
	if (events < 0)
		return ERROR(error, "listen for disks: ", strerror(errno));
	/* Looks once more first: the disk may have come before the socket did. */
	do {
		result = look(line, &absent, error);
	} while (!result && absent && wait_for_event(events, &start));
	close(events);
	if (!result && absent)
		result = ERROR(error, "find disk ", absent->name, ": is not there after 5 seconds");
	return result;
}
