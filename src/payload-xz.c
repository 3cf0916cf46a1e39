// SPDX-License-Identifier: Apache-2.0
/* A payload that is embedded as an .xz file, decoded by liblzma. */
#include <config.h>
#include <errno.h>
#include <lzma.h>
#include <pthread.h>
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

/* The library's memory for the bytes, from where it is aligned. */
static unsigned char *aligned_room(const struct payload *payload)
{
	return payload->room + (size_t)(-(uintptr_t)payload->room % PAYLOAD_ALIGNMENT);
}

/*
 * The memory is part of the library, so whoever unloads the library gives it
 * back: a destructor could not, since it also runs at exit(3), while other
 * threads still use the bytes.
 */
static const unsigned char *decode(const struct payload *payload)
{
	unsigned char *memory = aligned_room(payload);

	if (decode_into(payload, memory) < 0 ||
	    mprotect(memory, PAYLOAD_PADDED(payload->length), PROT_READ) < 0)
		return NULL;
	return memory;
}

/*
 * One decodes, the others wait. fork(2) waits, too, or its child would forever.
 * Nothing that is called with the lock is a cancellation point.
 */
static pthread_mutex_t decoding = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t decoding_once = PTHREAD_ONCE_INIT;
static int decoding_fork_error;

static void lock_decoding(void)
{
	pthread_mutex_lock(&decoding);
}

static void unlock_decoding(void)
{
	pthread_mutex_unlock(&decoding);
}

static void prepare_decoding(void)
{
	decoding_fork_error = pthread_atfork(lock_decoding, unlock_decoding, unlock_decoding);
}

const unsigned char *payload_bytes(const struct payload *payload)
{
	struct payload_cache *cache = payload->cache;
	const unsigned char *bytes = atomic_load_explicit(&cache->bytes, memory_order_acquire);

	if (bytes != NULL)
		return bytes;
	pthread_once(&decoding_once, prepare_decoding);
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
