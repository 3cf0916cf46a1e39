// SPDX-License-Identifier: Apache-2.0
/*
 * What the library does with a compressed payload, seen from outside.
 *
 * payload-xz once LIBRARY ASSET: 64 threads ask for the bytes. Prints how many
 * different addresses they get, and the KiB of memory that the whole took at most.
 * payload-xz protected LIBRARY ASSET: prints how the bytes may be used, as
 * /proc/self/maps has it.
 * payload-xz unloaded LIBRARY ASSET: loads the library, asks for the bytes and
 * unloads it, 20 times. Prints the KiB that stay in the address space.
 * payload-xz ended LIBRARY ASSET READER: ends while another library still reads
 * the bytes.
 * payload-xz refused LIBRARY ASSET PATH: asks for the bytes and for extraction to
 * PATH, and prints each errno, by name if it is the one of a damaged payload.
 *
 * ASSET is the name as it stands in symbols.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 64
#define CYCLES 20
#define WARM_UP 4

typedef const unsigned char *get_function(size_t *length);
typedef int extract_function(const char *path);

static get_function *get;

static void *find(void *library, const char *format, const char *asset)
{
	char name[128];
	void *symbol;

	snprintf(name, sizeof(name), format, asset);
	symbol = dlsym(library, name);
	if (symbol == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return symbol;
}

static void *get_bytes(void *start)
{
	pthread_barrier_wait(start);
	return (void *)get(NULL);
}

/* A number of /proc/self/status, which stands there in KiB; or -1. */
static long status_field(const char *name)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long value = -1;

	if (status == NULL)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), status) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtol(line + strlen(name), NULL, 10);
	fclose(status);
	return value;
}

static int once(void)
{
	pthread_t threads[THREADS];
	pthread_barrier_t start;
	void *bytes, *first = NULL;
	int i, addresses = 0;
	long before = status_field("VmHWM:");

	pthread_barrier_init(&start, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, get_bytes, &start) != 0)
			return 1;
	for (i = 0; i < THREADS; i++) {
		if (pthread_join(threads[i], &bytes) != 0 || bytes == NULL)
			return 1;
		addresses += bytes != first;
		first = bytes;
	}
	return printf("%d %ld\n", addresses, status_field("VmHWM:") - before) < 0;
}

static int protected(void)
{
	uintptr_t bytes = (uintptr_t)get(NULL), start, end;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4096], how[5];

	if (bytes == 0 || maps == NULL)
		return 1;
	while (fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, how) == 3 &&
		    start <= bytes && bytes < end)
			puts(how);
	return fclose(maps);
}

static int load_and_unload(const char *path, const char *asset)
{
	void *library = dlopen(path, RTLD_NOW);

	if (library == NULL)
		return -1;
	*(void **)&get = find(library, "supermachine_get_%s", asset);
	if (get(NULL) == NULL)
		return -1;
	return dlclose(library);
}

/* What the library has registered with fork(2) must be gone as well. */
static int fork_and_wait(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(0);
	return waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

static int unloaded(const char *path, const char *asset)
{
	long before = 0;
	int i;

	/* The first times, the C library makes room for itself. */
	for (i = 1 - WARM_UP; i <= CYCLES; i++) {
		if (load_and_unload(path, asset) < 0 || fork_and_wait() < 0)
			return 1;
		if (i == 0)
			before = status_field("VmSize:");
	}
	return printf("%ld\n", status_field("VmSize:") - before) < 0;
}

static int ended(const char *path)
{
	void *reader = dlopen(path, RTLD_NOW);

	if (reader == NULL)
		return 1;
	*(const unsigned char **)find(reader, "read_at_%s", "end") = get(NULL);
	return 0;
}

static const char *name_of(int error)
{
	return error == EBADMSG ? "EBADMSG" : strerror(error);
}

static int refused(extract_function *extract, const char *path)
{
	size_t length = 1;

	errno = 0;
	if (get(&length) != NULL || length != 1)
		return 1;
	printf("%s", name_of(errno));
	errno = 0;
	if (extract(path) == 0)
		return 1;
	return printf(" %s\n", name_of(errno)) < 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 3 ? argv[1] : "";
	void *library;

	if (argc == 4 && strcmp(command, "unloaded") == 0)
		return unloaded(argv[2], argv[3]);
	library = argc > 3 ? dlopen(argv[2], RTLD_NOW) : NULL;
	if (argc > 3 && library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	if (library != NULL)
		*(void **)&get = find(library, "supermachine_get_%s", argv[3]);
	if (argc == 4 && strcmp(command, "once") == 0)
		return once();
	if (argc == 4 && strcmp(command, "protected") == 0)
		return protected();
	if (argc == 5 && strcmp(command, "ended") == 0)
		return ended(argv[4]);
	if (argc == 5 && strcmp(command, "refused") == 0) {
		extract_function *extract;

		*(void **)&extract = find(library, "supermachine_extract_%s_to", argv[3]);
		return refused(extract, argv[4]);
	}
	fputs("Usage: payload-xz once|protected|unloaded LIBRARY ASSET | ended LIBRARY ASSET READER | refused LIBRARY ASSET PATH\n", stderr);
	return 2;
}
