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

#include "payload.h"

#define BLOCK_SIZE 131072

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
 * process ends. Where a system has another order, the bytes stay.
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
 * One decodes, the others wait. fork(2) waits, too, or its child would forever.
 * Nothing that is called with the lock is a cancellation point.
 */
static pthread_mutex_t decoding = PTHREAD_MUTEX_INITIALIZER;
static int decoding_fork_error;

static void lock_decoding(void)
{
	pthread_mutex_lock(&decoding);
}

static void unlock_decoding(void)
{
	pthread_mutex_unlock(&decoding);
}

/*
 * When the library is loaded: a child of fork(2) would wait for ever for a first call
 * that another thread was in, and only glibc's pthread_once(3) knows of that.
 */
__attribute__((constructor)) static void prepare_decoding(void)
{
	if (atexit(note_end) != 0)
		note_end();
	decoding_fork_error = pthread_atfork(lock_decoding, unlock_decoding, unlock_decoding);
}

const unsigned char *payload_bytes(const struct payload *payload)
{
	struct payload_cache *cache = payload->cache;
	const unsigned char *bytes = atomic_load_explicit(&cache->bytes, memory_order_acquire);

	if (bytes != NULL)
		return bytes;
	if (decoding_fork_error != 0) {
		errno = decoding_fork_error;
		return NULL;
	}
	lock_decoding();
	bytes = atomic_load_explicit(&cache->bytes, memory_order_relaxed);
	if (bytes == NULL) {
		bytes = decode(payload);
		atomic_store_explicit(&cache->bytes, bytes, memory_order_release);
	}
	unlock_decoding();
	return bytes;
}
