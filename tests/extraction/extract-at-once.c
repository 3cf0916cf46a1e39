// SPDX-License-Identifier: Apache-2.0
/*
 * extract-at-once PROCESSES THREADS ASSET PATH: that many processes and threads
 * extract an asset to one path, all at the same instant, while a reader reads it.
 * Before, there must be a file with the line "old"; the reader must see either that
 * or the whole asset.
 */
#include <config.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asset.h"

#define OLD "old\n"

/* None starts before the writing end of this pipe is closed. */
static int gate[2];
static const struct library_asset *asset;
static const char *path;
static atomic_int running, failures;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static int extract_when_the_gate_opens(void)
{
	char nothing;

	if (read(gate[0], &nothing, 1) != 0)
		return 2;
	return report(asset->extract_to(path));
}

static void *extract_in_thread(void *unused)
{
	(void)unused;
	if (extract_when_the_gate_opens() != 0)
		atomic_fetch_add(&failures, 1);
	atomic_fetch_sub(&running, 1);
	return NULL;
}

static void start_process(void)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0) {
		close(gate[1]);
		exit(extract_when_the_gate_opens());
	}
	atomic_fetch_add(&running, 1);
}

static void start_thread(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, extract_in_thread, NULL);

	if (error != 0) {
		errno = error;
		fail("pthread_create");
	}
	pthread_detach(thread);
	atomic_fetch_add(&running, 1);
}

static void reap_processes(void)
{
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0) {
		if (status != 0)
			atomic_fetch_add(&failures, 1);
		atomic_fetch_sub(&running, 1);
	}
}

static bool is_whole(unsigned char *room)
{
	FILE *file = fopen(path, "r");
	size_t length;

	if (file == NULL)
		fail(path);
	length = fread(room, 1, *asset->length + 1, file);
	fclose(file);
	return (length == strlen(OLD) && memcmp(room, OLD, length) == 0) ||
	       (length == *asset->length && memcmp(room, asset->get(NULL), length) == 0);
}

int main(int argc, char **argv)
{
	int processes, threads, torn = 0, reads;
	unsigned char *room;

	if (argc != 5) {
		fputs("Usage: extract-at-once PROCESSES THREADS ASSET PATH\n", stderr);
		return 2;
	}
	processes = atoi(argv[1]);
	threads = atoi(argv[2]);
	asset = find_asset(argv[3]);
	path = argv[4];
	room = malloc(*asset->length + 1);
	if (room == NULL || asset->get(NULL) == NULL || pipe(gate) < 0)
		fail("extract-at-once");
	while (processes-- > 0)
		start_process();
	while (threads-- > 0)
		start_thread();
	close(gate[1]);
	for (reads = 0; atomic_load(&running) > 0; reads++) {
		torn += !is_whole(room);
		reap_processes();
	}
	free(room);
	printf("%d failures, %d of %d reads torn\n", atomic_load(&failures), torn, reads);
	return atomic_load(&failures) == 0 && torn == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
