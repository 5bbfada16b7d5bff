#if defined(__x86_64__)
#include "data/vector-avx512.h"

#include "data/normal-loops.h"
#else
#include "data/normal.h"

const struct normal_kernel *normal_kernel_portable(void);
const struct normal_kernel *normal_kernel_avx512(void);

const struct normal_kernel *normal_kernel_avx512(void)
{
	return normal_kernel_portable();
}
#endif
