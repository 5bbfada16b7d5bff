#include "packed-index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/kernel.h"
#include "data/unit.h"
#include "domain/model.h"
#include "frame/run.h"
#include "streams/packing.h"
#include "layout.h"

/* As they lie in the file. */
struct index_head {
	char words[16];          /* "float32" or "bfloat16x2" */
	uint32_t items, factors, panel, depth;
	double norm, bias_size;
	uint8_t zero[16];
};

struct index_chunk {
	uint64_t first;          /* panel */
	double norm, bias, tail_norm, tail_bias, residual;
};

static const char *const WORDS[] = {"float32", "bfloat16x2"};

/* ---- writing ---- */

enum { NORM_USERS = 4096 }; /* whose vectors say what is typical */

struct index_writer {
	struct model_side items;
	uint32_t factors, stride;
	double norm;
	uint64_t users, rows;
};

static void copy_row(struct index_writer *w, struct output *out, const struct model_row *row)
{
	float bias = row->kind == MODEL_META ? 0 : row->bias;
	model_write_row(out, row->kind, row->id, bias, row->factors, w->factors);
	w->rows++;
	if (row->kind == MODEL_ITEM)
		model_side_add(&w->items, row, w->stride);
	if (row->kind == MODEL_USER && w->users < NORM_USERS) {
		w->norm += unit_length(row->factors, w->stride);
		w->users++;
	}
}

/* Item -> its place in the byte order of the ids. */
static uint32_t *order_of(const struct model_side *items)
{
	uint32_t *sorted = strmap_sorted(items->ids), *order = memory_new(items->n, sizeof *order);
	for (uint32_t i = 0; i < items->n; i++)
		order[sorted[i]] = i;
	free(sorted);
	return order;
}

static struct index_chunk *chunks_of(const struct index *x, const struct layout *l)
{
	struct index_chunk *chunks = memory_zero(x->chunk_count, sizeof *chunks);
	for (size_t c = 0; c < x->chunk_count; c++)
		chunks[c] = (struct index_chunk){
			x->chunk_first[c], x->chunk_norm[c], x->chunk_bias[c], x->tail_norm[c],
			x->tail_bias[c], l->residual[c],
		};
	return chunks;
}

/* Writes the sections, and closes the output. */
static void put_index(const struct index *x, const uint32_t *order, struct output *out)
{
	const struct layout *l = x->is_single ? &x->single : &x->rough;
	struct index_head head = {
		.items = x->items.n, .factors = x->items.factor_count, .panel = PANEL, .depth = l->panels.depth,
		.norm = x->norm, .bias_size = x->bias_size,
	};
	memcpy(head.words, WORDS[l->kernel->pairs], strlen(WORDS[l->kernel->pairs]));
	struct index_chunk *chunks = chunks_of(x, l);
	size_t places = x->panel_count * PANEL;
	const struct packing_section sections[] = {
		{"index", sizeof head, 1, &head},
		{"index_items", sizeof *x->item_at, places, x->item_at},
		{"index_places", sizeof *x->position, x->items.n, x->position},
		{"index_order", sizeof *order, x->items.n, order},
		{"index_bias", sizeof *x->bias, places, x->bias},
		{"index_chunks", sizeof *chunks, x->chunk_count, chunks},
		{"index_panels", l->panels.depth * PANEL * 4, x->panel_count, l->words},
	};
	output_pack_also(out, sections, sizeof sections / sizeof *sections);
	output_close(out);
	free(chunks);
}

uint64_t write_packed_index(const struct options *o, struct table *model, struct output *out)
{
	struct model_reader *reader = model_open(model);
	struct index_writer w = {.factors = model_reader_factors(reader)};
	struct model_row row;
	w.stride = (uint32_t)kernel_padded(w.factors);
	model_write_header(out, w.factors);
	output_flush(out);
	while (model_next(reader, &row)) {
		copy_row(&w, out, &row);
		progress_step(table_bytes(model), table_size(model), "bytes");
	}
	progress_clear();
	if (w.items.n == 0)
		die(STATUS_DATA, "%s: the model has no items", table_file(model));
	uint32_t *order = order_of(&w.items);
	struct index_items items = {w.items.n, w.factors, w.stride, w.items.factors, w.items.bias, order};
	struct index *x = index_new(&items, w.users ? w.norm / (double)w.users : 1, (enum tile_choice)o->kernel);
	put_index(x, order, out);
	index_free(x);
	free(order);
	model_side_free(&w.items);
	model_close(reader);
	return w.rows;
}

/* ---- reading ---- */

struct packed *packed_with_index(const struct options *o, const struct table *t)
{
	bool plain = !o->similar && !o->items && !o->candidates && !o->item_features && !o->user_features;
	struct packed *p = plain ? table_packed(t) : NULL;
	return p && p->kind == PACKED_MODEL && packed_find(p, "index", sizeof(struct index_head)) ? p : NULL;
}

/* The section, its checksum right; ends the program when it is not so. */
static const void *section_of(const struct packed *p, const char *name, size_t size, uint64_t count)
{
	const struct packed_section *s = packed_find(p, name, (uint32_t)size);
	if (!s || s->count != count)
		packed_bad(p, "its index is not as it should be");
	else if (packed_check_sum(p, s))
		return packed_data(p, s);
	return NULL; /* not reached */
}

/* Is item_at one to one, position the other way round, and nothing to be found after the last item? */
static void check_places(const struct packed *p, const struct index *x)
{
	uint32_t n = x->items.n;
	bool good = true;
	for (uint32_t i = 0; i < n; i++)
		good = good && x->position[i] < n && x->item_at[x->position[i]] == i;
	for (size_t at = n; at < x->panel_count * PANEL; at++)
		good = good && x->item_at[at] == 0 && x->bias[at] == -INFINITY;
	if (!good)
		packed_bad(p, "an item's place in its index is not where it should be");
}

static void take_chunks(struct index *x, struct packed *p, struct layout *l)
{
	const struct packed_section *s = packed_find(p, "index_chunks", sizeof(struct index_chunk));
	size_t n = s ? s->count : 0;
	const struct index_chunk *chunk = section_of(p, "index_chunks", sizeof *chunk, n);
	if (n == 0 || n > x->panel_count || chunk[0].first != 0)
		packed_bad(p, "its index is not as it should be");
	x->chunk_count = n;
	x->chunk_first = memory_new(n + 1, sizeof *x->chunk_first);
	x->chunk_of = memory_new(x->panel_count, sizeof *x->chunk_of);
	x->chunk_norm = memory_new(n, sizeof *x->chunk_norm);
	x->chunk_bias = memory_new(n, sizeof *x->chunk_bias);
	x->tail_norm = memory_new(n, sizeof *x->tail_norm);
	x->tail_bias = memory_new(n, sizeof *x->tail_bias);
	l->residual = memory_new(n, sizeof *l->residual);
	x->chunk_first[n] = x->panel_count;
	for (size_t c = 0; c < n; c++) {
		uint64_t end = c + 1 < n ? chunk[c + 1].first : x->panel_count;
		if (chunk[c].first >= end || end > x->panel_count)
			packed_bad(p, "its index is not as it should be");
		for (uint64_t panel = chunk[c].first; panel < end; panel++)
			x->chunk_of[panel] = (uint32_t)c;
		x->chunk_first[c] = chunk[c].first;
		x->chunk_norm[c] = chunk[c].norm;
		x->chunk_bias[c] = chunk[c].bias;
		x->tail_norm[c] = chunk[c].tail_norm;
		x->tail_bias[c] = chunk[c].tail_bias;
		l->residual[c] = chunk[c].residual;
	}
}

/* The panels as they lie in the file; their checksum is not looked at. */
static void take_panels(struct index *x, const struct packed *p, const struct index_head *head,
			struct layout *l)
{
	const struct packed_section *s = packed_find(p, "index_panels", head->depth * PANEL * 4);
	if (!s || s->count != x->panel_count)
		packed_bad(p, "its index is not as it should be");
	l->panels = (struct panels){.at = packed_data(p, s), .bias = x->bias, .depth = head->depth};
}

/* Is the head that of these items? */
static bool head_fits(const struct index_head *head, const struct packed_index *i, bool pairs)
{
	uint32_t factors = i->model.factors;
	return i->n > 0 && head->items == i->n && head->factors == factors && head->panel == PANEL &&
	       head->depth == (pairs ? (factors + 1) / 2 : factors) &&
	       strncmp(head->words, WORDS[pairs], sizeof head->words) == 0 && head->norm >= 0 &&
	       isfinite(head->norm) && isfinite(head->bias_size);
}

struct packed_index packed_index_open(struct packed *p, enum tile_choice choice)
{
	struct packed_index i = {0};
	const struct index_head *head = section_of(p, "index", sizeof *head, 1);
	packed_model_open(p, &i.model);
	const struct packed_model *m = &i.model;
	i.first = m->side[MODEL_ITEM];
	i.n = m->side[MODEL_ITEM + 1] - i.first;
	bool pairs = strncmp(head->words, WORDS[1], sizeof head->words) == 0;
	if (!head_fits(head, &i, pairs))
		packed_bad(p, "its index is not as it should be");
	size_t row = i.first - m->side[1];
	struct index *x = memory_zero(1, sizeof *x);
	x->mapped = true;
	x->panel_count = ((size_t)i.n + PANEL - 1) / PANEL;
	x->norm = head->norm;
	x->bias_size = head->bias_size;
	x->items = (struct index_items){
		i.n, m->factors, m->stride, m->rows + row * m->stride, m->bias + row,
		section_of(p, "index_order", 4, i.n),
	};
	x->item_at = section_of(p, "index_items", 4, x->panel_count * PANEL);
	x->position = section_of(p, "index_places", 4, i.n);
	x->bias = section_of(p, "index_bias", 4, x->panel_count * PANEL);
	check_places(p, x);
	struct layout l = {0};
	take_chunks(x, p, &l);
	take_panels(x, p, head, &l);
	index_use_layout(x, &l, pairs, choice);
	i.index = x;
	return i;
}
