#include "learning/side-features.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

struct side_file side_features_open(struct table *t, struct column entity, const char *own)
{
	struct side_file file = {.table = t};
	bool named = table_find_column(file.table, entity.name) >= 0;
	if (!named && table_find_column(file.table, own) >= 0)
		entity = column_called(own);
	file.entity = table_column(file.table, entity);
	file.feature = table_column(file.table, column_called("feature"));
	file.weight = table_find_column(file.table, "weight");
	return file;
}

/* A row of the file; numbers in the order of appearance. */
struct row {
	uint32_t entity, feature;
	float weight;
};

static struct row *read_rows(struct side_file *file, struct side_features *s, size_t *n)
{
	struct table *t = file->table;
	struct row *rows = NULL;
	size_t capacity = 0;
	for (*n = 0; table_next(t); ++*n) {
		struct span entity = table_field(t, file->entity);
		struct span feature = table_field(t, file->feature);
		struct row row = {.weight = 1};
		if (entity.n == 0)
			table_reject(t, file->entity, "an empty id");
		if (feature.n == 0)
			table_reject(t, file->feature, "an empty id");
		if (file->weight >= 0)
			table_float(t, (size_t)file->weight, &row.weight);
		row.entity = strmap_add(s->entities, entity);
		row.feature = strmap_add(s->features, feature);
		rows = memory_grow(rows, &capacity, *n + 1, sizeof *rows);
		rows[*n] = row;
	}
	return rows;
}

/* Entities and features are numbered by their ids from here on; frees `rows`. */
static void sort_rows(struct side_features *s, struct row *rows, size_t n)
{
	uint32_t *entity_rank, *feature_rank;
	s->entities = strmap_in_order(s->entities, &entity_rank);
	s->features = strmap_in_order(s->features, &feature_rank);
	uint32_t entities = strmap_count(s->entities), features = strmap_count(s->features);
	struct csr by_feature = {
		.start = csr_new(features),
		.column = memory_new(n, sizeof *by_feature.column),
		.value = memory_new(n, sizeof *by_feature.value),
	};
	for (size_t i = 0; i < n; i++)
		csr_count(by_feature.start, feature_rank[rows[i].feature]);
	csr_sum(by_feature.start, features);
	for (size_t i = 0; i < n; i++) {
		uint64_t at = csr_place(by_feature.start, feature_rank[rows[i].feature]);
		by_feature.column[at] = entity_rank[rows[i].entity];
		by_feature.value[at] = rows[i].weight;
	}
	free(rows);
	free(entity_rank);
	free(feature_rank);
	s->rows = csr_transpose(features, entities, by_feature.start, by_feature.column,
				by_feature.value);
	csr_free(&by_feature);
}

static void check_double(const struct side_features *s, const char *path)
{
	const struct csr *rows = &s->rows;
	for (uint32_t e = 0; e < strmap_count(s->entities); e++) {
		for (uint64_t i = rows->start[e] + 1; i < rows->start[e + 1]; i++) {
			if (rows->column[i] != rows->column[i - 1])
				continue;
			char text[2][QUOTED_SIZE];
			struct span entity = strmap_key(s->entities, e);
			struct span feature = strmap_key(s->features, rows->column[i]);
			die(STATUS_DATA, "%s: %s has the feature %s twice", path,
			    quoted(entity.at, entity.n, text[0]),
			    quoted(feature.at, feature.n, text[1]));
		}
	}
}

struct side_features side_features_read(struct side_file *file)
{
	struct side_features s = {.entities = strmap_new(), .features = strmap_new()};
	size_t n;
	struct row *rows = read_rows(file, &s, &n);
	sort_rows(&s, rows, n);
	check_double(&s, table_file(file->table));
	table_close(file->table);
	file->table = NULL;
	return s;
}

void side_features_free(struct side_features *s)
{
	if (s->entities)
		strmap_free(s->entities);
	if (s->features)
		strmap_free(s->features);
	csr_free(&s->rows);
	*s = (struct side_features){0};
}

double side_features_size(const float *weight, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += fabs((double)weight[i]);
	return sum;
}
