#include "warm.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const float *row_of(const struct model *m, const struct model_side *side, struct span id,
			   float *bias)
{
	uint32_t number = side->ids ? strmap_find(side->ids, id) : STRMAP_NONE;
	if (number == STRMAP_NONE)
		return NULL;
	*bias = side->bias[number];
	return side->factors + (size_t)number * m->stride;
}

uint32_t warm_start(struct side *s, const struct model *m)
{
	struct params *p = &s->params;
	const struct side_ids *ids = s->ids;
	const struct features *f = s->features;
	uint32_t found = 0;
	float bias, *others = memory_aligned(p->stride, sizeof *others);
	for (uint32_t i = 0; f && i < f->n; i++) {
		const float *row = row_of(m, &m->side[side_feature_kind(s)], features_name(f, i), &bias);
		if (!row)
			continue;
		memcpy(params_row(p, f->first + i), row, p->stride * sizeof *row);
		*params_bias(p, f->first + i) = bias;
	}
	for (uint32_t e = 0; e < ids->n; e++) {
		const float *row = row_of(m, &m->side[s->kind], side_id(ids, e), &bias);
		found += row != NULL;
		if (!row || (f && !f->first))
			continue;
		float share = 1, rest = 0;
		memset(others, 0, p->stride * sizeof *others);
		if (f) { /* the identity comes first in its list */
			uint64_t at = f->start[e];
			share = f->weight[at];
			rest = features_compose(p, f->row + at + 1, f->weight + at + 1,
						f->start[e + 1] - at - 1, others);
		}
		for (uint32_t k = 0; k < p->factors; k++)
			params_row(p, e)[k] = (row[k] - others[k]) / share;
		*params_bias(p, e) = (bias - rest) / share;
	}
	free(others);
	return found;
}
