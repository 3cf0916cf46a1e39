// SPDX-License-Identifier: Apache-2.0
/* What comes through the control channel, byte by byte, as lines. Good when each is. */
#include "fuzz.h"

#include "channel/request.h"

static bool take_line(char *text)
{
	struct request request;
	struct error error;

	error.text[0] = '\0';
	if (request_parse(text, &request, &error) < 0) {
		check_error(&error, "");
		return false;
	}
	CHECK(request.kind != REQUEST_SIGNAL || (request.signal >= 1 && request.signal <= 64));
	CHECK(request.kind < REQUEST_HELLO || (request.id && request.id[0]));
	CHECK(!request.id || strlen(request.id) <= REQUEST_ID_MAX);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line line = { .length = 0 };
	bool good = true;

	for (size_t i = 0; i < size; i++) {
		switch (line_add(&line, (char)data[i])) {
		case LINE_INCOMPLETE:
			break;
		case LINE_COMPLETE:
			CHECK(strlen(line.text) < sizeof(line.text));
			good = take_line(line.text) && good;
			break;
		case LINE_TOO_LONG:
			good = false;
			break;
		}
	}
	check_expected(good);
	return 0;
}
