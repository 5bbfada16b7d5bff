#if defined(__x86_64__)
#include "data/vector-avx2.h"

#include "data/normal-loops.h"
#else
#include "data/normal.h"

const struct normal_kernel *normal_kernel_portable(void);
const struct normal_kernel *normal_kernel_avx2(void);

const struct normal_kernel *normal_kernel_avx2(void)
{
	return normal_kernel_portable();
}
#endif
