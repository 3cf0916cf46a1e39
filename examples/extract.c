// SPDX-License-Identifier: Apache-2.0
/*
 * extract DIRECTORY: put the guest kernel and the guest's PID 1 where a VMM
 * can open them. The smallest program that uses the library.
 *
 *   cc extract.c -o extract $(pkg-config --cflags --libs supermachine-kernel) \
 *           $(pkg-config --variable=run_path_flags supermachine-kernel)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <supermachine-kernel.h>

static int extract(int (*extract_to)(const char *), const char *directory, const char *name)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
		errno = ENAMETOOLONG;
	else if (extract_to(path) == 0)
		return 0;
	fprintf(stderr, "extract: %s/%s: %s\n", directory, name, strerror(errno));
	return -1;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("Usage: extract DIRECTORY\n", stderr);
		return EXIT_FAILURE;
	}
	/* A snapshot taken with another kernel cannot be resumed with this one. */
	if (supermachine_kernel_check_version(SUPERMACHINE_KERNEL_VERSION) < 0) {
		fprintf(stderr, "extract: made for supermachine-kernel %s, but %s is installed\n",
			SUPERMACHINE_KERNEL_VERSION, supermachine_kernel_version());
		return EXIT_FAILURE;
	}
	if (extract(supermachine_extract_kernel_to_with_parents, argv[1], "kernel") < 0 ||
	    extract(supermachine_extract_init_oci_to_with_parents, argv[1], "init-oci") < 0)
		return EXIT_FAILURE;
	printf("kernel: %zu bytes, init-oci: %zu bytes\n", supermachine_kernel_len,
	       supermachine_init_oci_len);
	return EXIT_SUCCESS;
}
