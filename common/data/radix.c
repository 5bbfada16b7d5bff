#include "data/radix.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Few keys are quick to pass, and many buckets cost time themselves. */
enum { FEW = 48, SOME = 8192, BITS_OF_SOME = 8, BITS_OF_MANY = 11 };

static size_t digit_of(uint64_t key, unsigned digit, unsigned bits)
{
	return (size_t)(key >> (digit * bits)) & (((size_t)1 << bits) - 1);
}

static void insertion(uint64_t *keys, uint32_t *values, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t key = keys[i];
		uint32_t value = values ? values[i] : 0;
		size_t j = i;
		for (; j > 0 && keys[j - 1] > key; j--) {
			keys[j] = keys[j - 1];
			if (values)
				values[j] = values[j - 1];
		}
		keys[j] = key;
		if (values)
			values[j] = value;
	}
}

/* One pass: `next` has where each bucket begins, and loses it. */
static void scatter(const uint64_t *keys, const uint32_t *values, uint64_t *to_keys,
		    uint32_t *to_values, size_t n, unsigned digit, unsigned bits, size_t *next)
{
	if (!values) {
		for (size_t i = 0; i < n; i++)
			to_keys[next[digit_of(keys[i], digit, bits)]++] = keys[i];
		return;
	}
	for (size_t i = 0; i < n; i++) {
		size_t to = next[digit_of(keys[i], digit, bits)]++;
		to_keys[to] = keys[i];
		to_values[to] = values[i];
	}
}

void radix_sort(uint64_t *keys, uint32_t *values, size_t n)
{
	if (n <= FEW) {
		insertion(keys, values, n);
		return;
	}
	unsigned bits = n < SOME ? BITS_OF_SOME : BITS_OF_MANY, digits = (64 + bits - 1) / bits;
	size_t buckets = (size_t)1 << bits;
	size_t *counts = memory_zero(digits * buckets, sizeof *counts);
	for (size_t i = 0; i < n; i++)
		for (unsigned d = 0; d < digits; d++)
			counts[d * buckets + digit_of(keys[i], d, bits)]++;
	uint64_t *from_keys = keys, *to_keys = memory_new(n, sizeof *keys), *own_keys = to_keys;
	uint32_t *from_values = values, *to_values = NULL, *own_values = NULL;
	if (values)
		own_values = to_values = memory_new(n, sizeof *values);
	for (unsigned d = 0; d < digits; d++) {
		size_t *next = counts + d * buckets, begin = 0;
		if (next[digit_of(from_keys[0], d, bits)] == n)
			continue;
		for (size_t b = 0; b < buckets; b++) {
			size_t count = next[b];
			next[b] = begin;
			begin += count;
		}
		scatter(from_keys, from_values, to_keys, to_values, n, d, bits, next);
		uint64_t *k = from_keys;
		from_keys = to_keys;
		to_keys = k;
		uint32_t *v = from_values;
		from_values = to_values;
		to_values = v;
	}
	if (from_keys != keys) {
		memcpy(keys, from_keys, n * sizeof *keys);
		if (values)
			memcpy(values, from_values, n * sizeof *values);
	}
	free(own_keys);
	free(own_values);
	free(counts);
}
