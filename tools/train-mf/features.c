#include "features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/table.h"

struct triple {
	uint32_t entity, feature; /* numbers in the order of appearance */
	float weight;
};

struct triples {
	struct triple *at;
	size_t n, capacity;
};

static void read_triples(const char *path, const char *entity, struct strmap *entities,
			 struct strmap *names, struct triples *list)
{
	struct table *t = table_open_file(path);
	size_t id = table_column(t, column_called(entity)), feature = table_column(t, column_called("feature"));
	long weight = table_find_column(t, "weight");
	while (table_next(t)) {
		struct triple one = {.weight = 1};
		if (table_field(t, id).n == 0)
			table_reject(t, id, "an empty id");
		if (table_field(t, feature).n == 0)
			table_reject(t, feature, "an empty id");
		if (weight >= 0)
			table_float(t, (size_t)weight, &one.weight);
		one.entity = strmap_add(entities, table_field(t, id));
		one.feature = strmap_add(names, table_field(t, feature));
		list->at = memory_grow(list->at, &list->capacity, list->n + 1, sizeof *list->at);
		list->at[list->n++] = one;
	}
	table_close(t);
}

static int by_entity(const void *a, const void *b)
{
	const struct triple *x = a, *y = b;
	if (x->entity != y->entity)
		return x->entity < y->entity ? -1 : 1;
	return (x->feature > y->feature) - (x->feature < y->feature);
}

/* Renumbers entities and features by the byte order of their names, and sorts:
 * nothing depends on the order of the file's rows. */
static void sort_triples(struct triples *list, const uint32_t *entity_rank,
			 const uint32_t *feature_rank)
{
	for (size_t i = 0; i < list->n; i++) {
		list->at[i].entity = entity_rank[list->at[i].entity];
		list->at[i].feature = feature_rank[list->at[i].feature];
	}
	if (list->n)
		qsort(list->at, list->n, sizeof *list->at, by_entity);
}

/* For each number of `map` its rank in byte order; `*sorted` is the inverse. */
static uint32_t *ranks(const struct strmap *map, uint32_t **sorted)
{
	uint32_t n = strmap_count(map), *rank = memory_new(n, sizeof *rank);
	*sorted = strmap_sorted(map);
	for (uint32_t i = 0; i < n; i++)
		rank[(*sorted)[i]] = i;
	return rank;
}

static void check_double(const char *path, const struct triples *list, const struct strmap *entities,
			 const uint32_t *entity_sorted, const struct strmap *names,
			 const uint32_t *name_sorted)
{
	for (size_t i = 1; i < list->n; i++) {
		const struct triple *a = &list->at[i - 1], *b = &list->at[i];
		if (a->entity != b->entity || a->feature != b->feature)
			continue;
		char text[2][QUOTED_SIZE];
		struct span entity = strmap_key(entities, entity_sorted[a->entity]);
		struct span name = strmap_key(names, name_sorted[a->feature]);
		die(STATUS_DATA, "%s: %s has the feature %s twice", path,
		    quoted(entity.at, entity.n, text[0]), quoted(name.at, name.n, text[1]));
	}
}

/* A feature of weight 0 is none: neither the entity nor the feature learns from it. */
static void drop_zeros(struct triples *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->n; i++)
		if (list->at[i].weight != 0)
			list->at[kept++] = list->at[i];
	list->n = kept;
}

/* Weights divided by the sum of their absolute values. */
static void normalize_list(float *weight, uint64_t n)
{
	double sum = 0;
	for (uint64_t i = 0; i < n; i++)
		sum += fabs((double)weight[i]);
	for (uint64_t i = 0; i < n && sum > 0; i++)
		weight[i] = (float)((double)weight[i] / sum);
}

/* The stretch of the sorted list that belongs to an entity. */
static size_t find_entity(const struct triples *list, uint32_t entity, size_t *end)
{
	size_t low = 0, high = list->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list->at[middle].entity < entity)
			low = middle + 1;
		else
			high = middle;
	}
	*end = low;
	while (*end < list->n && list->at[*end].entity == entity)
		++*end;
	return low;
}

static void number_features(struct features *f, const struct triples *list, const bool *fitted,
			    uint32_t all, const uint32_t *name_sorted, uint32_t *number)
{
	bool *used = memory_zero(all, sizeof *used);
	for (size_t i = 0; i < list->n; i++)
		used[list->at[i].feature] |= fitted[list->at[i].entity];
	f->name = memory_new(all, sizeof *f->name);
	for (uint32_t i = 0; i < all; i++) {
		number[i] = used[i] ? f->n : ITEM_COLD;
		if (used[i])
			f->name[f->n++] = name_sorted[i];
	}
	free(used);
}

struct features *features_read(const char *path, const char *entity, const struct side_ids *ids,
			       bool identity, bool normalize)
{
	struct features *f = memory_zero(1, sizeof *f);
	struct strmap *entities = strmap_new();
	struct triples list = {0};
	f->names = strmap_new();
	read_triples(path, entity, entities, f->names, &list);
	uint32_t *entity_sorted, *name_sorted;
	uint32_t *entity_rank = ranks(entities, &entity_sorted);
	uint32_t *name_rank = ranks(f->names, &name_sorted);
	uint32_t all = strmap_count(entities);
	sort_triples(&list, entity_rank, name_rank);
	check_double(path, &list, entities, entity_sorted, f->names, name_sorted);
	drop_zeros(&list);

	/* Which entities of the file are fitted, and as what number. */
	bool *fitted = memory_zero(all, sizeof *fitted);
	uint32_t *in_file = memory_new(ids->n, sizeof *in_file);
	for (uint32_t e = 0; e < ids->n; e++) {
		uint32_t found = strmap_find(entities, problem_id(ids, e));
		in_file[e] = found == STRMAP_NONE ? ITEM_COLD : entity_rank[found];
		if (found != STRMAP_NONE)
			fitted[entity_rank[found]] = true;
	}
	uint32_t *number = memory_new(strmap_count(f->names), sizeof *number);
	number_features(f, &list, fitted, strmap_count(f->names), name_sorted, number);
	f->first = identity ? ids->n : 0;

	f->start = memory_zero((size_t)ids->n + 1, sizeof *f->start);
	f->row = memory_new(list.n + ids->n, sizeof *f->row);
	f->weight = memory_new(list.n + ids->n, sizeof *f->weight);
	uint64_t n = 0;
	for (uint32_t e = 0; e < ids->n; e++) {
		size_t end = 0, at = in_file[e] == ITEM_COLD ? 0 : find_entity(&list, in_file[e], &end);
		if (identity) {
			f->row[n] = e;
			f->weight[n++] = 1;
		}
		for (; at < end; at++) {
			f->row[n] = f->first + number[list.at[at].feature];
			f->weight[n++] = list.at[at].weight;
		}
		if (normalize)
			normalize_list(f->weight + f->start[e], n - f->start[e]);
		f->empty += n == f->start[e];
		f->start[e + 1] = n;
	}

	f->cold_ids = strmap_new();
	f->cold_start = memory_zero((size_t)all + 1, sizeof *f->cold_start);
	f->cold_kept = memory_zero(all, sizeof *f->cold_kept);
	f->cold_row = memory_new(list.n, sizeof *f->cold_row);
	f->cold_weight = memory_new(list.n, sizeof *f->cold_weight);
	n = 0;
	for (size_t at = 0; at < list.n;) {
		uint32_t e = list.at[at].entity;
		uint64_t begin = n;
		for (; at < list.n && list.at[at].entity == e; at++) {
			if (fitted[e] || number[list.at[at].feature] == ITEM_COLD)
				continue;
			f->cold_row[n] = f->first + number[list.at[at].feature];
			f->cold_weight[n++] = list.at[at].weight;
		}
		if (n == begin)
			continue;
		if (normalize)
			normalize_list(f->cold_weight + begin, n - begin);
		strmap_add(f->cold_ids, strmap_key(entities, entity_sorted[e]));
		f->cold_start[++f->cold] = n;
	}
	strmap_free(entities);
	free(list.at);
	free(entity_sorted);
	free(name_sorted);
	free(entity_rank);
	free(name_rank);
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
