/* vector-portable.h - vectors of 4 floats in plain C: the same bits on every
 * machine. For files that are compiled once per instruction set: each of these
 * three headers defines `vec` of LANES floats and vec_load, vec_store (aligned),
 * vec_set, vec_zero, vec_add, vec_sub, vec_mul, vec_fma (a * b + c),
 * vec_rsqrt (1 / sqrt), vec_sqrt and vec_sum; VECTOR_NAME(x) is x_portable.
 */
#ifndef RECPIPE_DATA_VECTOR_H
#define RECPIPE_DATA_VECTOR_H

#include <math.h>

#define LANES 4
#define VECTOR_NAME(name) name##_portable
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(16), may_alias));

#define vec_load(at) (*(const vec *)(const void *)(at))
#define vec_store(at, x) (*(vec *)(void *)(at) = (x))
#define vec_zero() ((vec){0})
#define vec_add(a, b) ((a) + (b))
#define vec_sub(a, b) ((a) - (b))
#define vec_mul(a, b) ((a) * (b))
#define vec_fma(a, b, c) ((a) * (b) + (c))

INLINE vec vec_set(float x)
{
	return (vec){x, x, x, x};
}

INLINE float vec_sum(vec x)
{
	return (x[0] + x[2]) + (x[1] + x[3]);
}

INLINE vec vec_sqrt(vec x)
{
	return (vec){sqrtf(x[0]), sqrtf(x[1]), sqrtf(x[2]), sqrtf(x[3])};
}

INLINE vec vec_rsqrt(vec x)
{
	return vec_set(1.0f) / vec_sqrt(x);
}

#endif
