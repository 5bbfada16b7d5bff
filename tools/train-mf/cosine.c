#include "cosine.h"

#include "data/unit.h"

void cosine_unit(float *x, size_t n)
{
	double length = unit_length(x, n);
	float inverse = length > 0 ? (float)(1 / length) : 0;
	for (size_t i = 0; i < n; i++)
		x[i] *= inverse;
}

void cosine_unit_rows(struct params *p)
{
	for (size_t r = 0; r < p->n; r++)
		cosine_unit(params_row(p, r), p->stride);
}

void cosine_no_biases(struct params *p)
{
	for (size_t r = 0; r < p->n; r++)
		*params_bias(p, r) = 0;
}

sgd_cell *cosine_cell_of(enum kernel_choice resolved)
{
	return resolved == KERNEL_AVX512 ? cosine_cell_avx512
	     : resolved == KERNEL_AVX2 ? cosine_cell_avx2 : cosine_cell_portable;
}
