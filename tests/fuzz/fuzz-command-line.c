// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "config/command_line.h"

static void check_disk(const struct disk *disk)
{
	CHECK(disk->name[0]);
	if (disk->serial)
		CHECK(disk->serial[0] && strlen(disk->serial) <= SERIAL_MAX && !disk->device[0]);
	else
		CHECK(disk->device[0] && !strcmp(disk->device, disk->name) &&
		      !strchr(disk->device, '/'));
}

static void check_location(const struct document_location *location)
{
	CHECK(location->path[0] == '/');
	CHECK((location->place == DOCUMENT_ON_SHARE) == (location->share != NULL));
	CHECK(!location->share || location->share[0]);
}

static void check_line(const struct command_line *line)
{
	CHECK(line->layer_count >= 1 && line->layer_count <= LAYERS_MAX);
	for (size_t i = 0; i < line->layer_count; i++) {
		CHECK(line->layers[i].disk.name[0]);
		if (line->layers[i].share)
			CHECK(line->layers[i].share[0]);
		else
			check_disk(&line->layers[i].disk);
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(line->layers[i].disk.name, line->layers[j].disk.name) != 0);
	}
	if (line->upper.name)
		check_disk(&line->upper);
	/* It becomes a part of the options of a mount. */
	CHECK(!line->tmpfs_size || !strpbrk(line->tmpfs_size, ",= "));
	check_location(&line->config);
	if (line->overrides.path)
		check_location(&line->overrides);
	for (size_t i = 0; i < 3; i++) {
		const struct stream *stream = &line->streams[i];

		CHECK((stream->kind == STREAM_PORT || stream->kind == STREAM_TERMINAL) ==
		      (stream->name != NULL));
		CHECK(!stream->name || stream->name[0]);
		CHECK(stream->kind != STREAM_TERMINAL || !strchr(stream->name, '/'));
	}
	CHECK((line->control.kind == CONTROL_PORT) == (line->control.port_name != NULL));
	CHECK((line->control.kind == CONTROL_VSOCK) == (line->control.vsock_port != 0));
	CHECK(!line->name_servers[NAME_SERVERS_MAX]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = copy((struct part){ (const char *)data, size });
	struct command_line line;
	struct error error;
	bool good = command_line_parse(text, &line, &error) == 0;

	if (good)
		check_line(&line);
	else
		check_error(&error, "command line: ");
	free(text);
	check_expected(good);
	return 0;
}
