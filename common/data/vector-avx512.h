/* vector-avx512.h - vectors of 16 floats by AVX-512: see vector-portable.h. */
#ifndef RECPIPE_DATA_VECTOR_H
#define RECPIPE_DATA_VECTOR_H

#include <immintrin.h>
#include <math.h>
#include <stdint.h>

#include "data/inline.h"

#define LANES 16
#define VECTOR_NAME(name) name##_avx512

typedef __m512 vec;
typedef __m128 vec_four;

#define vec_load(at) _mm512_load_ps(at)
#define vec_store(at, x) _mm512_store_ps((at), (x))
#define vec_set(x) _mm512_set1_ps(x)
#define vec_zero() _mm512_setzero_ps()
#define vec_add(a, b) _mm512_add_ps((a), (b))
#define vec_sub(a, b) _mm512_sub_ps((a), (b))
#define vec_mul(a, b) _mm512_mul_ps((a), (b))
#define vec_fma(a, b, c) _mm512_fmadd_ps((a), (b), (c))
#define vec_sqrt(x) _mm512_sqrt_ps(x)
#define vec_sum(x) _mm512_reduce_add_ps(x)

/* An estimate of 14 bits and a step of Newton's method: 23 bits. */
INLINE __m512 vec_rsqrt(__m512 x)
{
	__m512 y = _mm512_rsqrt14_ps(x);
	__m512 half = _mm512_mul_ps(_mm512_set1_ps(-0.5f), _mm512_mul_ps(x, y));
	return _mm512_mul_ps(y, _mm512_fmadd_ps(half, y, _mm512_set1_ps(1.5f)));
}

INLINE vec_four vec_sum4(__m512 a, __m512 b, __m512 c, __m512 d)
{
	__m512 x = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
	__m512 y = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
	__m512 z = _mm512_add_ps(_mm512_shuffle_ps(x, y, 0x44), _mm512_shuffle_ps(x, y, 0xee));
	__m256 half = _mm256_add_ps(_mm512_castps512_ps256(z),
				    _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(z), 1)));
	return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

INLINE uint32_t vec_positive4(vec_four x)
{
	return (uint32_t)_mm_movemask_ps(_mm_cmpgt_ps(x, _mm_setzero_ps()));
}

#endif
