#include "sgd.h"

#include <math.h>

#include "base/memory.h"

static const double RANK_LOSS_MOST = 10;

sgd_cell *sgd_cell_of(enum kernel_choice resolved)
{
	return resolved == KERNEL_AVX512 ? sgd_cell_avx512
	     : resolved == KERNEL_AVX2 ? sgd_cell_avx2 : sgd_cell_portable;
}

float *sgd_rank_loss(uint32_t items, uint32_t max_sampled)
{
	float *table = memory_zero((size_t)max_sampled + 1, sizeof *table);
	for (uint32_t sampled = 1; sampled <= max_sampled; sampled++) {
		double rank = floor((items - 1.0) / sampled);
		double loss = log(rank > 1 ? rank : 1);
		table[sampled] = (float)(loss < RANK_LOSS_MOST ? loss : RANK_LOSS_MOST);
	}
	return table;
}
