// SPDX-License-Identifier: Apache-2.0
/*
 * decode-xz FILE: decode an .xz file to standard output. Replaces the xz program
 * during the build where only liblzma is installed.
 */
#include <errno.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *file, const char *why)
{
	fprintf(stderr, "decode-xz: %s: %s\n", file, why);
	return EXIT_FAILURE;
}

static const char *describe(lzma_ret status)
{
	switch (status) {
	case LZMA_FORMAT_ERROR:
		return "not an .xz file";
	case LZMA_OPTIONS_ERROR:
		return "made by a newer xz, with filters this liblzma does not know";
	case LZMA_MEM_ERROR:
		return strerror(ENOMEM);
	default:
		return "damaged";
	}
}

static lzma_ret decode(lzma_stream *stream, FILE *input)
{
	static const lzma_action when_at_end[] = { LZMA_RUN, LZMA_FINISH };
	unsigned char in[65536], out[65536];
	lzma_ret status = LZMA_OK;

	while (status == LZMA_OK) {
		if (stream->avail_in == 0) {
			stream->next_in = in;
			stream->avail_in = fread(in, 1, sizeof(in), input);
		}
		stream->next_out = out;
		stream->avail_out = sizeof(out);
		status = lzma_code(stream, when_at_end[feof(input) != 0]);
		fwrite(out, 1, sizeof(out) - stream->avail_out, stdout);
		if (ferror(input) || ferror(stdout))
			break;
	}
	return status;
}

int main(int argc, char **argv)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret status;
	FILE *input;

	if (argc != 2) {
		fputs("Usage: decode-xz FILE\n", stderr);
		return EXIT_FAILURE;
	}
	input = fopen(argv[1], "rb");
	if (input == NULL)
		return fail(argv[1], strerror(errno));

	status = lzma_stream_decoder(&stream, UINT64_MAX, LZMA_CONCATENATED);
	if (status == LZMA_OK)
		status = decode(&stream, input);
	lzma_end(&stream);
	if (ferror(input) || fclose(input) != 0)
		return fail(argv[1], "cannot be read");
	if (ferror(stdout) || fflush(stdout) != 0)
		return fail("standard output", strerror(errno));
	if (status != LZMA_STREAM_END)
		return fail(argv[1], describe(status));
	return EXIT_SUCCESS;
}
