/* random.h - a small seeded generator: xoshiro256** (Blackman and Vigna 2021).
 *
 * For choices about rows use hash_row instead: those must not depend on order.
 * Independent streams come from independent (seed, stream) pairs.
 */
#ifndef RECPIPE_BASE_RANDOM_H
#define RECPIPE_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"

struct random {
	uint64_t s[4];
};

/* The generator of stream number `stream` under `seed`. */
static inline struct random random_start(uint64_t seed, uint64_t stream)
{
	uint64_t x = hash_mix(hash_mix(seed) ^ hash_mix(stream * 0xd1342543de82ef95u + 1));
	struct random r;
	for (int i = 0; i < 4; i++)
		r.s[i] = x = hash_mix(x);
	return r;
}

/* 64 uniform bits. */
static inline uint64_t random_bits(struct random *r)
{
	uint64_t *s = r->s, t = s[1] << 17, x = s[1] * 5;
	x = (x << 7 | x >> 57) * 9;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = s[3] << 45 | s[3] >> 19;
	return x;
}

/* Uniform in [0, n), n > 0, without bias (Lemire 2019). */
static inline uint32_t random_below(struct random *r, uint32_t n)
{
	uint64_t m = (random_bits(r) >> 32) * n;
	if ((uint32_t)m < n) {
		uint32_t floor = (0u - n) % n;
		while ((uint32_t)m < floor)
			m = (random_bits(r) >> 32) * n;
	}
	return (uint32_t)(m >> 32);
}

/* Uniform in [0, 1), 53 bits. */
static inline double random_share(struct random *r)
{
	return hash_share(random_bits(r));
}

/* Uniform in [0, n) for any n > 0; from 2^32 on with a bias of n / 2^53. */
static inline uint64_t random_below_wide(struct random *r, uint64_t n)
{
	return n >> 32 ? (uint64_t)(random_share(r) * (double)n) : random_below(r, (uint32_t)n);
}

/* Puts n entries of `size` bytes (at most RANDOM_SHUFFLE_MAX) in random order, each order
 * equally likely (Fisher and Yates 1938, from the end as in Durstenfeld 1964). Inline, so
 * that a constant size costs no call. */
#define RANDOM_SHUFFLE_MAX 16
static inline __attribute__((always_inline)) void random_shuffle(struct random *r, void *entries, uint64_t n,
								 size_t size)
{
	char *at = entries, held[RANDOM_SHUFFLE_MAX];
	for (; n > 1; n--) {
		char *last = at + (n - 1) * size, *other = at + random_below_wide(r, n) * size;
		memcpy(held, last, size);
		memmove(last, other, size);
		memcpy(other, held, size);
	}
}

/* Standard normal (Box and Muller 1958, one of the pair). */
double random_normal(struct random *r);

#endif
