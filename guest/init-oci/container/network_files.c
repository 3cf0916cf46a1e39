// SPDX-License-Identifier: Apache-2.0
/* /etc/hosts and /etc/resolv.conf. */
#include "container/network_files.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/make_path.h"

/* Enough for two lines with a host name of 64 characters, or three of an address each. */
#define TEXT_SIZE 256

struct text {
	char bytes[TEXT_SIZE];
	size_t length;
};

static void add_line(struct text *text, const char *const parts[])
{
	text->length += text_join(text->bytes + text->length, sizeof(text->bytes) - text->length - 1,
				  parts);
	text->bytes[text->length++] = '\n';
}

static bool has_contents(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && (status.st_size > 0 || !S_ISREG(status.st_mode));
}

static int write_file(const char *path, const struct text *text, struct error *error)
{
	ssize_t written = -1;
	int fd = -1;

	if (make_file_path(path) == 0)
		fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		written = write(fd, text->bytes, text->length);
		close(fd);
	}
	if (written < 0)
		return step_error("write ", path, error);
	return 0;
}

static int write_hosts(const char *hostname, struct error *error)
{
	const char *space = hostname && hostname[0] ? " " : NULL;
	struct text text = { .length = 0 };

	if (has_contents("/etc/hosts"))
		return 0;
	add_line(&text, (const char *const[]){ "127.0.0.1 localhost", space, hostname, NULL });
	add_line(&text, (const char *const[]){
		"::1 localhost ip6-localhost ip6-loopback", space, hostname, NULL });
	return write_file("/etc/hosts", &text, error);
}

static int write_resolver(const char *const *name_servers, struct error *error)
{
	struct text text = { .length = 0 };

	if (!*name_servers || has_contents("/etc/resolv.conf"))
		return 0;
	for (; *name_servers; name_servers++)
		add_line(&text, (const char *const[]){ "nameserver ", *name_servers, NULL });
	return write_file("/etc/resolv.conf", &text, error);
}

int network_files_write(const char *hostname, const char *const *name_servers,
			struct error *error)
{
	if (write_hosts(hostname, error) < 0)
		return -1;
	return write_resolver(name_servers, error);
}
