#include <math.h>

#include "data/dense.h"

const struct dense_kernel *dense_kernel_portable(void);

typedef double vec_double __attribute__((vector_size(16), may_alias));
typedef float vec_single __attribute__((vector_size(16), may_alias));

#define NAME(x) x##_double
#define REAL double
#define LANES 2
#define VEC vec_double
#define FMA(a, b, c) ((a) * (b) + (c))
#define PANEL DENSE_PANEL_DOUBLE
#define VECS 2
#define COLUMNS 4
#include "data/dense-loops.h"

#define NAME(x) x##_single
#define REAL float
#define LANES 4
#define VEC vec_single
#define FMA(a, b, c) ((a) * (b) + (c))
#define PANEL DENSE_PANEL_SINGLE
#define VECS 2
#define COLUMNS 4
#include "data/dense-loops.h"

const struct dense_kernel *dense_kernel_portable(void)
{
	static const struct dense_kernel KERNEL = {
		.multiply_double = multiply_double,
		.multiply_single = multiply_single,
		.factor_double = factor_double,
		.factor_single = factor_single,
	};
	return &KERNEL;
}
