#include "data/hash-above.h"

#include "base/hash.h"

size_t hash_above_portable(const uint64_t *numbers, size_t n, uint64_t with, uint32_t least,
			   uint32_t *places)
{
	size_t found = 0;
	for (size_t i = 0; i < n; i++) {
		places[found] = (uint32_t)i;
		found += hash_mix(with ^ numbers[i]) >> 40 >= least;
	}
	return found;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* hash_mix of eight numbers. */
__attribute__((target("avx512f,avx512dq")))
static inline __m512i mix(__m512i x)
{
	x = _mm512_add_epi64(x, _mm512_set1_epi64((long long)0x9e3779b97f4a7c15u));
	x = _mm512_mullo_epi64(_mm512_xor_si512(x, _mm512_srli_epi64(x, 30)),
			       _mm512_set1_epi64((long long)0xbf58476d1ce4e5b9u));
	x = _mm512_mullo_epi64(_mm512_xor_si512(x, _mm512_srli_epi64(x, 27)),
			       _mm512_set1_epi64((long long)0x94d049bb133111ebu));
	return _mm512_xor_si512(x, _mm512_srli_epi64(x, 31));
}

__attribute__((target("avx512f,avx512dq")))
static size_t hash_above_avx512(const uint64_t *numbers, size_t n, uint64_t with, uint32_t least,
				uint32_t *places)
{
	const __m512i key = _mm512_set1_epi64((long long)with);
	const __m512i bound = _mm512_set1_epi64((long long)((uint64_t)least << 40));
	size_t found = 0, i = 0;
	for (; i + 16 <= n; i += 16) {
		__m512i a = mix(_mm512_xor_si512(key, _mm512_loadu_si512(numbers + i)));
		__m512i b = mix(_mm512_xor_si512(key, _mm512_loadu_si512(numbers + i + 8)));
		unsigned hits = (unsigned)_mm512_cmpge_epu64_mask(a, bound) |
				(unsigned)_mm512_cmpge_epu64_mask(b, bound) << 8;
		for (; hits; hits &= hits - 1)
			places[found++] = (uint32_t)i + (uint32_t)__builtin_ctz(hits);
	}
	size_t rest = hash_above_portable(numbers + i, n - i, with, least, places + found);
	for (size_t end = found + rest; found < end; found++)
		places[found] += (uint32_t)i;
	return found;
}

size_t hash_above(const uint64_t *numbers, size_t n, uint64_t with, uint32_t least, uint32_t *places)
{
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
		return hash_above_avx512(numbers, n, with, least, places);
	return hash_above_portable(numbers, n, with, least, places);
}
#else
size_t hash_above(const uint64_t *numbers, size_t n, uint64_t with, uint32_t least, uint32_t *places)
{
	return hash_above_portable(numbers, n, with, least, places);
}
#endif
