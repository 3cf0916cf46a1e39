/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256, as FIPS 180-4 defines it.
 *
 * Why our own: nothing else here needs a library for cryptography, AF_ALG exists
 * on Linux alone and is often not configured or forbidden by a sandbox, and the
 * programs that print digests differ from system to system. The digests are of
 * data that anybody may know, so the time that they take gives no secret away.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK 64
/* Hexadecimal digits and a NUL. */
#define SHA256_TEXT 65

struct sha256 {
	uint32_t state[8];
	uint64_t length;
	unsigned char block[SHA256_BLOCK];
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t length);
/* The digest in lower case. The hash cannot be used after that. */
void sha256_end(struct sha256 *hash, char text[SHA256_TEXT]);

/* All three in one call. */
void sha256_of(const void *bytes, size_t length, char text[SHA256_TEXT]);

#endif
