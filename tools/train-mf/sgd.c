#include "sgd.h"

sgd_cell *sgd_cell_of(enum kernel_choice resolved)
{
	return resolved == KERNEL_AVX512 ? sgd_cell_avx512
	     : resolved == KERNEL_AVX2 ? sgd_cell_avx2 : sgd_cell_portable;
}
