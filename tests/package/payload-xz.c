// SPDX-License-Identifier: Apache-2.0
/*
 * What the library does with a compressed payload, seen from outside.
 *
 * payload-xz once LIBRARY ASSET: 64 threads ask for the bytes. Prints how many
 * mappings were made for them.
 * payload-xz sealed LIBRARY ASSET: catches that memory while it is made, and
 * prints its seals, and whether it can be written to, cut and extended. Exits with
 * 3 if that was over too soon.
 * payload-xz refused LIBRARY ASSET PATH: asks for the bytes and for extraction to
 * PATH, and prints each errno, by name if it is the one of a damaged payload.
 *
 * ASSET is the name as it stands in symbols.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 64
#define MISSED 3
#define MEMORY "/memfd:supermachine-kernel"

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

static int count_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4096];
	int count = 0;

	if (maps == NULL)
		return -1;
	while (fgets(line, sizeof(line), maps) != NULL)
		count += strstr(line, MEMORY) != NULL;
	fclose(maps);
	return count;
}

static int once(void)
{
	pthread_t threads[THREADS];
	pthread_barrier_t start;
	void *bytes;
	int i;

	pthread_barrier_init(&start, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, get_bytes, &start) != 0)
			return 1;
	for (i = 0; i < THREADS; i++)
		if (pthread_join(threads[i], &bytes) != 0 || bytes == NULL)
			return 1;
	return printf("%d\n", count_mappings()) < 0;
}

/* A descriptor of our own for the memory that the other thread fills at fd. */
static int catch_memory(int fd)
{
	return fcntl(fd, F_GET_SEALS) < 0 ? -1 : dup(fd);
}

static atomic_bool done;

static void *get_and_tell(void *unused)
{
	const unsigned char *bytes = get(NULL);

	(void)unused;
	atomic_store(&done, true);
	return (void *)bytes;
}

static const char *answer(bool possible)
{
	return possible ? "yes" : "no";
}

static bool can_be_mapped(int fd)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED;
}

static int sealed(void)
{
	pthread_t thread;
	void *bytes;
	int fd = -1, seals, next;
	off_t size;

	/* What the library will get is what we would get now. */
	next = dup(STDIN_FILENO);
	close(next);

	if (pthread_create(&thread, NULL, get_and_tell, NULL) != 0)
		return 1;
	while (fd < 0 && !atomic_load(&done))
		fd = catch_memory(next);
	if (pthread_join(thread, &bytes) != 0 || bytes == NULL)
		return 1;
	if (fd < 0)
		return MISSED;
	seals = fcntl(fd, F_GET_SEALS);
	size = lseek(fd, 0, SEEK_END);
	printf("seals %d of %d", seals & (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
	       F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	printf(", written %s", answer(pwrite(fd, "x", 1, 0) == 1));
	printf(", cut %s", answer(ftruncate(fd, size / 2) == 0));
	printf(", extended %s", answer(ftruncate(fd, size * 2) == 0));
	return printf(", mapped for writing %s\n", answer(can_be_mapped(fd))) < 0;
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
	void *library = argc > 3 ? dlopen(argv[2], RTLD_NOW) : NULL;

	if (argc > 3 && library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	if (library != NULL)
		*(void **)&get = find(library, "supermachine_get_%s", argv[3]);
	if (argc == 4 && strcmp(command, "once") == 0)
		return once();
	if (argc == 4 && strcmp(command, "sealed") == 0)
		return sealed();
	if (argc == 5 && strcmp(command, "refused") == 0) {
		extract_function *extract;

		*(void **)&extract = find(library, "supermachine_extract_%s_to", argv[3]);
		return refused(extract, argv[4]);
	}
	fputs("Usage: payload-xz once|sealed LIBRARY ASSET | refused LIBRARY ASSET PATH\n", stderr);
	return 2;
}
