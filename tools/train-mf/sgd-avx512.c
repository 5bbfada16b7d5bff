/* sgd-avx512.c - the loops for processors with AVX-512. */
#if defined(__x86_64__)
#include "data/vector-avx512.h"

#include "sgd-loops.h"
#include "sgd-composed.h"
#include "cosine-loops.h"
#else
#include "cosine.h"

struct cell_result sgd_cell_avx512(const struct sgd *sgd, struct cell *cell)
{
	return sgd_cell_portable(sgd, cell);
}

struct cell_result cosine_cell_avx512(const struct sgd *sgd, struct cell *cell)
{
	return cosine_cell_portable(sgd, cell);
}
#endif
