/* radix.h - 64-bit keys sorted digit by digit: stable, in linear time. */
#ifndef RECPIPE_DATA_RADIX_H
#define RECPIPE_DATA_RADIX_H

#include <stddef.h>
#include <stdint.h>

/* Sorts n keys in ascending order; `values` (may be NULL) go with their keys,
 * and those of equal keys stay in the order they came in. Digits that are the
 * same in all keys cost nothing, so pack what is compared into few low bits.
 * Needs a second copy of both arrays while it runs. */
void radix_sort(uint64_t *keys, uint32_t *values, size_t n);

/* How many low bits hold the numbers 0 ... n-1: at least 1. */
static inline unsigned radix_bits(uint64_t n)
{
	return n < 3 ? 1 : 64 - (unsigned)__builtin_clzll(n - 1);
}

#endif
