// SPDX-License-Identifier: Apache-2.0
/* What the VMM asks for on the control channel, parsed. */
#include "life/request.h"

#include <string.h>

#include "config/kernel_names.h"

#define STOP_SECONDS_MAX 86400
/* In the year 2262: the kernel counts nanoseconds no further. */
#define NANOSECONDS_MAX INT64_MAX

enum line_state line_add(struct line *line, char byte)
{
	bool too_long = line->too_long;

	if (byte == '\n') {
		line->text[line->length] = '\0';
		line->length = 0;
		line->too_long = false;
		return too_long ? LINE_TOO_LONG : LINE_COMPLETE;
	}
	if (line->length < sizeof(line->text) - 1)
		line->text[line->length++] = byte;
	else
		line->too_long = true;
	return LINE_INCOMPLETE;
}

static int parse_number(const char *word, uint64_t max, uint64_t *number)
{
	*number = 0;
	if (!*word)
		return -1;
	for (; *word; word++) {
		unsigned int digit = (unsigned int)(*word - '0');

		if (*word < '0' || *word > '9' || *number > (max - digit) / 10)
			return -1;
		*number = *number * 10 + digit;
	}
	return 0;
}

static int parse_stop(const char *seconds, struct request *request, struct error *error)
{
	uint64_t number = STOP_SECONDS;

	if (seconds && parse_number(seconds, STOP_SECONDS_MAX, &number) < 0)
		return ERROR(error, "stop ", seconds, ": is not a number of seconds up to 86400");
	request->kind = REQUEST_STOP;
	request->seconds = (unsigned int)number;
	return 0;
}

static int parse_signal(const char *name, struct request *request, struct error *error)
{
	request->kind = REQUEST_SIGNAL;
	request->signal = signal_number(name);
	return request->signal > 0 ? 0 : ERROR(error, "signal ", name, ": there is no such signal");
}

static int parse_size(const char *rows, const char *columns, struct request *request,
		      struct error *error)
{
	uint64_t height, width;

	if (parse_number(rows, UINT16_MAX, &height) < 0 ||
	    parse_number(columns, UINT16_MAX, &width) < 0)
		return ERROR(error, "size ", rows, " ", columns,
			     ": rows and columns are numbers up to 65535");
	request->kind = REQUEST_SIZE;
	request->rows = (unsigned short)height;
	request->columns = (unsigned short)width;
	return 0;
}

static int parse_time(const char *nanoseconds, struct request *request, struct error *error)
{
	request->kind = REQUEST_TIME;
	if (parse_number(nanoseconds, NANOSECONDS_MAX, &request->nanoseconds) < 0)
		return ERROR(error, "time ", nanoseconds,
			     ": is not a number of nanoseconds since 1970");
	return 0;
}

int request_parse(char *line, struct request *request, struct error *error)
{
	/* One more than any request has, so that a longer line is refused. */
	char *words[4] = { NULL };
	size_t count = 0;

	memset(request, 0, sizeof(*request));
	while (line && count < 4) {
		words[count++] = line;
		line = strchr(line, ' ');
		if (line)
			*line++ = '\0';
	}
	if (!strcmp(words[0], "stop") && count <= 2)
		return parse_stop(words[1], request, error);
	if (!strcmp(words[0], "signal") && count == 2)
		return parse_signal(words[1], request, error);
	if (!strcmp(words[0], "size") && count == 3)
		return parse_size(words[1], words[2], request, error);
	if (!strcmp(words[0], "time") && count == 2)
		return parse_time(words[1], request, error);
	return ERROR(error, words[0], ": is not `stop [SECONDS]`, `signal NAME`, "
		     "`size ROWS COLUMNS` or `time NANOSECONDS`");
}
