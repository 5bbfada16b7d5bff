/* hash.h - hashes: one for tables, one that is seeded and never changes. */
#ifndef RECPIPE_BASE_HASH_H
#define RECPIPE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* MurmurHash3 x86_32 (Appleby, public domain algorithm), the unsigned value,
 * as Python's mmh3.hash(data, seed, signed=False) gives it. */
uint32_t hash_murmur3(const void *data, size_t n, uint32_t seed);

/* 64 bits for hash tables: fast, not promised to stay the same between
 * versions, so never visible in any output. */
uint64_t hash_table(const void *data, size_t n);

/* The hash of every random choice about rows (splits, samples): two
 * keys and a seed to 64 uniform bits. Stays the same for ever: it is the
 * 64-bit FNV-1a of `a NUL b`, started from the seed, finished by the mixer of
 * splitmix64 (Steele et al. 2014). `b` may be empty. */
uint64_t hash_row(uint64_t seed, struct span a, struct span b);

/* The top 53 bits as a double in [0, 1). */
static inline double hash_share(uint64_t h)
{
	return (double)(h >> 11) * 0x1p-53;
}

/* The mixer of splitmix64: a bijection of 64 bits that looks random. */
static inline uint64_t hash_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

#endif
