// SPDX-License-Identifier: Apache-2.0
#include "command_line.h"

#include <stdbool.h>
#include <string.h>

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

static bool is_kernel_name(const char *name)
{
	if (strlen(name) >= sizeof(((struct disk *)NULL)->device))
		return false;
	for (; *name; name++) {
		bool good = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
			    (*name >= '0' && *name <= '9') || *name == '-' || *name == '_';

		if (!good)
			return false;
	}
	return true;
}

static int parse_disk(const char *value, struct disk *disk)
{
	disk->name = value;
	disk->serial = NULL;
	disk->device[0] = '\0';
	if (!strncmp(value, "serial:", 7)) {
		disk->serial = value + 7;
		return disk->serial[0] && strlen(disk->serial) <= SERIAL_MAX ? 0 : -1;
	}
	if (!is_kernel_name(value))
		return -1;
	strcpy(disk->device, value);
	return 0;
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

static int parse_upper(const char *value, struct command_line *line)
{
	if (!strncmp(value, "tmpfs:", 6)) {
		line->tmpfs_size = value + 6;
		return is_tmpfs_size(line->tmpfs_size) ? 0 : -1;
	}
	if (!strcmp(value, "tmpfs"))
		return 0;
	return parse_disk(value, &line->upper);
}

static int add_layer(const char *value, struct command_line *line, struct error *error)
{
	if (line->layer_count == LAYERS_MAX)
		return ERROR(error, "command line: more layers than 128, at " PREFIX "layer=", value);
	for (size_t i = 0; i < line->layer_count; i++) {
		if (!strcmp(line->layers[i].name, value))
			return ERROR(error, "command line: layer ", value, " is given twice");
	}
	if (parse_disk(value, &line->layers[line->layer_count]) < 0)
		return ERROR(error, "command line: " PREFIX "layer=", value,
			     ": a disk is named like vdb, or serial:NAME of up to 20 letters");
	line->layer_count++;
	return 0;
}

static int parse_argument(char *name, struct command_line *line, bool *upper_given,
			  struct error *error)
{
	char *value = strchr(name, '=');

	if (!value || !value[1])
		return ERROR(error, "command line: " PREFIX, name, ": has no value");
	*value++ = '\0';

	if (!strcmp(name, "layer"))
		return add_layer(value, line, error);
	if (!strcmp(name, "upper")) {
		if (*upper_given)
			return ERROR(error, "command line: " PREFIX "upper is given twice");
		*upper_given = true;
		if (parse_upper(value, line) < 0)
			return ERROR(error, "command line: " PREFIX "upper=", value,
				     ": is not tmpfs, tmpfs:SIZE, or a disk like vdb or serial:NAME");
		return 0;
	}
	if (!strcmp(name, "config")) {
		if (line->config)
			return ERROR(error, "command line: " PREFIX "config is given twice");
		if (value[0] != '/')
			return ERROR(error, "command line: " PREFIX "config=", value,
				     ": is not an absolute path");
		line->config = value;
		return 0;
	}
	/* A misspelt argument that is skipped would start something else than asked for. */
	return ERROR(error, "command line: " PREFIX, name, ": no such argument");
}

int command_line_parse(char *text, struct command_line *line, struct error *error)
{
	char *argument;
	bool upper_given = false;

	memset(line, 0, sizeof(*line));
	while ((argument = next_argument(&text))) {
		/* What follows is for init's argv, which this init does not use. */
		if (!strcmp(argument, "--"))
			break;
		if (strncmp(argument, PREFIX, sizeof(PREFIX) - 1) != 0)
			continue;
		if (parse_argument(argument + sizeof(PREFIX) - 1, line, &upper_given, error) < 0)
			return -1;
	}
	if (!line->layer_count)
		return ERROR(error, "command line: no layer: " PREFIX "layer= is missing");
	for (size_t i = 0; line->upper.name && i < line->layer_count; i++) {
		if (!strcmp(line->layers[i].name, line->upper.name))
			return ERROR(error, "command line: ", line->upper.name,
				     " is both a layer and the upper");
	}
	if (!line->config)
		line->config = "/oci/config.json";
	return 0;
}
