// SPDX-License-Identifier: Apache-2.0
/*
 * /init.krun of boot.test: sees whether all is there that libkrun's own init relies
 * on, and restarts the machine, which is how that one ends. A line for each check.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../tsi/guest/check.h"

#define FUSE_SUPER_MAGIC 0x65735546
#define TEXT "through the VMM"

static void report(const char *what, bool good)
{
	printf("%s - %s\n", good ? "ok" : "not ok", what);
	fflush(stdout);
}

static bool read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	if (length < 0)
		return false;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

static bool file_says(const char *path, const char *wanted)
{
	char text[256];

	return read_file(path, text, sizeof(text)) && strcmp(text, wanted) == 0;
}

static bool root_is_shared(void)
{
	struct statfs root;

	return statfs("/", &root) == 0 && root.f_type == FUSE_SUPER_MAGIC && file_says("/from-host", TEXT);
}

static bool root_is_writable(void)
{
	int fd = open("/from-guest", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	bool good = fd >= 0 && write(fd, TEXT "\n", sizeof(TEXT)) == sizeof(TEXT);

	return close(fd) == 0 && good;
}

static bool variable_is(const char *name, const char *wanted)
{
	const char *value = getenv(name);

	return value != NULL && strcmp(value, wanted) == 0;
}

/* The directory that libkrun's init needs may be there from another start. */
static bool mounted(const char *type, const char *where)
{
	mkdir(where, 0755);
	return mount(type, where, type, 0, NULL) == 0;
}

static bool has_device(const char *driver)
{
	char path[128];
	struct dirent *entry;
	bool found = false;
	DIR *directory;

	snprintf(path, sizeof(path), "/sys/bus/virtio/drivers/%s", driver);
	directory = opendir(path);
	while (directory != NULL && (entry = readdir(directory)) != NULL)
		found = found || strncmp(entry->d_name, "virtio", 6) == 0;
	if (directory != NULL)
		closedir(directory);
	return found;
}

/* Ports beside the console have names, by which libkrun's init finds them. */
static int open_port(const char *name)
{
	char path[128], device[128];
	struct dirent *entry;
	DIR *ports = opendir("/sys/class/virtio-ports");
	int fd = -1;

	while (ports != NULL && fd < 0 && (entry = readdir(ports)) != NULL) {
		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%.40s/name", entry->d_name);
		snprintf(device, sizeof(device), "/dev/%.40s", entry->d_name);
		if (file_says(path, name))
			fd = open(device, O_RDWR | O_CLOEXEC);
	}
	if (ports != NULL)
		closedir(ports);
	return fd;
}

static bool port_echoes(void)
{
	int in = open_port("krun-stdin"), out = open_port("krun-stdout");
	char text[sizeof(TEXT)];
	size_t length = 0;
	ssize_t got = 1;

	while (length < sizeof(text) && (got = read(in, text + length, sizeof(text) - length)) > 0)
		length += (size_t)got;
	return in >= 0 && length == sizeof(text) && write(out, text, length) == (ssize_t)length;
}

static bool socket_echoes(int type)
{
	struct sockaddr_in host = {
		.sin_family = AF_INET,
		.sin_port = htons(type == SOCK_STREAM ? HOST_ECHO : HOST_UDP),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, type, 0);
	char text[sizeof(TEXT)];
	bool good;

	good = connect(fd, (struct sockaddr *)&host, sizeof(host)) == 0 &&
	       send(fd, TEXT, sizeof(TEXT), 0) == sizeof(TEXT) &&
	       recv(fd, text, sizeof(text), MSG_WAITALL) == sizeof(TEXT) && strcmp(text, TEXT) == 0;
	close(fd);
	return good;
}

int main(void)
{
	static const char *const drivers[] = { "virtiofs", "virtio_console", "vmw_vsock_virtio_transport",
					       "virtio_balloon", "virtio_rng", "virtio_blk", "virtio_net" };
	const char *end = getenv("KRUN_END");
	size_t i;

	if (end != NULL) {
		puts(end);
		fflush(stdout);
		if (strcmp(end, "power-off") == 0)
			reboot(RB_POWER_OFF);
		return 0;
	}
	report("the console is that of virtio", isatty(1) && isatty(0));
	report("PID 1 is /init.krun", getpid() == 1);
	report("the root is the share of the host", root_is_shared());
	report("the root is writable", root_is_writable());
	report("a variable has its value, without quotes", variable_is("KRUN_TEST", "one, two=\\three"));
	report("a variable is empty", variable_is("KRUN_EMPTY", ""));
	report("/dev, /proc and /sys can be mounted",
	       mounted("devtmpfs", "/dev") && mounted("proc", "/proc") && mounted("sysfs", "/sys"));
	report("all processors run", sysconf(_SC_NPROCESSORS_ONLN) == 2);
	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		char what[128];

		snprintf(what, sizeof(what), "there is a device for %s", drivers[i]);
		report(what, has_device(drivers[i]));
	}
	report("a disk has its size", file_says("/sys/class/block/vda/size", "2048"));
	report("what the host says through a port comes back through another", port_echoes());
	report("a stream of IPv4 goes through the VMM", socket_echoes(SOCK_STREAM));
	report("a datagram of IPv4 goes through the VMM", socket_echoes(SOCK_DGRAM));
	puts("restarting");
	fflush(stdout);
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}
