#include "features.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* By feature of the file: has a fitted entity it? A feature of weight 0 is ignored: neither
 * the entity nor the feature learns from it. */
static bool *used_features(const struct side_features *s, const bool *fitted)
{
	bool *used = memory_zero(strmap_count(s->features), sizeof *used);
	for (uint32_t e = 0; e < strmap_count(s->entities); e++)
		for (uint64_t i = s->rows.start[e]; fitted[e] && i < s->rows.start[e + 1]; i++)
			used[s->rows.column[i]] |= s->rows.value[i] != 0;
	return used;
}

/* Numbers the features of fitted entities; by feature of the file, STRMAP_NONE: it has none. */
static uint32_t *number_features(struct features *f, const struct side_features *s,
				 const bool *fitted)
{
	uint32_t all = strmap_count(s->features), *number = memory_new(all, sizeof *number);
	bool *used = used_features(s, fitted);
	f->name = memory_new(all, sizeof *f->name);
	for (uint32_t i = 0; i < all; i++) {
		number[i] = used[i] ? f->n : STRMAP_NONE;
		if (used[i])
			f->name[f->n++] = i;
	}
	free(used);
	return number;
}

/* Weights divided by the sum of their absolute values. */
static void normalize_weights(float *weight, uint64_t n)
{
	double size = side_features_size(weight, n);
	for (uint64_t i = 0; i < n && size > 0; i++)
		weight[i] = (float)((double)weight[i] / size);
}

/* Adds what the file says of the entity to row[n...] and weight[n...], as far as it was
 * fitted; returns the new n. */
static uint64_t add_features(const struct features *f, const struct side_features *s,
			     const uint32_t *number, uint32_t entity, uint32_t *row, float *weight,
			     uint64_t n)
{
	for (uint64_t i = s->rows.start[entity]; i < s->rows.start[entity + 1]; i++) {
		uint32_t feature = s->rows.column[i];
		if (s->rows.value[i] == 0 || number[feature] == STRMAP_NONE)
			continue;
		row[n] = f->first + number[feature];
		weight[n++] = s->rows.value[i];
	}
	return n;
}

/* `in_file`: the number in the file of each fitted entity, or STRMAP_NONE. */
static void list_fitted(struct features *f, const struct side_features *s, const uint32_t *in_file,
			uint32_t fitted, const uint32_t *number, bool identity, bool normalize)
{
	size_t most = (size_t)s->rows.start[strmap_count(s->entities)] + fitted;
	f->start = memory_zero((size_t)fitted + 1, sizeof *f->start);
	f->row = memory_new(most, sizeof *f->row);
	f->weight = memory_new(most, sizeof *f->weight);
	uint64_t n = 0;
	for (uint32_t e = 0; e < fitted; e++) {
		if (identity) {
			f->row[n] = e;
			f->weight[n++] = 1;
		}
		if (in_file[e] != STRMAP_NONE)
			n = add_features(f, s, number, in_file[e], f->row, f->weight, n);
		if (normalize)
			normalize_weights(f->weight + f->start[e], n - f->start[e]);
		f->empty += n == f->start[e];
		f->start[e + 1] = n;
	}
}

static void list_cold(struct features *f, const struct side_features *s, const bool *fitted,
		      const uint32_t *number, bool normalize)
{
	uint32_t all = strmap_count(s->entities);
	f->cold_ids = strmap_new();
	f->cold_start = memory_zero((size_t)all + 1, sizeof *f->cold_start);
	f->cold_kept = memory_zero(all, sizeof *f->cold_kept);
	f->cold_row = memory_new(s->rows.start[all], sizeof *f->cold_row);
	f->cold_weight = memory_new(s->rows.start[all], sizeof *f->cold_weight);
	uint64_t n = 0;
	for (uint32_t e = 0; e < all; e++) {
		uint64_t begin = n;
		if (!fitted[e])
			n = add_features(f, s, number, e, f->cold_row, f->cold_weight, n);
		if (n == begin)
			continue;
		if (normalize)
			normalize_weights(f->cold_weight + begin, n - begin);
		strmap_add(f->cold_ids, strmap_key(s->entities, e));
		f->cold_start[++f->cold] = n;
	}
}

struct features *features_read(struct side_file *file, const struct side_ids *ids, bool identity,
			       bool normalize)
{
	struct features *f = memory_zero(1, sizeof *f);
	struct side_features s = side_features_read(file);
	bool *fitted = memory_zero(strmap_count(s.entities), sizeof *fitted);
	uint32_t *in_file = memory_new(ids->n, sizeof *in_file);
	for (uint32_t e = 0; e < ids->n; e++) {
		in_file[e] = strmap_find(s.entities, side_id(ids, e));
		if (in_file[e] != STRMAP_NONE)
			fitted[in_file[e]] = true;
	}
	uint32_t *number = number_features(f, &s, fitted);
	f->first = identity ? ids->n : 0;
	list_fitted(f, &s, in_file, ids->n, number, identity, normalize);
	list_cold(f, &s, fitted, number, normalize);
	f->names = s.features;
	s.features = NULL;
	side_features_free(&s);
	free(fitted);
	free(in_file);
	free(number);
	return f;
}

void features_free(struct features *f)
{
	if (!f)
		return;
	strmap_free(f->names);
	strmap_free(f->cold_ids);
	free(f->name);
	free(f->start);
	free(f->row);
	free(f->weight);
	free(f->cold_start);
	free(f->cold_kept);
	free(f->cold_row);
	free(f->cold_weight);
	free(f);
}

uint32_t features_rows(const struct features *f, const struct side_ids *ids)
{
	return f ? f->first + f->n : ids->n;
}

float features_compose(const struct params *p, const uint32_t *row, const float *weight,
		       uint64_t n, float *factors)
{
	float bias = 0;
	memset(factors, 0, p->stride * sizeof *factors);
	for (uint64_t i = 0; i < n; i++) {
		const float *from = params_row(p, row[i]);
		for (size_t f = 0; f < p->stride; f++)
			factors[f] += weight[i] * from[f];
		bias += weight[i] * *params_bias(p, row[i]);
	}
	return bias;
}

void features_compose_all(const struct features *f, const struct params *p, struct params *out)
{
	for (uint32_t e = 0; e < out->n; e++)
		*params_bias(out, e) = features_compose(p, f->row + f->start[e],
							f->weight + f->start[e],
							f->start[e + 1] - f->start[e],
							params_row(out, e));
}
