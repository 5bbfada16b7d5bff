/* vector-avx512.h - vectors of 16 floats by AVX-512: see vector-portable.h. */
#ifndef RECPIPE_DATA_VECTOR_H
#define RECPIPE_DATA_VECTOR_H

#include <immintrin.h>
#include <math.h>
#pragma GCC target("avx2,fma,avx512f")

#define LANES 16
#define VECTOR_NAME(name) name##_avx512
#define INLINE static inline __attribute__((always_inline))

typedef __m512 vec;

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

#endif
