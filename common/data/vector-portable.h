/* vector-portable.h - vectors of 4 floats in plain C: the same bits on every
 * machine. For files that are compiled once per instruction set: each of these
 * three headers defines `vec` of LANES floats and vec_load, vec_store (aligned),
 * vec_set, vec_zero, vec_add, vec_sub, vec_mul, vec_fma (a * b + c),
 * vec_rsqrt (1 / sqrt), vec_sqrt and vec_sum, and four sums at once as a vec_four;
 * VECTOR_NAME(x) is x_portable.
 */
#ifndef RECPIPE_DATA_VECTOR_H
#define RECPIPE_DATA_VECTOR_H

#include <math.h>
#include <stdint.h>

#include "data/inline.h"

#define LANES 4
#define VECTOR_NAME(name) name##_portable

typedef float vec __attribute__((vector_size(16), may_alias));
typedef vec vec_four;

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

/* The sums of four vectors. */
INLINE vec_four vec_sum4(vec a, vec b, vec c, vec d)
{
	return (vec_four){vec_sum(a), vec_sum(b), vec_sum(c), vec_sum(d)};
}

/* One bit for each number above 0. */
INLINE uint32_t vec_positive4(vec_four x)
{
	return (uint32_t)(x[0] > 0) | (uint32_t)(x[1] > 0) << 1 | (uint32_t)(x[2] > 0) << 2 |
	       (uint32_t)(x[3] > 0) << 3;
}

#endif
