// SPDX-License-Identifier: Apache-2.0
/* Ports of virtio-console, by their name. */
#include "devices/ports.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "devices/device_wait.h"

#define PORTS "/sys/class/virtio-ports"

struct port {
	const char *name;
	char path[64];
};

static bool has_name(const char *device, const char *name)
{
	size_t length = strlen(name);
	char path[128], text[256];
	ssize_t got;
	int fd;

	text_join(path, sizeof(path), (const char *const[]){ PORTS "/", device, "/name", NULL });
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, sizeof(text));
	close(fd);
	return got == (ssize_t)length + 1 && !memcmp(text, name, length) && text[length] == '\n';
}

/* For device_wait(). */
static int look(void *subject, struct error *error)
{
	struct port *port = subject;
	DIR *directory = opendir(PORTS);
	struct dirent *entry;
	int found = 0;

	if (!directory)
		return step_error("read " PORTS, "", error);
	while (!found && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || !has_name(entry->d_name, port->name))
			continue;
		text_join(port->path, sizeof(port->path),
			  (const char *const[]){ "/dev/", entry->d_name, NULL });
		found = 1;
	}
	closedir(directory);
	return found;
}

int port_open(const char *name, struct error *error)
{
	struct port port = { .name = name };
	int fd, found = device_wait(look, &port, error);

	if (found < 0)
		return -1;
	if (!found)
		return ERROR(error, "find port ", name, NOT_THERE);
	fd = open(port.path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return step_error("open port ", name, error);
	return fd;
}
