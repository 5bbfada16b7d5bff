#include "positives.h"

#include <stdlib.h>

#include "base/memory.h"

enum { BITMAP_BYTES_MAX = 16 << 20 };

struct positives positives_new(const struct train_data *p)
{
	struct positives set = {.data = p, .words = ((size_t)p->items.n + 63) / 64};
	size_t all = set.words * p->users.n;
	if (all > BITMAP_BYTES_MAX / sizeof(uint64_t))
		return set;
	set.bits = memory_zero(all, sizeof(uint64_t));
	for (uint32_t u = 0; u < p->users.n; u++)
		for (uint64_t row = p->start[u]; row < p->start[u + 1]; row++)
			set.bits[u * set.words + p->item[row] / 64] |=
				UINT64_C(1) << p->item[row] % 64;
	return set;
}

void positives_free(struct positives *p)
{
	free(p->bits);
	p->bits = NULL;
}
