/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An asset inside the library, uncompressed or compressed. Either payload-raw.c
 * or payload-xz.c is built, as configure --with-payload= says; callers do not
 * know which.
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stddef.h>
#if defined PAYLOAD_XZ
#include <stdatomic.h>
#endif

/* Both addresses and lengths of bytes in memory are multiples of this. */
#define PAYLOAD_ALIGNMENT 65536
#define PAYLOAD_PADDED(length) \
	(((length) + PAYLOAD_ALIGNMENT - 1) / PAYLOAD_ALIGNMENT * PAYLOAD_ALIGNMENT)

#if defined PAYLOAD_XZ
/* NULL until the bytes are first asked for. */
struct payload_cache {
	_Atomic(const unsigned char *) bytes;
};
#endif

struct payload {
	/* What build-aux/embed-asset put into the library. */
	const unsigned char *embedded;
	size_t embedded_length;
	/* The asset's own length. */
	size_t length;
#if defined PAYLOAD_XZ
	struct payload_cache *cache;
#endif
};

/* Takes the next bytes of an asset. Returns 0, or -1 with errno set to stop. */
typedef int payload_consumer(void *context, const unsigned char *block, size_t length);

/*
 * Hand all bytes to consume, in order, in blocks that suit write(2), without
 * holding all of them. Returns 0; or -1 with errno of consume, or with EBADMSG
 * or ENOMEM from decoding.
 */
int payload_stream(const struct payload *payload, payload_consumer *consume, void *context);

/*
 * All bytes in memory, aligned and padded, until the library's destructors run; or NULL
 * with errno set.
 */
const unsigned char *payload_bytes(const struct payload *payload);

#if defined PAYLOAD_XZ
/* Give back their memory, from a destructor of the library, unless the process ends. */
void payload_release(const struct payload *payload);
#endif

/*
 * Make fd, an empty file, share the data of whole blocks with the file that the
 * library was loaded from, and hand the bytes after them, where fd is then
 * positioned, to consume. Returns 1 if fd holds all bytes, 0 if that cannot be
 * done and fd is still empty, or -1 with errno set if fd can no longer be used.
 */
int payload_clone(const struct payload *payload, int fd, payload_consumer *consume, void *context);

#endif
