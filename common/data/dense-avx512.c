#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

#include "data/dense.h"

const struct dense_kernel *dense_kernel_avx512(void);

typedef double vec_double __attribute__((vector_size(64), may_alias));
typedef float vec_single __attribute__((vector_size(64), may_alias));

#define NAME(x) x##_double
#define REAL double
#define LANES 8
#define VEC vec_double
#define FMA(a, b, c) _mm512_fmadd_pd((a), (b), (c))
#define PANEL DENSE_PANEL_DOUBLE
#define VECS 3
#define COLUMNS 8
#include "data/dense-loops.h"

#define NAME(x) x##_single
#define REAL float
#define LANES 16
#define VEC vec_single
#define FMA(a, b, c) _mm512_fmadd_ps((a), (b), (c))
#define PANEL DENSE_PANEL_SINGLE
#define VECS 3
#define COLUMNS 8
#include "data/dense-loops.h"

const struct dense_kernel *dense_kernel_avx512(void)
{
	static const struct dense_kernel KERNEL = {
		.multiply_double = multiply_double,
		.multiply_single = multiply_single,
		.factor_double = factor_double,
		.factor_single = factor_single,
	};
	return &KERNEL;
}
#else
#include "data/dense.h"

const struct dense_kernel *dense_kernel_portable(void);
const struct dense_kernel *dense_kernel_avx512(void);

const struct dense_kernel *dense_kernel_avx512(void)
{
	return dense_kernel_portable();
}
#endif
