// SPDX-License-Identifier: Apache-2.0
/* What the VMM asks for on the control channel, parsed. */
#include "channel/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "config/kernel_names.h"

#define STOP_SECONDS_MAX 86400
/* In the year 2262: the kernel counts nanoseconds no further. */
#define NANOSECONDS_MAX INT64_MAX
/* The request, its id, three streams, "keep" and the length; and one too many. */
#define WORDS_MAX 8

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

		if (digit > 9 || digit > max || *number > (max - digit) / 10)
			return -1;
		*number = *number * 10 + digit;
	}
	return 0;
}

static int parse_id(const char *word, struct request *request, struct error *error)
{
	const size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-");

	if (!length || length > REQUEST_ID_MAX || word[length])
		return ERROR(error, request_name(request->kind), " ", word,
			     ": is no id of up to 64 letters, digits, dots, hyphens and underscores");
	request->id = word;
	return 0;
}

static int parse_stop(char *const words[], size_t count, struct request *request,
		      struct error *error)
{
	uint64_t number = STOP_SECONDS;

	if (count && parse_number(words[0], STOP_SECONDS_MAX, &number) < 0)
		return ERROR(error, "stop ", words[0], ": is not a number of seconds up to 86400");
	request->seconds = (unsigned int)number;
	return 0;
}

static int parse_signal(char *const words[], size_t count, struct request *request,
			struct error *error)
{
	if (count > 1 && parse_id(*words++, request, error) < 0)
		return -1;
	request->signal = signal_number(words[0]);
	return request->signal > 0 ? 0 :
				     ERROR(error, "signal ", words[0], ": there is no such signal");
}

static int parse_size(char *const words[], size_t count, struct request *request,
		      struct error *error)
{
	uint64_t height, width;

	if (count > 2 && parse_id(*words++, request, error) < 0)
		return -1;
	if (parse_number(words[0], UINT16_MAX, &height) < 0 ||
	    parse_number(words[1], UINT16_MAX, &width) < 0)
		return ERROR(error, "size ", words[0], " ", words[1],
			     ": rows and columns are numbers up to 65535");
	request->rows = (unsigned short)height;
	request->columns = (unsigned short)width;
	return 0;
}

static int parse_time(char *const words[], size_t count, struct request *request,
		      struct error *error)
{
	(void)count;
	if (parse_number(words[0], NANOSECONDS_MAX, &request->nanoseconds) < 0)
		return ERROR(error, "time ", words[0],
			     ": is not a number of nanoseconds since 1970");
	return 0;
}

/* STREAM, or STREAM BYTES */
static int parse_stream(char *const words[], size_t count, struct request *request,
			struct error *error)
{
	uint64_t stream, bytes = 0;

	if (parse_number(words[0], 2, &stream) < 0)
		return ERROR(error, request_name(request->kind), " ", request->id, " ", words[0],
			     ": is no stream: 0, 1 or 2");
	if (count > 1 && parse_number(words[1], UINT32_MAX, &bytes) < 0)
		return ERROR(error, request_name(request->kind), " ", request->id, ": ", words[1],
			     ": is not a number of bytes");
	request->stream = (unsigned int)stream;
	request->bytes = (uint32_t)bytes;
	return 0;
}

static int parse_place(const char *word, bool of_errors, struct place *place)
{
	uint64_t port;

	if (!strcmp(word, "channel")) {
		place->kind = PLACE_CHANNEL;
	} else if (!strcmp(word, "null")) {
		place->kind = PLACE_NULL;
	} else if (of_errors && !strcmp(word, "out")) {
		place->kind = PLACE_OUTPUT;
	} else if (!strncmp(word, "port:", 5) && word[5]) {
		place->kind = PLACE_PORT;
		place->port_name = word + 5;
	} else if (!strncmp(word, "vsock:", 6) && parse_number(word + 6, UINT32_MAX - 1, &port) == 0 &&
		   port) {
		place->kind = PLACE_VSOCK;
		place->vsock_port = (unsigned int)port;
	} else {
		return -1;
	}
	return 0;
}

/* Where the streams go, of which the request has those in allowed, a bit for each. */
static int parse_places(char *const words[], size_t count, unsigned int allowed,
			struct request *request, struct error *error)
{
	static const char *const names[] = { "in=", "out=", "err=" };

	for (size_t i = 0; i < count; i++) {
		unsigned int stream = 0;

		if (request->kind == REQUEST_EXEC && !strcmp(words[i], "keep")) {
			request->keep = true;
			continue;
		}
		while (stream < 3 && strncmp(words[i], names[stream], strlen(names[stream])) != 0)
			stream++;
		if (stream == 3 || !(allowed >> stream & 1) ||
		    parse_place(words[i] + strlen(names[stream]), stream == 2,
				&request->places[stream]) < 0)
			return ERROR(error, request_name(request->kind), " ", request->id, ": ",
				     words[i], ": is no place for a stream");
		request->has_input |= stream == 0;
	}
	return 0;
}

static int parse_exec(char *const words[], size_t count, struct request *request,
		      struct error *error)
{
	request->places[1].kind = request->places[2].kind = PLACE_CHANNEL;
	return parse_places(words, count, 7, request, error);
}

static int parse_output(char *const words[], size_t count, struct request *request,
			struct error *error)
{
	request->places[1].kind = PLACE_CHANNEL;
	return parse_places(words, count, 2, request, error);
}

static int parse_input(char *const words[], size_t count, struct request *request,
		       struct error *error)
{
	request->places[0].kind = PLACE_CHANNEL;
	return parse_places(words, count, 1, request, error);
}

static int parse_name(char *const words[], size_t count, struct request *request,
		      struct error *error)
{
	(void)count;
	(void)error;
	request->values[0] = words[0];
	return 0;
}

static int parse_addresses(char *const words[], size_t count, struct request *request,
			   struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		unsigned char address[16];

		if (inet_pton(AF_INET, words[i], address) != 1 &&
		    inet_pton(AF_INET6, words[i], address) != 1)
			return ERROR(error, "nameserver ", request->id, ": ", words[i],
				     ": is no address");
		request->values[i] = words[i];
	}
	return 0;
}

/* What comes before LENGTH, if there is one, and after the id, if there always is one. */
static const struct verb {
	const char *name;
	unsigned char least, most;	/* words */
	bool has_id, has_length;
	int (*parse)(char *const words[], size_t count, struct request *request,
		     struct error *error);
} verbs[] = {
	[REQUEST_STOP] = { "stop", 0, 1, false, false, parse_stop },
	[REQUEST_SIGNAL] = { "signal", 1, 2, false, false, parse_signal },
	[REQUEST_SIZE] = { "size", 2, 3, false, false, parse_size },
	[REQUEST_TIME] = { "time", 1, 1, false, false, parse_time },
	[REQUEST_HELLO] = { "hello", 0, WORDS_MAX, true, false, NULL },
	[REQUEST_DATA] = { "data", 1, 1, true, true, parse_stream },
	[REQUEST_CREDIT] = { "credit", 2, 2, true, false, parse_stream },
	[REQUEST_CLOSE] = { "close", 1, 1, true, false, parse_stream },
	[REQUEST_FORGET] = { "forget", 0, 0, true, false, NULL },
	[REQUEST_EXEC] = { "exec", 0, 4, true, true, parse_exec },
	[REQUEST_GET] = { "get", 0, 1, true, true, parse_output },
	[REQUEST_PUT] = { "put", 0, 1, true, true, parse_input },
	[REQUEST_PS] = { "ps", 0, 1, true, false, parse_output },
	[REQUEST_STATISTICS] = { "statistics", 0, 1, true, false, parse_output },
	[REQUEST_MOUNT] = { "mount", 0, 0, true, true, NULL },
	[REQUEST_UMOUNT] = { "umount", 0, 0, true, true, NULL },
	[REQUEST_PAUSE] = { "pause", 0, 0, true, false, NULL },
	[REQUEST_RESUME] = { "resume", 0, 0, true, false, NULL },
	[REQUEST_SYNC] = { "sync", 0, 0, true, false, NULL },
	[REQUEST_NAMESERVER] = { "nameserver", 1, NAME_SERVERS_MAX, true, false, parse_addresses },
	[REQUEST_HOSTNAME] = { "hostname", 1, 1, true, false, parse_name },
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

bool request_is_of_container(enum request_kind kind)
{
	return kind == REQUEST_EXEC || kind == REQUEST_GET || kind == REQUEST_PUT;
}

const char *request_name(enum request_kind kind)
{
	return verbs[kind].name;
}

static size_t split(char *line, char *words[WORDS_MAX])
{
	size_t count = 0;

	while (line && count < WORDS_MAX) {
		words[count++] = line;
		line = strchr(line, ' ');
		if (line)
			*line++ = '\0';
	}
	return count;
}

/* The length first: the body that it tells of is skipped if anything else is wrong. */
static int parse_words(const struct verb *verb, char *const words[], size_t count,
		       struct request *request, struct error *error)
{
	uint64_t length = 0;

	if (verb->has_length) {
		if (count < 2 || parse_number(words[--count], UINT32_MAX, &length) < 0)
			return ERROR(error, verb->name, ": does not end with a length");
		request->length = (uint32_t)length;
	}
	if (verb->has_id) {
		if (!count)
			return ERROR(error, verb->name, ": has no id");
		if (parse_id(*words++, request, error) < 0)
			return -1;
		count--;
	}
	if (count < verb->least || count > verb->most)
		return ERROR(error, verb->name, ": has too few or too many words");
	return verb->parse ? verb->parse(words, count, request, error) : 0;
}

int request_parse(char *line, struct request *request, struct error *error)
{
	char *words[WORDS_MAX];
	const size_t count = split(line, words);

	memset(request, 0, sizeof(*request));
	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(words[0], verbs[i].name) != 0)
			continue;
		request->kind = (enum request_kind)i;
		if (parse_words(&verbs[i], words + 1, count - 1, request, error) == 0)
			return 0;
		error->number = EINVAL;
		return -1;
	}
	return ERROR(error, words[0], ": is not a request");
}
