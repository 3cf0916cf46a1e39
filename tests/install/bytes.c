// SPDX-License-Identifier: Apache-2.0
/*
 * bytes write ASSET | lengths ASSET | address ASSET: a program that uses the symbols
 * of each asset, as C and as C++. ASSETS lists the assets, as ASSET("name", symbol).
 * With BYTES_BY_FUNCTION, for a library without byte symbols, it calls the functions.
 */
#include <supermachine-kernel.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined BYTES_BY_FUNCTION
#define BYTES(symbol) supermachine_get_##symbol(NULL)
#else
#define BYTES(symbol) supermachine_##symbol##_bytes
#endif

static int write_bytes(const unsigned char *bytes, size_t length)
{
	if (bytes == NULL) {
		perror("supermachine-kernel");
		return 1;
	}
	return fwrite(bytes, 1, length, stdout) != length || fflush(stdout) != 0;
}

/* The last byte is read, so that the padding has to be there. */
static int write_lengths(const unsigned char *bytes, size_t length, size_t padded_length)
{
	return bytes == NULL || printf("%zu %zu %d\n", length, padded_length, bytes[padded_length - 1]) < 0;
}

static int write_address(const unsigned char *bytes)
{
	return bytes == NULL || printf("%ju\n", (uintmax_t)(uintptr_t)bytes) < 0;
}

int main(int argc, char **argv)
{
	const char *command = argc == 3 ? argv[1] : "";
	const char *asset = argc == 3 ? argv[2] : "";

#define ASSET(name, symbol) \
	if (strcmp(asset, name) == 0 && strcmp(command, "write") == 0) \
		return write_bytes(BYTES(symbol), supermachine_##symbol##_len); \
	if (strcmp(asset, name) == 0 && strcmp(command, "lengths") == 0) \
		return write_lengths(BYTES(symbol), supermachine_##symbol##_len, \
				     supermachine_##symbol##_padded_len); \
	if (strcmp(asset, name) == 0 && strcmp(command, "address") == 0) \
		return write_address(BYTES(symbol));
	ASSETS
	fputs("Usage: bytes write ASSET | lengths ASSET | address ASSET\n", stderr);
	return 2;
}
