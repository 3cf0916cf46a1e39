// SPDX-License-Identifier: Apache-2.0
/* A payload that is embedded as an .xz file, decoded by liblzma. */
#include <config.h>
#include <errno.h>
#include <lzma.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "payload.h"

#define BLOCK_SIZE 131072
/* Of other threads, which decode for some tenths of a second. */
#define WAIT_MILLISECONDS 10000

/*
 * Why liblzma gave up, as errno. Everything but a lack of memory means that the
 * payload is not what it was when it was built.
 */
static int decoding_error(lzma_ret status)
{
	return status == LZMA_MEM_ERROR ? ENOMEM : EBADMSG;
}

static int decode_blocks(lzma_stream *stream, unsigned char *block, const struct payload *payload,
			 payload_consumer *consume, void *context)
{
	lzma_ret status = LZMA_OK;

	while (status == LZMA_OK) {
		size_t length;

		stream->next_out = block;
		stream->avail_out = BLOCK_SIZE;
		status = lzma_code(stream, LZMA_FINISH);
		length = BLOCK_SIZE - stream->avail_out;
		if ((status == LZMA_OK || status == LZMA_STREAM_END) && length > 0 &&
		    consume(context, block, length) < 0)
			return -1;
	}
	if (status == LZMA_STREAM_END && stream->total_out == payload->length)
		return 0;
	errno = decoding_error(status);
	return -1;
}

int payload_stream(const struct payload *payload, payload_consumer *consume, void *context)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	unsigned char *block;
	lzma_ret status;
	int result = -1, error;

	block = malloc(BLOCK_SIZE);
	if (block == NULL)
		return -1;
	stream.next_in = payload->embedded;
	stream.avail_in = payload->embedded_length;
	status = lzma_stream_decoder(&stream, UINT64_MAX, 0);
	if (status == LZMA_OK)
		result = decode_blocks(&stream, block, payload, consume, context);
	else
		errno = decoding_error(status);
	error = errno;
	lzma_end(&stream);
	free(block);
	errno = error;
	return result;
}

static int decode_into(const struct payload *payload, unsigned char *memory)
{
	uint64_t limit = UINT64_MAX;
	size_t in = 0, out = 0;
	lzma_ret status;

	status = lzma_stream_buffer_decode(&limit, 0, NULL, payload->embedded, &in,
					   payload->embedded_length, memory, &out, payload->length);
	if (status == LZMA_OK && out == payload->length)
		return 0;
	errno = decoding_error(status);
	return -1;
}

/* Memory of our own: a file without a name would count for limits of files. */
static unsigned char *map_aligned(size_t size)
{
	unsigned char *room, *memory;
	size_t before;

	room = mmap(NULL, size + PAYLOAD_ALIGNMENT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (room == MAP_FAILED) {
		/* Whatever stands in its way, such as a limit of locked memory. */
		errno = ENOMEM;
		return NULL;
	}
	before = (size_t)(-(uintptr_t)room % PAYLOAD_ALIGNMENT);
	memory = room + before;
	if (before > 0)
		munmap(room, before);
	munmap(memory + size, PAYLOAD_ALIGNMENT - before);
	return memory;
}

static const unsigned char *decode(const struct payload *payload)
{
	size_t size = PAYLOAD_PADDED(payload->length);
	unsigned char *memory = map_aligned(size);
	int error;

	if (memory == NULL)
		return NULL;
	if (decode_into(payload, memory) == 0 && mprotect(memory, size, PROT_READ) == 0)
		return memory;
	error = errno;
	munmap(memory, size);
	errno = error;
	return NULL;
}

/*
 * Whether the process ends. Then the bytes stay, since other threads may still use
 * them; but a library that is unloaded takes them with it. Its destructors run in
 * both cases, but what it has given to atexit(3) runs before them only if the
 * process ends; not for a copy that dlmopen(3) has loaded, which has a list of its own.
 */
static atomic_bool ending;

static void note_end(void)
{
	atomic_store(&ending, true);
}

void payload_release(const struct payload *payload)
{
	const unsigned char *bytes = atomic_load(&payload->cache->bytes);

	if (bytes != NULL && !atomic_load(&ending))
		munmap((void *)bytes, PAYLOAD_PADDED(payload->length));
}

/*
 * The process that decodes; 0: none. Threads whose first calls meet wait for one of them,
 * rather than to decode the same bytes many times. It is no lock: a child of fork(2) would
 * wait for ever for a thread that it does not have, and a fork() that waits would stand in
 * the way of allocators that have it wait, too. So a child begins anew, by its handler or
 * since it is another process; if it has neither, the wait is over after a while.
 */
static atomic_int decoder;

static void forget_decoder(void)
{
	atomic_store(&decoder, 0);
}

__attribute__((constructor)) static void ask_for_end_and_children(void)
{
	if (atexit(note_end) != 0)
		note_end();
	pthread_atfork(NULL, NULL, forget_decoder);
}

/* Returns the bytes, or NULL if this call is to decode them. */
static const unsigned char *wait_for_bytes(struct payload_cache *cache)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	const unsigned char *bytes = NULL;
	const int self = getpid();
	int state;

	/* nanosleep() is a cancellation point. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	for (int i = 0; i < WAIT_MILLISECONDS; i++) {
		int other = atomic_load(&decoder);

		bytes = atomic_load_explicit(&cache->bytes, memory_order_acquire);
		if (bytes != NULL ||
		    (other != self && atomic_compare_exchange_strong(&decoder, &other, self)))
			break;
		nanosleep(&pause, NULL);
	}
	pthread_setcancelstate(state, &state);
	return bytes;
}

/* If another call was first, its bytes are those of all. */
static const unsigned char *publish(const struct payload *payload, const unsigned char *bytes)
{
	const unsigned char *first = NULL;

	if (atomic_compare_exchange_strong(&payload->cache->bytes, &first, bytes))
		return bytes;
	munmap((void *)bytes, PAYLOAD_PADDED(payload->length));
	return first;
}

const unsigned char *payload_bytes(const struct payload *payload)
{
	struct payload_cache *cache = payload->cache;
	const unsigned char *bytes = atomic_load_explicit(&cache->bytes, memory_order_acquire);

	if (bytes == NULL)
		bytes = wait_for_bytes(cache);
	if (bytes != NULL)
		return bytes;
	bytes = decode(payload);
	if (bytes != NULL)
		bytes = publish(payload, bytes);
	atomic_store(&decoder, 0);
	return bytes;
}
