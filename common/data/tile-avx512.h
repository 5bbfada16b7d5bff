/* tile-avx512.h - what the kernels with AVX-512 share. */
#ifndef RECPIPE_DATA_TILE_AVX512_H
#define RECPIPE_DATA_TILE_AVX512_H

#include <immintrin.h>

#include "data/tile.h"

/* Compressed in registers: compressing into memory is slow on some processors. */
__attribute__((target("avx512f,popcnt"), noinline))
static void keep_avx512(struct bucket *b, float *threshold, __m512 s0, __m512 s1,
			__mmask16 m0, __mmask16 m1, uint32_t at)
{
	const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8,
					       7, 6, 5, 4, 3, 2, 1, 0);
	if (b->n >= b->capacity)
		*threshold = bucket_shrink(b);
	__m512i place = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)at));
	_mm512_storeu_ps(b->score + b->n, _mm512_maskz_compress_ps(m0, s0));
	_mm512_storeu_si512(b->at + b->n, _mm512_maskz_compress_epi32(m0, place));
	b->n += (unsigned)__builtin_popcount(m0);
	place = _mm512_add_epi32(place, _mm512_set1_epi32(16));
	_mm512_storeu_ps(b->score + b->n, _mm512_maskz_compress_ps(m1, s1));
	_mm512_storeu_si512(b->at + b->n, _mm512_maskz_compress_epi32(m1, place));
	b->n += (unsigned)__builtin_popcount(m1);
}

/* The scores s, t of a user for the panel at `at`: those that reach the threshold are
 * kept. */
__attribute__((target("avx512f,popcnt")))
static inline void offer_avx512(struct bucket *b, float *threshold, __m512 s, __m512 t,
				size_t at)
{
	__m512 low = _mm512_set1_ps(*threshold);
	__mmask16 m0 = _mm512_cmp_ps_mask(s, low, _CMP_GE_OQ);
	__mmask16 m1 = _mm512_cmp_ps_mask(t, low, _CMP_GE_OQ);
	if (m0 | m1)
		keep_avx512(b, threshold, s, t, m0, m1, (uint32_t)at);
}

__attribute__((target("avx512f,popcnt")))
static size_t count_avx512(const float *values, size_t n, float low)
{
	__m512 least = _mm512_set1_ps(low);
	size_t count = 0, i = 0;
	for (; i + 16 <= n; i += 16)
		count += (unsigned)__builtin_popcount(_mm512_cmp_ps_mask(
			_mm512_loadu_ps(values + i), least, _CMP_GE_OQ));
	for (; i < n; i++)
		count += values[i] >= low;
	return count;
}

__attribute__((target("avx512f")))
static double dot_avx512(const float *a, const float *b, size_t n)
{
	__m512d s = _mm512_setzero_pd();
	for (size_t i = 0; i < n; i += 8)
		s = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_loadu_ps(a + i)),
				    _mm512_cvtps_pd(_mm256_loadu_ps(b + i)), s);
	double sum[8];
	_mm512_storeu_pd(sum, s);
	return tile_tree8(sum);
}

#endif
