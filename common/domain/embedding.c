#include "domain/embedding.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/kernel.h"
#include "data/unit.h"

struct ticket {
	uint64_t hash;
	uint32_t row;
};

static int ticket_order(const void *a, const void *b)
{
	const struct ticket *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static int row_order(const void *a, const void *b)
{
	const struct ticket *x = a, *y = b;
	return (x->row > y->row) - (x->row < y->row);
}

/* Keeps the rows with the smallest hashes, in their order. */
static void take_sample(struct embedding *e, uint32_t wanted, uint64_t seed)
{
	struct ticket *tickets = memory_new(e->n, sizeof *tickets);
	struct span none = {NULL, 0};
	for (uint32_t i = 0; i < e->n; i++)
		tickets[i] = (struct ticket){hash_row(seed, strmap_key(e->ids, i), none), i};
	qsort(tickets, e->n, sizeof *tickets, ticket_order);
	qsort(tickets, wanted, sizeof *tickets, row_order);
	struct strmap *ids = strmap_new();
	for (uint32_t i = 0; i < wanted; i++) {
		strmap_add(ids, strmap_key(e->ids, tickets[i].row));
		memmove(e->rows + (size_t)i * e->stride, embedding_row(e, tickets[i].row),
			e->stride * sizeof(float));
	}
	free(tickets);
	strmap_free(e->ids);
	e->ids = ids;
	e->n = wanted;
}

struct embedding *embedding_read(struct model_reader *reader, const struct embedding_options *how)
{
	struct embedding *e = memory_zero(1, sizeof *e);
	uint32_t factors = model_reader_factors(reader);
	e->width = factors + how->bias;
	e->stride = (uint32_t)kernel_padded(e->width);
	struct model_side side = {0};
	float *wide = memory_aligned(e->stride, sizeof *wide);
	struct model_row row;
	while (model_next(reader, &row)) {
		if (row.kind != how->kind) {
			e->others += row.kind != MODEL_META;
			continue;
		}
		memcpy(wide, row.factors, factors * sizeof *wide);
		if (how->bias)
			wide[factors] = row.bias;
		if (how->unit)
			unit_scale(wide, e->width);
		row.factors = wide;
		model_side_add(&side, &row, e->stride);
	}
	free(wide);
	free(side.bias);
	e->ids = side.ids ? side.ids : strmap_new();
	e->rows = side.factors;
	e->n = side.n;
	e->rows_in_model = side.n;
	if (how->sample && how->sample < e->n)
		take_sample(e, (uint32_t)how->sample, how->seed);
	return e;
}

void embedding_check(const struct embedding *e, enum model_kind kind)
{
	if (e->n == 0)
		die(STATUS_DATA, "the model has no rows of kind %s", MODEL_KIND_NAMES[kind]);
	if (e->others)
		note("%llu rows of other kinds are left out (--kind)", (unsigned long long)e->others);
	if (e->n < e->rows_in_model)
		warn("%u of %u rows are left out (--sample)", (unsigned)(e->rows_in_model - e->n),
		     (unsigned)e->rows_in_model);
}

void embedding_free(struct embedding *e)
{
	if (!e)
		return;
	strmap_free(e->ids);
	free(e->rows);
	free(e);
}

struct metadata *metadata_read(struct table *t, size_t id_column)
{
	struct metadata *m = memory_zero(1, sizeof *m);
	size_t width = table_width(t), n = 0;
	m->ids = strmap_new();
	m->columns = width - 1;
	m->names = memory_new(width, sizeof *m->names);
	for (size_t c = 0, to = 0; c < width; c++) {
		struct span name = table_column_name(t, c);
		if (c != id_column)
			m->names[to++] = memory_text(name.at, name.n);
	}
	while (table_next(t)) {
		uint32_t before = strmap_count(m->ids);
		if (strmap_add(m->ids, table_field(t, id_column)) != before)
			table_reject(t, id_column, "a second row of that id");
		m->ends = memory_grow(m->ends, &m->ends_capacity, n + width, sizeof *m->ends);
		for (size_t c = 0; c < width; c++) {
			if (c == id_column)
				continue;
			size_t from = m->text.n;
			buffer_add_span(&m->text, table_field(t, c));
			for (size_t i = from; i < m->text.n; i++)
				if (m->text.data[i] == '\r')
					m->text.data[i] = ' ';
			m->ends[n++] = m->text.n;
		}
	}
	table_close(t);
	return m;
}

long metadata_column(const struct metadata *m, const char *name)
{
	for (size_t c = 0; c < m->columns; c++)
		if (strcmp(m->names[c], name) == 0)
			return (long)c;
	return -1;
}

struct span metadata_field(const struct metadata *m, struct span id, size_t column)
{
	uint32_t row = strmap_find(m->ids, id);
	if (row == STRMAP_NONE || !m->text.data)
		return (struct span){"", 0};
	size_t at = row * m->columns + column, from = at ? m->ends[at - 1] : 0;
	return (struct span){m->text.data + from, m->ends[at] - from};
}

void metadata_free(struct metadata *m)
{
	if (!m)
		return;
	strmap_free(m->ids);
	for (size_t c = 0; c < m->columns; c++)
		free(m->names[c]);
	free(m->names);
	free(m->ends);
	buffer_free(&m->text);
	free(m);
}
