#include "data/normal.h"

const struct normal_kernel *normal_kernel_portable(void);
const struct normal_kernel *normal_kernel_avx2(void);
const struct normal_kernel *normal_kernel_avx512(void);

const struct normal_kernel *normal_kernel_of(enum kernel_choice resolved)
{
	return resolved == KERNEL_AVX512 ? normal_kernel_avx512()
	     : resolved == KERNEL_AVX2 ? normal_kernel_avx2() : normal_kernel_portable();
}
