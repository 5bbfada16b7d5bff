#include "cold.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/kernel.h"
#include "data/strmap.h"

struct share {
	uint32_t entity, feature; /* in byte order of the ids once the file is read */
	float weight;
};

struct cold {
	const char *path;
	struct table *table;
	enum model_kind kind;
	size_t entity_column, feature_column;
	long weight_column;
	struct strmap *entities, *names;
	struct share *shares;
	size_t n, capacity;
	uint32_t *sorted;           /* place -> entity */
	uint32_t *name_sorted;
	bool *known;                /* by entity: the model has it */
	bool normalize;
	struct model_side features;
	uint32_t stride;
	double *sum;                /* stride, and the bias behind */
	float *row;
	size_t next;                /* share that comes next */
	uint64_t left_out;
};

struct cold *cold_open(const char *path, enum model_kind kind, struct column entity)
{
	struct cold *c = memory_zero(1, sizeof *c);
	c->path = path;
	c->kind = kind;
	c->table = table_open_file(path);
	c->entity_column = table_column(c->table, entity);
	c->feature_column = table_column(c->table, column_called("feature"));
	c->weight_column = table_find_column(c->table, "weight");
	c->entities = strmap_new();
	c->names = strmap_new();
	return c;
}

static int share_order(const void *a, const void *b)
{
	const struct share *x = a, *y = b;
	if (x->entity != y->entity)
		return x->entity < y->entity ? -1 : 1;
	return (x->feature > y->feature) - (x->feature < y->feature);
}

/* id number -> place in byte order; `*sorted` the other way round. */
static uint32_t *places_of(const struct strmap *ids, uint32_t **sorted)
{
	uint32_t n = strmap_count(ids), *place = memory_new(n, sizeof *place);
	*sorted = strmap_sorted(ids);
	for (uint32_t i = 0; i < n; i++)
		place[(*sorted)[i]] = i;
	return place;
}

void cold_read(struct cold *c)
{
	struct table *t = c->table;
	while (table_next(t)) {
		struct share s = {.weight = 1};
		if (c->weight_column >= 0 && !table_float(t, (size_t)c->weight_column, &s.weight))
			continue;
		s.entity = strmap_add(c->entities, table_field(t, c->entity_column));
		s.feature = strmap_add(c->names, table_field(t, c->feature_column));
		c->shares = memory_grow(c->shares, &c->capacity, c->n + 1, sizeof *c->shares);
		c->shares[c->n++] = s;
	}
	table_close(t);
	c->table = NULL;
	uint32_t *entity_place = places_of(c->entities, &c->sorted);
	uint32_t *name_place = places_of(c->names, &c->name_sorted);
	for (size_t i = 0; i < c->n; i++) {
		c->shares[i].entity = entity_place[c->shares[i].entity];
		c->shares[i].feature = name_place[c->shares[i].feature];
	}
	free(entity_place);
	free(name_place);
	if (c->n)
		qsort(c->shares, c->n, sizeof *c->shares, share_order);
	for (size_t i = 1; i < c->n; i++) {
		if (share_order(&c->shares[i - 1], &c->shares[i]) != 0)
			continue;
		struct span who = strmap_key(c->entities, c->sorted[c->shares[i].entity]);
		struct span what = strmap_key(c->names, c->name_sorted[c->shares[i].feature]);
		char who_text[QUOTED_SIZE], what_text[QUOTED_SIZE];
		die(STATUS_DATA, "%s: %s has the feature %s twice", c->path,
		    quoted(who.at, who.n, who_text), quoted(what.at, what.n, what_text));
	}
	c->known = memory_zero(strmap_count(c->entities), sizeof *c->known);
}

void cold_see(struct cold *c, const struct model_row *row, uint32_t stride)
{
	if (!c)
		return;
	c->stride = stride;
	if (row->kind == MODEL_META && span_equal(row->id, span_of("normalize=yes"))) {
		c->normalize = true;
	} else if (row->kind == c->kind - 1) {
		model_side_add(&c->features, row, stride);
	} else if (row->kind == c->kind) {
		uint32_t number = strmap_find(c->entities, row->id);
		if (number != STRMAP_NONE)
			c->known[number] = true;
	}
}

/* Adds the share's part of the entity; returns the size of its weight, 0 when
 * the model does not know the feature. */
static double add_share(struct cold *c, const struct share *s)
{
	struct span name = strmap_key(c->names, c->name_sorted[s->feature]);
	uint32_t feature = c->features.n ? strmap_find(c->features.ids, name) : STRMAP_NONE;
	if (feature == STRMAP_NONE)
		return 0;
	const float *from = c->features.factors + (size_t)feature * c->stride;
	for (uint32_t f = 0; f < c->stride; f++)
		c->sum[f] += (double)s->weight * (double)from[f];
	c->sum[c->stride] += (double)s->weight * (double)c->features.bias[feature];
	return fabs((double)s->weight);
}

bool cold_next(struct cold *c, struct model_row *row)
{
	if (!c || !c->stride)
		return false;
	if (!c->row) {
		c->row = memory_aligned(c->stride, sizeof *c->row);
		c->sum = memory_new((size_t)c->stride + 1, sizeof *c->sum);
	}
	while (c->next < c->n) {
		uint32_t place = c->shares[c->next].entity, entity = c->sorted[place];
		double weight = 0;
		memset(c->sum, 0, ((size_t)c->stride + 1) * sizeof *c->sum);
		for (; c->next < c->n && c->shares[c->next].entity == place; c->next++)
			if (!c->known[entity])
				weight += add_share(c, &c->shares[c->next]);
		if (c->known[entity])
			continue;
		if (weight == 0) {
			c->left_out++;
			continue;
		}
		double scale = c->normalize ? 1 / weight : 1;
		for (uint32_t f = 0; f < c->stride; f++)
			c->row[f] = (float)(c->sum[f] * scale);
		*row = (struct model_row){
			c->kind, strmap_key(c->entities, entity),
			(float)(c->sum[c->stride] * scale), c->row,
		};
		return true;
	}
	return false;
}

uint64_t cold_left_out(const struct cold *c)
{
	return c ? c->left_out : 0;
}

void cold_free(struct cold *c)
{
	if (!c)
		return;
	strmap_free(c->entities);
	strmap_free(c->names);
	model_side_free(&c->features);
	free(c->shares);
	free(c->sorted);
	free(c->name_sorted);
	free(c->known);
	free(c->sum);
	free(c->row);
	free(c);
}
