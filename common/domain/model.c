#include "domain/model.h"

#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/idset.h"
#include "data/kernel.h"
#include "streams/packed.h"

const char *const MODEL_KIND_NAMES[MODEL_KINDS] = {
	"meta", "item_feature", "item", "user_feature", "user",
};

struct model_reader {
	struct table *table;
	size_t kind, id, bias, *factor; /* columns */
	uint32_t factors;
	float *row;
	enum model_kind last_kind;
	struct idset ids; /* of last_kind */
	struct packed_model packed; /* read in place of the table, when it has a file */
	uint32_t next;              /* its next row */
	bool unchecked;             /* its rows are checked as they are read */
	uint32_t crc;               /* of those read */
};

_Static_assert((int)PACKED_SIDES == (int)MODEL_KINDS && KERNEL_PAD * sizeof(float) == PACKED_ALIGN,
	       "rows of a packed model are used as they lie there");

/* f0, f1, ... as far as they go; a gap in them is a mistake, not an end. */
static bool find_factors(struct model_reader *r)
{
	size_t width = table_width(r->table), named = 0;
	r->factor = memory_new(width, sizeof *r->factor);
	for (size_t c = 0; c < width; c++) {
		struct span name = table_column_name(r->table, c);
		uint64_t number;
		named += name.n > 1 && name.at[0] == 'f' && name.at[1] != '+' &&
			 number_u64(name.at + 1, name.n - 1, &number) == NUMBER_OK;
	}
	for (;;) {
		char name[16];
		snprintf(name, sizeof name, "f%u", (unsigned)r->factors);
		long column = table_find_column(r->table, name);
		if (column < 0)
			break;
		r->factor[r->factors++] = (size_t)column;
	}
	if (r->factors == 0)
		table_column(r->table, column_called("f0"));
	if (r->factors != named)
		failure_set(table_failure(r->table), STATUS_DATA, "%s:1: the factors' columns must be f0, f1, ... "
		     "without a gap: 'f%u' is missing", table_file(r->table), (unsigned)r->factors);
	return !has_failed(table_failure(r->table));
}

/* Where the table is nothing but a packed model, its columns in their places. */
static bool open_packed(struct model_reader *r)
{
	struct packed *p = table_packed(r->table);
	bool in_place = r->kind == 0 && r->id == 1 && r->bias == 2;
	for (uint32_t f = 0; f < r->factors; f++)
		in_place = in_place && r->factor[f] == f + 3;
	if (!p || p->kind != PACKED_MODEL || !in_place)
		return true;
	return (r->unchecked ? packed_check_but_rows(p) : packed_check(p)) && packed_model_open(p, &r->packed) &&
	       (r->packed.factors == r->factors || packed_bad(p, "its header is not that of its rows"));
}

void model_find_columns(const struct table *t)
{
	static const char *const NAMES[] = {"kind", "id", "bias"};
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		table_column(t, column_called(NAMES[i]));
}

static struct model_reader *open_reader(struct table *t, bool unchecked)
{
	struct model_reader *r = memory_zero(1, sizeof *r);
	r->table = t;
	r->unchecked = unchecked;
	r->kind = table_column(t, column_called("kind"));
	r->id = table_column(t, column_called("id"));
	r->bias = table_column(t, column_called("bias"));
	if (!find_factors(r)) {
		model_close(r);
		return NULL;
	}
	r->row = memory_aligned(kernel_padded(r->factors), sizeof *r->row);
	if (!open_packed(r)) {
		model_close(r);
		return NULL;
	}
	return r;
}

struct model_reader *model_open(struct table *t)
{
	return open_reader(t, false);
}

struct model_reader *model_open_unchecked(struct table *t)
{
	return open_reader(t, true);
}

uint32_t model_reader_factors(const struct model_reader *r)
{
	return r->factors;
}

const struct packed_model *model_reader_packed(const struct model_reader *r)
{
	return r->packed.file ? &r->packed : NULL;
}

static bool find_kind(struct span text, enum model_kind *kind)
{
	for (int k = 0; k < MODEL_KINDS; k++) {
		if (span_equal(text, span_of(MODEL_KIND_NAMES[k]))) {
			*kind = (enum model_kind)k;
			return true;
		}
	}
	return false;
}

static bool is_name_and_value(struct span id)
{
	return id.n > 0 && id.at[0] != '=' && memchr(id.at, '=', id.n);
}

/* What is wrong with the row's kind or id, or NULL; `*column` says where. */
static const char *row_problem(struct model_reader *r, struct model_row *row, size_t *column)
{
	*column = r->kind;
	if (!find_kind(table_field(r->table, r->kind), &row->kind))
		return "not one of meta, item_feature, item, user_feature, user";
	if (row->kind < r->last_kind)
		return "out of order: the kinds come as meta, item_feature, item, "
		       "user_feature, user";
	if (row->kind > r->last_kind) {
		idset_free(&r->ids);
		r->last_kind = row->kind;
	}
	*column = r->id;
	row->id = table_field(r->table, r->id);
	if (row->kind == MODEL_META && !is_name_and_value(row->id))
		return "not name=value";
	return NULL;
}

static bool next_packed(struct model_reader *r, struct model_row *row)
{
	const struct packed_model *m = &r->packed;
	if (r->next == m->ids.n)
		return false;
	uint32_t at = r->next++;
	table_took_rows(r->table, 1);
	while (at >= m->side[r->last_kind + 1])
		r->last_kind++;
	*row = (struct model_row){.kind = r->last_kind, .id = packed_id(&m->ids, at), .factors = r->row};
	if (row->kind != MODEL_META) {
		row->bias = m->bias[at - m->side[1]] + 0.0f;
		row->factors = m->rows + (size_t)(at - m->side[1]) * m->stride;
		if (r->unchecked && !packed_check_row(m, at - m->side[1], &r->crc))
			return false;
	} else if (!is_name_and_value(row->id)) {
		return packed_bad(m->file, "a meta row is not name=value");
	}
	return true;
}

bool model_next(struct model_reader *r, struct model_row *row)
{
	if (r->packed.file)
		return next_packed(r, row);
	while (table_next(r->table)) {
		size_t column;
		const char *problem = row_problem(r, row, &column);
		if (problem) {
			table_reject(r->table, column, problem);
			continue;
		}
		if (!table_float(r->table, r->bias, &row->bias))
			continue;
		uint32_t f = 0;
		while (f < r->factors && table_float(r->table, r->factor[f], &r->row[f]))
			f++;
		if (f < r->factors)
			continue;
		/* Last, so that a rejected row does not make its correction a double one. */
		if (!idset_add(&r->ids, row->id)) {
			char problem_text[64];
			snprintf(problem_text, sizeof problem_text, "a second %s of that id",
				 MODEL_KIND_NAMES[row->kind]);
			table_reject(r->table, r->id, problem_text);
			continue;
		}
		row->factors = r->row;
		return true;
	}
	return false;
}

void model_close(struct model_reader *r)
{
	if (!r)
		return;
	idset_free(&r->ids);
	free(r->factor);
	free(r->row);
	free(r);
}

void model_side_add(struct model_side *side, const struct model_row *row, uint32_t stride)
{
	if (!side->ids)
		side->ids = strmap_new();
	if (side->n == side->capacity) {
		uint32_t capacity = side->capacity + side->capacity / 2 + 64;
		float *larger = memory_aligned((size_t)capacity * stride, sizeof *larger);
		if (side->n)
			memcpy(larger, side->factors, (size_t)side->n * stride * sizeof *larger);
		free(side->factors);
		side->factors = larger;
		side->bias = memory_resize(side->bias, capacity, sizeof *side->bias);
		side->capacity = capacity;
	}
	strmap_add(side->ids, row->id);
	side->bias[side->n] = row->bias;
	memcpy(side->factors + (size_t)side->n * stride, row->factors, stride * sizeof(float));
	side->n++;
}

void model_side_free(struct model_side *side)
{
	if (side->ids)
		strmap_free(side->ids);
	free(side->bias);
	free(side->factors);
	*side = (struct model_side){0};
}

struct model *model_read(struct table *t)
{
	struct model_reader *r = model_open(t);
	struct model *m = memory_zero(1, sizeof *m);
	struct model_row row;
	m->factors = r->factors;
	m->stride = (uint32_t)kernel_padded(r->factors);
	for (int k = 0; k < MODEL_KINDS; k++)
		m->side[k].ids = strmap_new();
	while (model_next(r, &row)) {
		struct model_side *side = &m->side[row.kind];
		if (row.kind == MODEL_META) {
			strmap_add(side->ids, row.id);
			side->n++;
		} else {
			model_side_add(side, &row, m->stride);
		}
	}
	model_close(r);
	return m;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	for (int k = 0; k < MODEL_KINDS; k++)
		model_side_free(&m->side[k]);
	free(m);
}

void model_write_header(struct output *out, uint32_t factors)
{
	output_text(out, "kind\tid\tbias");
	for (uint32_t f = 0; f < factors; f++) {
		output_text(out, "\tf");
		output_u64(out, f);
	}
	output_end_row(out);
}

void model_write_meta(struct output *out, uint32_t factors, const char *name, const char *value)
{
	output_text(out, MODEL_KIND_NAMES[MODEL_META]);
	output_tab(out);
	output_text(out, name);
	output_byte(out, '=');
	output_text(out, value);
	for (uint32_t f = 0; f <= factors; f++)
		output_bytes(out, "\t0", 2);
	output_end_row(out);
}

void model_write_row(struct output *out, enum model_kind kind, struct span id,
		     float bias, const float *factors, uint32_t n)
{
	if (out->packing && kind != MODEL_META) {
		output_model_row(out, kind, id, bias, factors, n);
		return;
	}
	output_text(out, MODEL_KIND_NAMES[kind]);
	output_tab(out);
	output_span(out, id);
	output_tab(out);
	output_float(out, bias);
	for (uint32_t f = 0; f < n; f++) {
		output_tab(out);
		output_float(out, factors[f]);
	}
	output_end_row(out);
}
