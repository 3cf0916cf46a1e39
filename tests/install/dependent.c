// SPDX-License-Identifier: Apache-2.0
/*
 * dependent bytes ASSET | extract ASSET FILE | version: what a program that
 * depends on the installed package gets.
 */
#include <stdio.h>
#include <string.h>
#include <supermachine-kernel.h>

static int write_bytes(const char *asset)
{
	const unsigned char *bytes;
	size_t length;

	if (strcmp(asset, "kernel") == 0) {
		bytes = supermachine_kernel_bytes;
		length = supermachine_kernel_len;
	} else {
		bytes = supermachine_init_oci_bytes;
		length = supermachine_init_oci_len;
	}
	return fwrite(bytes, 1, length, stdout) == length && fflush(stdout) == 0 ? 0 : 1;
}

static int extract(const char *asset, const char *path)
{
	int result;

	if (strcmp(asset, "kernel") == 0)
		result = supermachine_extract_kernel_to(path);
	else
		result = supermachine_extract_init_oci_to(path);
	if (result < 0)
		perror(path);
	return result < 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "bytes") == 0)
		return write_bytes(argv[2]);
	if (argc == 4 && strcmp(argv[1], "extract") == 0)
		return extract(argv[2], argv[3]);
	if (argc == 2 && strcmp(argv[1], "version") == 0)
		return printf("%s %s\n", SUPERMACHINE_KERNEL_VERSION, supermachine_kernel_version()) < 0;
	fputs("Usage: dependent bytes ASSET | extract ASSET FILE | version\n", stderr);
	return 2;
}
