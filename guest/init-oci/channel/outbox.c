// SPDX-License-Identifier: Apache-2.0
/* What is on its way to the VMM. */
#include "channel/outbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"

/* "data ID STREAM LENGTH\n" */
#define HEADER_MAX 128
/* Only for lines: some dozens. */
#define RESERVE 4096
/* Of one stream, before another one has its turn. */
#define DATA_MAX 8192

/* Moves everything to the start. */
static void make_room(struct outbox *outbox)
{
	if (!outbox->start)
		return;
	memmove(outbox->bytes, outbox->bytes + outbox->start, outbox->end - outbox->start);
	outbox->end -= outbox->start;
	outbox->start = 0;
}

bool outbox_line(struct outbox *outbox, const char *const parts[])
{
	char line[OUTBOX_LINE_MAX];
	const size_t length = text_join(line, sizeof(line), parts);

	if (sizeof(outbox->bytes) - outbox->end <= length)
		make_room(outbox);
	if (sizeof(outbox->bytes) - outbox->end <= length) {
		outbox->had_no_room = true;
		return false;
	}
	memcpy(outbox->bytes + outbox->end, line, length);
	outbox->end += length;
	outbox->bytes[outbox->end++] = '\n';
	return true;
}

char *outbox_space(struct outbox *outbox, size_t *room)
{
	const size_t needed = RESERVE + HEADER_MAX;
	size_t left;

	make_room(outbox);
	left = sizeof(outbox->bytes) - outbox->end;
	left = left > needed ? left - needed : 0;
	outbox->had_no_room |= !left;
	*room = left < DATA_MAX ? left : DATA_MAX;
	return outbox->bytes + outbox->end + HEADER_MAX;
}

void outbox_data(struct outbox *outbox, const char *id, unsigned int stream, size_t length)
{
	struct decimal number, bytes;
	char *const header = outbox->bytes + outbox->end;
	const size_t used = text_join(header, HEADER_MAX, (const char *const[]){
		"data ", id, " ", decimal(&number, stream), " ", decimal(&bytes, length), NULL });

	header[used] = '\n';
	memmove(header + used + 1, header + HEADER_MAX, length);
	outbox->end += used + 1 + length;
}

int outbox_flush(struct outbox *outbox, int fd)
{
	while (outbox->start < outbox->end) {
		const ssize_t written = write(fd, outbox->bytes + outbox->start,
					      outbox->end - outbox->start);

		if (written <= 0)
			return written < 0 && errno == EAGAIN ? 0 : -1;
		outbox->start += (size_t)written;
	}
	outbox->start = outbox->end = 0;
	return 0;
}
