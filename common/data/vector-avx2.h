/* vector-avx2.h - vectors of 8 floats by AVX2 and FMA: see vector-portable.h. */
#ifndef RECPIPE_DATA_VECTOR_H
#define RECPIPE_DATA_VECTOR_H

#include <immintrin.h>
#include <math.h>
#include <stdint.h>

#include "data/inline.h"

#define LANES 8
#define VECTOR_NAME(name) name##_avx2

typedef __m256 vec;
typedef __m128 vec_four;

#define vec_load(at) _mm256_load_ps(at)
#define vec_store(at, x) _mm256_store_ps((at), (x))
#define vec_set(x) _mm256_set1_ps(x)
#define vec_zero() _mm256_setzero_ps()
#define vec_add(a, b) _mm256_add_ps((a), (b))
#define vec_sub(a, b) _mm256_sub_ps((a), (b))
#define vec_mul(a, b) _mm256_mul_ps((a), (b))
#define vec_fma(a, b, c) _mm256_fmadd_ps((a), (b), (c))
#define vec_sqrt(x) _mm256_sqrt_ps(x)

/* An estimate of 12 bits and a step of Newton's method: 23 bits. */
INLINE __m256 vec_rsqrt(__m256 x)
{
	__m256 y = _mm256_rsqrt_ps(x);
	__m256 half = _mm256_mul_ps(_mm256_set1_ps(-0.5f), _mm256_mul_ps(x, y));
	return _mm256_mul_ps(y, _mm256_fmadd_ps(half, y, _mm256_set1_ps(1.5f)));
}

INLINE float vec_sum(__m256 x)
{
	__m128 t = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
	t = _mm_add_ps(t, _mm_movehl_ps(t, t));
	return _mm_cvtss_f32(_mm_add_ss(t, _mm_movehdup_ps(t)));
}

INLINE vec_four vec_sum4(__m256 a, __m256 b, __m256 c, __m256 d)
{
	__m256 x = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
	__m256 y = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
	__m256 z = _mm256_add_ps(_mm256_shuffle_ps(x, y, 0x44), _mm256_shuffle_ps(x, y, 0xee));
	return _mm_add_ps(_mm256_castps256_ps128(z), _mm256_extractf128_ps(z, 1));
}

INLINE uint32_t vec_positive4(vec_four x)
{
	return (uint32_t)_mm_movemask_ps(_mm_cmpgt_ps(x, _mm_setzero_ps()));
}

#endif
