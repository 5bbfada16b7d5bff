#include "merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "domain/model.h"
#include "frame/run.h"
#include "streams/input.h"
#include "streams/packed.h"

struct piece {
	struct input *in;
	struct packed_model model;
	uint32_t next, end;      /* its rows of the kind that is merged */
	struct span id;          /* of the next one */
	uint32_t crc;            /* of the rows so far */
};

/* Pieces that have rows left, a heap by the ids of their next ones: the least on top. */
struct heap {
	struct piece **at;
	size_t n;
};

static void sift_down(struct heap *h, size_t i)
{
	for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n && span_compare(h->at[child + 1]->id, h->at[child]->id) < 0)
			child++;
		if (span_compare(h->at[child]->id, h->at[i]->id) >= 0)
			return;
		struct piece *held = h->at[i];
		h->at[i] = h->at[child];
		h->at[child] = held;
	}
}

static void open_piece(struct piece *p, const char *file)
{
	p->in = input_open(file);
	struct packed *packed = input_packed(p->in);
	if (!packed || packed->kind != PACKED_MODEL)
		die(STATUS_DATA, "%s: not a packed model", input_name(p->in));
	packed_check_but_rows(packed);
	packed_model_open(packed, &p->model);
}

/* Is `text`, NAME=VALUE, of the same name as the meta row? */
static bool is_of_name(const char *text, struct span id)
{
	const char *sign = memchr(id.at, '=', id.n);
	size_t name = sign ? (size_t)(sign - id.at) + 1 : 0;
	return name && strlen(text) >= name && memcmp(text, id.at, name) == 0;
}

/* The NAME=VALUE that is to stand in place of this one, or itself. */
static struct span set_value(const struct option_list *set, struct span id)
{
	for (size_t i = 0; i < set->n; i++)
		if (is_of_name(set->values[i], id))
			return span_of(set->values[i]);
	return id;
}

static void check_set(const struct option_list *set)
{
	char shown[QUOTED_SIZE];
	for (size_t i = 0; i < set->n; i++) {
		const char *text = set->values[i], *sign = strchr(text, '=');
		if (!sign || sign == text || strpbrk(text, "\t\n"))
			usage_error("--set: not NAME=VALUE: %s", quoted(text, strlen(text), shown));
		for (size_t before = 0; before < i; before++)
			if (is_of_name(set->values[before], span_of(text)))
				usage_error("--set: %s is given twice",
					    quoted_name(text, (size_t)(sign - text), shown));
	}
}

/* There must be a row in whose place each of them stands. */
static void check_names(const struct packed_model *m, const struct option_list *set)
{
	char shown[QUOTED_SIZE];
	for (size_t i = 0; i < set->n; i++) {
		const char *text = set->values[i];
		bool found = false;
		for (uint32_t row = 0; row < m->side[1] && !found; row++)
			found = is_of_name(text, packed_id(&m->ids, row));
		if (!found)
			die(STATUS_DATA, "%s: no meta row %s, which --set would change", m->file->name,
			    quoted_name(text, strcspn(text, "="), shown));
	}
}

static uint64_t write_meta(const struct packed_model *m, const struct option_list *set, struct output *out)
{
	float *zeros = memory_zero(m->factors, sizeof *zeros);
	for (uint32_t row = 0; row < m->side[1]; row++)
		model_write_row(out, MODEL_META, set_value(set, packed_id(&m->ids, row)), 0, zeros, m->factors);
	free(zeros);
	return m->side[1];
}

/* All files with meta rows must have the same; the first of them. */
static const struct packed_model *meta_of(const struct piece *pieces, size_t n)
{
	const struct packed_model *first = &pieces[0].model;
	for (size_t i = 1; i < n; i++) {
		const struct packed_model *m = &pieces[i].model;
		bool same = m->side[1] == first->side[1];
		for (uint32_t row = 0; same && row < m->side[1]; row++)
			same = span_equal(packed_id(&m->ids, row), packed_id(&first->ids, row));
		if (m->side[1] && first->side[1] && !same)
			die(STATUS_DATA, "%s: other meta rows than %s (--meta says whose to take)", m->file->name,
			    first->file->name);
		if (m->side[1] && !first->side[1])
			first = m;
	}
	return first;
}

static void write_next(struct piece *p, enum model_kind kind, struct output *out)
{
	const struct packed_model *m = &p->model;
	size_t row = p->next - m->side[1];
	packed_check_row(m, row, &p->crc);
	model_write_row(out, kind, p->id, m->bias[row] + 0.0f, m->rows + row * m->stride, m->factors);
	p->next++;
}

/* All rows of a kind. */
static uint64_t merge_kind(struct piece *pieces, size_t n, enum model_kind kind, struct output *out)
{
	struct heap heap = {memory_new(n, sizeof *heap.at), 0};
	struct piece *last = NULL;
	struct span before = {0};
	uint64_t rows = 0;
	for (size_t i = 0; i < n; i++) {
		struct piece *p = &pieces[i];
		p->next = p->model.side[kind];
		p->end = p->model.side[kind + 1];
		if (p->next < p->end) {
			p->id = packed_id(&p->model.ids, p->next);
			heap.at[heap.n++] = p;
		}
	}
	for (size_t i = heap.n; i-- > 0;)
		sift_down(&heap, i);
	while (heap.n) {
		struct piece *p = heap.at[0];
		int order = last ? span_compare(before, p->id) : -1;
		char shown[QUOTED_SIZE];
		if (order >= 0 && last == p)
			die(STATUS_DATA, "%s: its %s rows are not in the order of their ids", p->model.file->name,
			    MODEL_KIND_NAMES[kind]);
		if (order == 0)
			die(STATUS_DATA, "%s: the %s %s is in %s, too", p->model.file->name, MODEL_KIND_NAMES[kind],
			    quoted(p->id.at, p->id.n, shown), last->model.file->name);
		write_next(p, kind, out);
		rows++;
		before = p->id;
		last = p;
		if (p->next < p->end)
			p->id = packed_id(&p->model.ids, p->next);
		else
			heap.at[0] = heap.at[--heap.n];
		sift_down(&heap, 0);
	}
	free(heap.at);
	return rows;
}

static void check_columns(const struct piece *p, const struct piece *first)
{
	if (!span_equal(p->model.header, first->model.header))
		die(STATUS_DATA, "%s: other columns than %s", p->model.file->name, first->model.file->name);
}

uint64_t merge_models(const struct merging *m, struct output *out)
{
	struct piece *pieces = memory_zero(m->n, sizeof *pieces), meta = {0};
	check_set(m->set);
	for (size_t i = 0; i < m->n; i++) {
		open_piece(&pieces[i], m->files[i]);
		check_columns(&pieces[i], &pieces[0]);
	}
	if (m->meta) {
		open_piece(&meta, m->meta);
		check_columns(&meta, &pieces[0]);
	}
	model_write_header(out, pieces[0].model.factors);
	output_flush(out);
	const struct packed_model *whose = m->meta ? &meta.model : meta_of(pieces, m->n);
	check_names(whose, m->set);
	uint64_t rows = write_meta(whose, m->set, out);
	for (int kind = MODEL_ITEM_FEATURE; kind < MODEL_KINDS; kind++)
		rows += merge_kind(pieces, m->n, (enum model_kind)kind, out);
	for (size_t i = 0; i < m->n; i++)
		input_close(pieces[i].in);
	if (meta.in)
		input_close(meta.in);
	free(pieces);
	return rows;
}
