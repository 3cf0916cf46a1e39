// SPDX-License-Identifier: Apache-2.0
/* /etc/hosts, /etc/hostname and /etc/resolv.conf. */
#include "container/network_files.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/in_root.h"

#define HOSTS "/etc/hosts"
/* Lists of hosts to block have millions of bytes. */
#define HOSTS_MAX (16 * 1024 * 1024)

/* Enough for two lines with a host name of 64 characters, or three of an address each. */
#define LINES_MAX 256

struct lines {
	char text[LINES_MAX];
	size_t length;
};

static void add_line(struct lines *lines, const char *const parts[])
{
	lines->length += text_join(lines->text + lines->length,
				   sizeof(lines->text) - lines->length - 1, parts);
	lines->text[lines->length++] = '\n';
}

static int write_lines(const char *path, const struct lines *lines, struct error *error)
{
	return in_root_write_file("write ", IN_ROOT(path), lines->text, lines->length, error);
}

/* Whether a line of hosts has the name after its address, and outside a comment. */
static bool has_name(const char *hosts, const char *name)
{
	const size_t name_length = strlen(name);

	while (*hosts) {
		const char *const next = hosts + strcspn(hosts, "\n");
		const char *const end = hosts + strcspn(hosts, "#\n");
		bool is_address = true;

		while (hosts < end) {
			const size_t length = strcspn(hosts, " \t\r#\n");

			if (!is_address && length == name_length && !strncmp(hosts, name, length))
				return true;
			is_address = is_address && !length;
			hosts += length + (hosts + length < end);
		}
		hosts = next + (*next == '\n');
	}
	return false;
}

/*
 * *hosts is NULL, or the text of the image's own file, to be freed: with room for more
 * lines after it, and ending with a line break unless it is empty.
 */
static int read_hosts(char **hosts, size_t *length, struct error *error)
{
	int fd = in_root_open_file("read ", IN_ROOT(HOSTS), error);
	char *text;

	*hosts = NULL;
	/* What cannot be the list of hosts is replaced by one. */
	if (fd < 0)
		return 0;
	text = file_read_open(fd, HOSTS_MAX, length);
	*hosts = text ? realloc(text, *length + 1 + LINES_MAX) : NULL;
	if (!*hosts) {
		step_error("read ", HOSTS, error);
		free(text);
	}
	close(fd);
	if (!*hosts)
		return -1;
	if (*length && (*hosts)[*length - 1] != '\n')
		(*hosts)[(*length)++] = '\n';
	(*hosts)[*length] = '\0';
	return 0;
}

static int write_hosts(const char *name, struct error *error)
{
	struct lines lines = { .length = 0 };
	size_t length;
	char *hosts;
	int result = 0;

	if (read_hosts(&hosts, &length, error) < 0)
		return -1;
	if (!hosts || !length) {
		const char *space = name ? " " : NULL;

		add_line(&lines, (const char *const[]){ "127.0.0.1 localhost", space, name, NULL });
		add_line(&lines, (const char *const[]){
			"::1 localhost ip6-localhost ip6-loopback", space, name, NULL });
		result = write_lines(HOSTS, &lines, error);
	} else if (name && !has_name(hosts, name)) {
		add_line(&lines, (const char *const[]){ "127.0.0.1 ", name, NULL });
		add_line(&lines, (const char *const[]){ "::1 ", name, NULL });
		memcpy(hosts + length, lines.text, lines.length);
		result = in_root_write_file("write ", IN_ROOT(HOSTS), hosts,
					    length + lines.length, error);
	}
	free(hosts);
	return result;
}

static int write_hostname(const char *name, struct error *error)
{
	struct lines lines = { .length = 0 };

	if (!name)
		return 0;
	add_line(&lines, (const char *const[]){ name, NULL });
	return write_lines("/etc/hostname", &lines, error);
}

static int write_resolver(const char *const *name_servers, struct error *error)
{
	struct lines lines = { .length = 0 };

	if (!*name_servers)
		return 0;
	for (; *name_servers; name_servers++)
		add_line(&lines, (const char *const[]){ "nameserver ", *name_servers, NULL });
	return write_lines("/etc/resolv.conf", &lines, error);
}

int network_files_write(const char *hostname, const char *const *name_servers,
			struct error *error)
{
	const char *name = hostname && hostname[0] ? hostname : NULL;

	if (write_hosts(name, error) < 0 || write_hostname(name, error) < 0)
		return -1;
	return write_resolver(name_servers, error);
}
