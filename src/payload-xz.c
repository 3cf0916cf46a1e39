// SPDX-License-Identifier: Apache-2.0
/* A payload that is embedded as an .xz file, decoded by liblzma. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* mmap(2) of fd, or of nothing if that is -1, at an address that is aligned. */
static void *map_aligned(size_t size, int protection, int fd)
{
	int flags = MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0);
	unsigned char *room, *start;
	size_t before;
	void *memory;

	room = mmap(NULL, size + PAYLOAD_ALIGNMENT, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return NULL;
	before = (size_t)(-(uintptr_t)room % PAYLOAD_ALIGNMENT);
	start = room + before;
	memory = mmap(start, size, protection, flags | MAP_FIXED, fd, 0);
	if (memory == MAP_FAILED) {
		int error = errno;

		munmap(room, size + PAYLOAD_ALIGNMENT);
		errno = error;
		return NULL;
	}
	if (before > 0)
		munmap(room, before);
	munmap(start + size, PAYLOAD_ALIGNMENT - before);
	return memory;
}

static void unmap(void *memory, size_t size)
{
	int error = errno;

	munmap(memory, size);
	errno = error;
}

#if defined HAVE_MEMFD_CREATE && defined F_ADD_SEALS

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Since Linux 6.3; a system may be configured to refuse memory without it. */
#if !defined MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static int create_memory(void)
{
	const char *name = "supermachine-kernel";
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, flags);
	return fd;
}

static int fill_memory(const struct payload *payload, int fd, size_t size)
{
	unsigned char *memory;
	int result;

	/* Otherwise a lack of memory would be a SIGBUS below. */
	do
		result = posix_fallocate(fd, 0, (off_t)size);
	while (result == EINTR);
	if (result != 0) {
		errno = result;
		return -1;
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -1;
	result = decode_into(payload, memory);
	unmap(memory, size);
	return result;
}

/* Sealed memory cannot be written to, even after mprotect(2): the writer gets a copy. */
static const unsigned char *decode(const struct payload *payload, size_t size)
{
	const unsigned char *memory = NULL;
	int fd, error;

	fd = create_memory();
	if (fd < 0)
		return NULL;
	if (fill_memory(payload, fd, size) == 0 && fcntl(fd, F_ADD_SEALS, ALL_SEALS) == 0)
		memory = map_aligned(size, PROT_READ, fd);
	error = errno;
	close(fd);
	errno = error;
	return memory;
}

#else

static const unsigned char *decode(const struct payload *payload, size_t size)
{
	unsigned char *memory = map_aligned(size, PROT_READ | PROT_WRITE, -1);

	if (memory == NULL)
		return NULL;
	if (decode_into(payload, memory) == 0 && mprotect(memory, size, PROT_READ) == 0)
		return memory;
	unmap(memory, size);
	return NULL;
}

#endif

/* One thread decodes, the others wait. So does fork(2), or its child would wait for ever. */
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
		bytes = decode(payload, PAYLOAD_PADDED(payload->length));
		atomic_store_explicit(&cache->bytes, bytes, memory_order_release);
	}
	unlock_decoding();
	return bytes;
}
