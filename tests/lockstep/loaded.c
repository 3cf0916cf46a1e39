// SPDX-License-Identifier: Apache-2.0
/*
 * loaded LIBRARY VERSION: a program that finds the library at run time, as programs
 * in other languages do, and asks whether it is VERSION.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	int (*check_version)(const char *);
	void *library, *symbol;

	if (argc != 3)
		return 2;
	library = dlopen(argv[1], RTLD_NOW);
	symbol = library == NULL ? NULL : dlsym(library, "supermachine_kernel_check_version");
	if (symbol == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 2;
	}
	/* ISO C has no cast from the one kind of pointer to the other. */
	memcpy(&check_version, &symbol, sizeof(check_version));
	if (check_version(argv[2]) == 0)
		return puts(argv[2]) < 0;
	fprintf(stderr, "check_version: %s\n", errno == ENOTSUP ? "ENOTSUP" : strerror(errno));
	return 1;
}
