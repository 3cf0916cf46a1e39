// SPDX-License-Identifier: Apache-2.0
/*
 * residency touch LIBRARY SYMBOL: load the library, read one of the bytes that
 * SYMBOL points to, and print how much of their mapping is resident before and
 * after, in KiB.
 *
 * residency share LIBRARY SYMBOL LENGTH: read all of the bytes, print "ready",
 * wait for the end of standard input, and print what is resident, this process's
 * proportion of it, what is shared and what is private, in KiB. Clean and dirty
 * are the same here: pages of a file that was written lately are dirty.
 *
 * Exits with 77 where the system does not report this.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIP 77

struct usage {
	long resident;
	long proportional;
	long shared;
	long private;
};

/* A line of proc_pid_smaps(5). */
static void add_field(const char *line, struct usage *usage)
{
	char name[32];
	long size;

	if (sscanf(line, "%31[^:]: %ld kB", name, &size) != 2)
		return;
	if (strcmp(name, "Rss") == 0)
		usage->resident = size;
	else if (strcmp(name, "Pss") == 0)
		usage->proportional = size;
	else if (strncmp(name, "Shared_", 7) == 0 && strcmp(name, "Shared_Hugetlb") != 0)
		usage->shared += size;
	else if (strncmp(name, "Private_", 8) == 0 && strcmp(name, "Private_Hugetlb") != 0)
		usage->private += size;
}

/* Of the mapping that address is in. */
static struct usage usage_of(const void *address)
{
	struct usage usage = { -1, -1, 0, 0 };
	uintptr_t start, end, wanted = (uintptr_t)address;
	int inside = 0;
	char line[4096];
	FILE *smaps;

	smaps = fopen("/proc/self/smaps", "r");
	if (smaps == NULL)
		exit(SKIP);
	while (fgets(line, sizeof(line), smaps) != NULL) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2)
			inside = start <= wanted && wanted < end;
		else if (inside)
			add_field(line, &usage);
	}
	fclose(smaps);
	if (usage.resident < 0 || usage.proportional < 0)
		exit(SKIP);
	return usage;
}

static const unsigned char *load(const char *library, const char *symbol)
{
	const unsigned char *const *bytes = NULL;
	void *handle = dlopen(library, RTLD_NOW);

	if (handle != NULL)
		bytes = dlsym(handle, symbol);
	if (bytes == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return *bytes;
}

static int touch(const unsigned char *bytes)
{
	long before = usage_of(bytes).resident, after;

	(void)*(volatile const unsigned char *)bytes;
	after = usage_of(bytes).resident;
	return printf("%ld %ld\n", before, after) < 0;
}

static int share(const unsigned char *bytes, size_t length)
{
	struct usage usage;
	size_t i;

	for (i = 0; i < length; i += 4096)
		(void)*(volatile const unsigned char *)(bytes + i);
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	usage = usage_of(bytes);
	return printf("%ld %ld %ld %ld\n", usage.resident, usage.proportional,
		      usage.shared, usage.private) < 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "touch") == 0)
		return touch(load(argv[2], argv[3]));
	if (argc == 5 && strcmp(argv[1], "share") == 0)
		return share(load(argv[2], argv[3]), strtoul(argv[4], NULL, 10));
	fputs("Usage: residency touch LIBRARY SYMBOL | share LIBRARY SYMBOL LENGTH\n", stderr);
	return 2;
}
