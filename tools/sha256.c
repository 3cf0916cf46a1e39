// SPDX-License-Identifier: Apache-2.0
#include <config.h>
#include <stdio.h>
#include <string.h>

#include "sha256.h"

static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned int by)
{
	return word >> by | word << (32 - by);
}

static void schedule(uint32_t words[64], const unsigned char *block)
{
	int i;

	for (i = 0; i < 16; i++, block += 4)
		words[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 |
			   (uint32_t)block[2] << 8 | block[3];
	for (; i < 64; i++) {
		uint32_t near = words[i - 2], far = words[i - 15];

		words[i] = words[i - 16] + (rotate(far, 7) ^ rotate(far, 18) ^ far >> 3) +
			   words[i - 7] + (rotate(near, 17) ^ rotate(near, 19) ^ near >> 10);
	}
}

static void add_block(uint32_t state[8], const unsigned char *block)
{
	uint32_t words[64], now[8];
	int i;

	schedule(words, block);
	memcpy(now, state, sizeof(now));
	for (i = 0; i < 64; i++) {
		uint32_t a = now[0], e = now[4];
		uint32_t choice = (e & now[5]) ^ (~e & now[6]);
		uint32_t majority = (a & now[1]) ^ (a & now[2]) ^ (now[1] & now[2]);
		uint32_t first = now[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice +
				 constants[i] + words[i];
		uint32_t second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;

		memmove(now + 1, now, 7 * sizeof(now[0]));
		now[4] += first;
		now[0] = first + second;
	}
	for (i = 0; i < 8; i++)
		state[i] += now[i];
}

void sha256_begin(struct sha256 *hash)
{
	static const uint32_t start[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(hash->state, start, sizeof(start));
	hash->length = 0;
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;
	size_t have = hash->length % SHA256_BLOCK;

	hash->length += length;
	while (length > 0) {
		size_t take = SHA256_BLOCK - have < length ? SHA256_BLOCK - have : length;

		if (take == SHA256_BLOCK) {
			add_block(hash->state, next);
		} else {
			memcpy(hash->block + have, next, take);
			have += take;
			if (have == SHA256_BLOCK) {
				add_block(hash->state, hash->block);
				have = 0;
			}
		}
		next += take;
		length -= take;
	}
}

void sha256_end(struct sha256 *hash, char text[SHA256_TEXT])
{
	static const unsigned char padding[SHA256_BLOCK] = { 0x80 };
	uint64_t bits = hash->length * 8;
	size_t have = hash->length % SHA256_BLOCK;
	unsigned char length[8];
	int i;

	for (i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha256_add(hash, padding, (have < 56 ? 56 : 56 + SHA256_BLOCK) - have);
	sha256_add(hash, length, sizeof(length));
	for (i = 0; i < 8; i++)
		snprintf(text + 8 * i, 9, "%08x", (unsigned int)hash->state[i]);
}

void sha256_of(const void *bytes, size_t length, char text[SHA256_TEXT])
{
	struct sha256 hash;

	sha256_begin(&hash);
	sha256_add(&hash, bytes, length);
	sha256_end(&hash, text);
}
