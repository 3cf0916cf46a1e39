// SPDX-License-Identifier: Apache-2.0
/* The arguments on the kernel's command line, parsed. */
#include "config/command_line.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "config/confinement.h"

#define PREFIX "init_oci."

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * Cuts the next argument off, by the kernel's own rule: a double quote anywhere
 * protects spaces. Quotes are dropped. Returns NULL at the end.
 */
static char *next_argument(char **rest)
{
	char *from = *rest;
	char *to, *argument;
	bool quoted = false;

	while (is_space(*from))
		from++;
	if (!*from)
		return NULL;
	argument = to = from;
	for (; *from && (quoted || !is_space(*from)); from++) {
		if (*from == '"')
			quoted = !quoted;
		else
			*to++ = *from;
	}
	*rest = *from ? from + 1 : from;
	*to = '\0';
	return argument;
}

/* The longest that virtio-fs has room for. */
#define TAG_MAX 36

#define DISK_FORM "a disk like vdb or serial:NAME of up to 20 letters"

static bool is_kernel_name(const char *name)
{
	if (!name[0] || strlen(name) >= sizeof(((struct disk *)NULL)->device))
		return false;
	for (; *name; name++) {
		bool good = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
			    (*name >= '0' && *name <= '9') || *name == '-' || *name == '_';

		if (!good)
			return false;
	}
	return true;
}

/* What follows the prefix, or NULL when the value does not begin with it. */
static char *after(char *value, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(value, prefix, length) ? NULL : value + length;
}

static bool is_tag_length(size_t length)
{
	return length > 0 && length <= TAG_MAX;
}

int disk_parse(const char *value, struct disk *disk)
{
	*disk = (struct disk){ .name = value };
	if (!strncmp(value, "serial:", 7)) {
		disk->serial = value + 7;
		return disk->serial[0] && strlen(disk->serial) <= SERIAL_MAX ? 0 : -1;
	}
	if (!is_kernel_name(value))
		return -1;
	strcpy(disk->device, value);
	return 0;
}

/*
 * The arguments. Each function takes one value and returns NULL, or what is
 * wrong with the value; it changes the value only when nothing is.
 */

static const char *parse_layer(char *value, struct command_line *line)
{
	struct layer *layer = &line->layers[line->layer_count];
	const char *share = after(value, "virtiofs:");

	if (line->layer_count == LAYERS_MAX)
		return "is one more than the 128 layers there may be";
	for (size_t i = 0; i < line->layer_count; i++) {
		if (!strcmp(line->layers[i].disk.name, value))
			return "is given twice";
	}
	*layer = (struct layer){ .disk.name = value, .share = share };
	if (share ? !is_tag_length(strlen(share)) : disk_parse(value, &layer->disk) < 0)
		return "is not " DISK_FORM ", or virtiofs:TAG";
	line->layer_count++;
	return NULL;
}

/* A number with one suffix that tmpfs knows: bytes, k, m, g, or % of the RAM. */
static bool is_tmpfs_size(const char *size)
{
	size_t digits = strspn(size, "0123456789");

	if (!digits || size[0] == '0')
		return false;
	size += digits;
	return !size[0] || (strchr("kmg%", size[0]) && !size[1]);
}

static const char *parse_upper(char *value, struct command_line *line)
{
	const char *size = after(value, "tmpfs:");

	if (!strcmp(value, "tmpfs"))
		return NULL;
	if (size)
		line->tmpfs_size = size;
	if (size ? !is_tmpfs_size(size) : disk_parse(value, &line->upper) < 0)
		return "is not tmpfs, tmpfs:SIZE, or " DISK_FORM;
	return NULL;
}

static const char *parse_location(char *value, struct document_location *location)
{
	char *path = after(value, "layers:");
	char *share = after(value, "virtiofs:");

	if (path) {
		*location = (struct document_location){ .place = DOCUMENT_IN_LAYERS, .path = path };
	} else if (share) {
		/* The path begins with the slash, so that a tag may have colons. */
		char *end = strstr(share, ":/");

		if (!end || !is_tag_length((size_t)(end - share)))
			goto bad;
		*end = '\0';
		*location = (struct document_location){
			.place = DOCUMENT_ON_SHARE, .share = share, .path = end + 1
		};
	} else {
		*location = (struct document_location){ .place = DOCUMENT_IN_INITRAMFS, .path = value };
	}
	if (location->path[0] == '/')
		return NULL;
bad:
	return "is not PATH, layers:PATH or virtiofs:TAG:PATH with an absolute path";
}

static const char *parse_config(char *value, struct command_line *line)
{
	return parse_location(value, &line->config);
}

static const char *parse_overrides(char *value, struct command_line *line)
{
	return parse_location(value, &line->overrides);
}

static const char *parse_stream(char *value, struct stream *stream)
{
	const char *port = after(value, "port:");
	const char *terminal = after(value, "tty:");

	if (!strcmp(value, "console"))
		*stream = (struct stream){ .kind = STREAM_CONSOLE };
	else if (!strcmp(value, "null"))
		*stream = (struct stream){ .kind = STREAM_NULL };
	else if (port && port[0])
		*stream = (struct stream){ .kind = STREAM_PORT, .name = port };
	else if (terminal && is_kernel_name(terminal))
		*stream = (struct stream){ .kind = STREAM_TERMINAL, .name = terminal };
	else
		return "is not console, null, port:NAME or tty:NAME";
	return NULL;
}

static const char *parse_stdin(char *value, struct command_line *line)
{
	return parse_stream(value, &line->streams[0]);
}

static const char *parse_stdout(char *value, struct command_line *line)
{
	return parse_stream(value, &line->streams[1]);
}

static const char *parse_stderr(char *value, struct command_line *line)
{
	return parse_stream(value, &line->streams[2]);
}

/* Zero when it is not a port: neither 0 nor the largest number can be connected to. */
static unsigned int vsock_port(const char *text)
{
	uint64_t port = 0;

	for (; *text >= '0' && *text <= '9' && port < UINT32_MAX; text++)
		port = port * 10 + (unsigned int)(*text - '0');
	return *text || port >= UINT32_MAX ? 0 : (unsigned int)port;
}

static const char *parse_control(char *value, struct command_line *line)
{
	const char *name = after(value, "port:");
	const char *number = after(value, "vsock:");
	unsigned int port = number ? vsock_port(number) : 0;

	if (name && name[0])
		line->control = (struct control_address){
			.kind = CONTROL_PORT, .port_name = name };
	else if (port)
		line->control = (struct control_address){
			.kind = CONTROL_VSOCK, .vsock_port = port };
	else
		return "is not port:NAME or vsock:PORT";
	return NULL;
}

static const char *parse_name_server(char *value, struct command_line *line)
{
	unsigned char address[16];
	size_t count = 0;

	if (inet_pton(AF_INET, value, address) != 1 && inet_pton(AF_INET6, value, address) != 1)
		return "is not an IPv4 or IPv6 address";
	for (; line->name_servers[count]; count++) {
		if (!strcmp(line->name_servers[count], value))
			return "is given twice";
	}
	if (count == NAME_SERVERS_MAX)
		return "is one more than the 3 name servers there may be";
	line->name_servers[count] = value;
	return NULL;
}

static const char *parse_init(char *value, struct command_line *line)
{
	line->container_is_init = !strcmp(value, "container");
	return line->container_is_init ? NULL : "is not container";
}

/* The last slashes of a prefix do not count. */
static size_t prefix_length(const char *value, const char *end)
{
	size_t length = (size_t)(end - value);

	while (length && value[length - 1] == '/')
		length--;
	return length;
}

static const char *parse_source(char *value, struct command_line *line)
{
	static const char middle[] = "=virtiofs:";
	struct host_sources *sources = &line->sources;
	char *end = strstr(value, middle);
	size_t length;

	if (value[0] != '/' || !end || !is_tag_length(strlen(end + sizeof(middle) - 1)))
		return "is not PATH=virtiofs:TAG with an absolute path";
	length = prefix_length(value, end);
	for (size_t i = 0; i < sources->count; i++) {
		if (strlen(sources->list[i].prefix) == length &&
		    !memcmp(sources->list[i].prefix, value, length))
			return "is given twice";
	}
	if (sources->count == HOST_SOURCES_MAX)
		return "is one more than the 8 sources there may be";
	value[length] = '\0';
	sources->list[sources->count++] = (struct host_source){
		.prefix = value, .tag = end + sizeof(middle) - 1 };
	return NULL;
}

static const char *parse_without(char *value, struct command_line *line)
{
	const int without = confinement_parse(value);

	if (without < 0)
		return "is not a list of apparmor, selinux and user-namespaces";
	line->without = (unsigned int)without;
	return NULL;
}

static const struct {
	const char *name;
	const char *(*parse)(char *value, struct command_line *line);
	bool is_list;
} arguments[] = {
	{ "layer", parse_layer, true },
	{ "upper", parse_upper, false },
	{ "config", parse_config, false },
	{ "overrides", parse_overrides, false },
	{ "stdin", parse_stdin, false },
	{ "stdout", parse_stdout, false },
	{ "stderr", parse_stderr, false },
	{ "control", parse_control, false },
	{ "nameserver", parse_name_server, true },
	{ "init", parse_init, false },
	{ "source", parse_source, true },
	{ "without", parse_without, false },
};

/* given has a bit for each argument that came before. */
static int parse_argument(char *name, struct command_line *line, unsigned int *given,
			  struct error *error)
{
	char *value = strchr(name, '=');
	const char *problem;
	size_t i;

	if (!value || !value[1])
		return ERROR(error, "command line: " PREFIX, name, ": has no value");
	*value++ = '\0';
	for (i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		if (!strcmp(name, arguments[i].name))
			break;
	}
	/* Skipping a misspelt argument would start something other than what was asked for. */
	if (i == sizeof(arguments) / sizeof(arguments[0]))
		return ERROR(error, "command line: " PREFIX, name, ": no such argument");
	if ((*given >> i & 1) && !arguments[i].is_list)
		return ERROR(error, "command line: " PREFIX, name, ": is given twice");
	*given |= 1u << i;
	problem = arguments[i].parse(value, line);
	if (problem)
		return ERROR(error, "command line: " PREFIX, name, "=", value, ": ", problem);
	return 0;
}

int command_line_parse(char *text, struct command_line *line, struct error *error)
{
	char *argument;
	unsigned int given = 0;

	memset(line, 0, sizeof(*line));
	while ((argument = next_argument(&text))) {
		/* What follows is for init's argv, which this init does not use. */
		if (!strcmp(argument, "--"))
			break;
		if (strncmp(argument, PREFIX, sizeof(PREFIX) - 1) != 0)
			continue;
		if (parse_argument(argument + sizeof(PREFIX) - 1, line, &given, error) < 0)
			return -1;
	}
	if (!line->layer_count)
		return ERROR(error, "command line: no layer: " PREFIX "layer= is missing");
	for (size_t i = 0; line->upper.name && i < line->layer_count; i++) {
		if (!strcmp(line->layers[i].disk.name, line->upper.name))
			return ERROR(error, "command line: ", line->upper.name,
				     " is both a layer and the upper");
	}
	if (!line->config.path)
		line->config.path = "/oci/config.json";
	return 0;
}
