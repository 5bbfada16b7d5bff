#include "keep-old.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "checkpoint.h"
#include "cosine.h"

static struct kept kept_new(const struct model_side *side)
{
	struct kept k = {.side = side};
	k.row = memory_new(side->n, sizeof *k.row);
	return k;
}

/* Is the row what the cold entity's features add up to, but for rounding? */
static bool is_sum(const struct params *p, const struct features *f, uint32_t cold,
		   const float *row, float bias, bool cosines)
{
	float *sum = memory_aligned(p->stride, sizeof *sum);
	uint64_t from = f->cold_start[cold];
	float own = features_compose(p, f->cold_row + from, f->cold_weight + from,
				     f->cold_start[cold + 1] - from, sum);
	if (cosines)
		cosine_unit(sum, p->stride);
	double miss = fabs((double)(own - bias)), size = fabs((double)bias);
	for (uint32_t i = 0; i < p->factors; i++) {
		miss += fabs((double)(sum[i] - row[i]));
		size += fabs((double)row[i]);
	}
	free(sum);
	return miss <= 1e-6 * size;
}

struct kept kept_entities(const struct model *m, enum model_kind kind, const struct side_ids *ids,
			  struct features *f, const struct params *p, bool cosines)
{
	const struct model_side *side = &m->side[kind];
	struct kept k = kept_new(side);
	uint32_t all = strmap_count(ids->map);
	bool *fitted = memory_zero(all, sizeof *fitted);
	for (uint32_t i = 0; i < ids->n; i++)
		fitted[ids->key[i]] = true;
	for (uint32_t i = 0; i < side->n; i++) {
		struct span id = strmap_key(side->ids, i);
		uint32_t key = strmap_find(ids->map, id);
		if (key != STRMAP_NONE && fitted[key])
			continue;
		uint32_t cold = f && f->cold ? strmap_find(f->cold_ids, id) : STRMAP_NONE;
		if (cold != STRMAP_NONE) {
			if (is_sum(p, f, cold, side->factors + (size_t)i * m->stride,
				   side->bias[i], cosines))
				continue;
			f->cold_kept[cold] = true;
		}
		k.row[k.n++] = i;
	}
	free(fitted);
	return k;
}

struct kept kept_features(const struct model *m, enum model_kind kind, const struct features *f)
{
	const struct model_side *side = &m->side[kind];
	struct kept k = kept_new(side);
	uint32_t all = f ? strmap_count(f->names) : 0;
	bool *used = memory_zero(all, sizeof *used);
	for (uint32_t i = 0; f && i < f->n; i++)
		used[f->name[i]] = true;
	for (uint32_t i = 0; i < side->n; i++) {
		uint32_t name = f ? strmap_find(f->names, strmap_key(side->ids, i)) : STRMAP_NONE;
		if (name == STRMAP_NONE || !used[name])
			k.row[k.n++] = i;
	}
	free(used);
	return k;
}

void kept_free(struct kept *k)
{
	free(k->row);
	*k = (struct kept){0};
}

uint64_t kept_hash(uint64_t hash, const struct kept *k, uint32_t stride)
{
	for (uint32_t i = 0; i < k->n; i++) {
		struct span id = strmap_key(k->side->ids, k->row[i]);
		hash = checkpoint_hash(hash, id.at, id.n);
		hash = checkpoint_hash(hash, &k->side->bias[k->row[i]], sizeof(float));
		hash = checkpoint_hash(hash, k->side->factors + (size_t)k->row[i] * stride,
				       stride * sizeof(float));
	}
	return hash;
}

float *kept_gram(const struct kept *k, uint32_t stride, const struct normal_kernel *kernel)
{
	if (k->n == 0)
		return NULL;
	float *gram = memory_aligned((size_t)stride * stride, sizeof *gram);
	for (uint32_t i = 0; i < k->n; i++) {
		const float *row = k->side->factors + (size_t)k->row[i] * stride;
		kernel->gram(gram, row, row, 1, stride);
	}
	return gram;
}
