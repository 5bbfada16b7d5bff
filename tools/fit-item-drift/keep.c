#include "keep.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "streams/output.h"

/* ---- writing ---- */

struct writer {
	struct output *out;
	uint64_t rows;
};

static void save_value(struct writer *w, const char *kind, struct span id, uint64_t number,
		       double value)
{
	struct output *out = w->out;
	output_text(out, kind);
	output_tab(out);
	output_span(out, id);
	output_tab(out);
	output_u64(out, number);
	output_tab(out);
	output_double(out, value);
	output_end_row(out);
	w->rows++;
}

static void save_items(struct writer *w, const struct ratings *r, const struct fit *f)
{
	for (uint32_t i = 0; i < r->items; i++) {
		uint32_t width = form_item_width(f->form);
		for (uint32_t k = 0; k < width; k++)
			save_value(w, "item", strmap_key(r->item_ids, i), k,
				   f->item[(size_t)i * width + k]);
		if (!isinf(r->first[i]))
			save_value(w, "first", strmap_key(r->item_ids, i), 0, r->first[i]);
		if (f->form->shape == SHAPE_STEP)
			save_value(w, "step", strmap_key(r->item_ids, i), 0, f->step[i]);
	}
}

static void save_users(struct writer *w, const struct ratings *r, const struct fit *f)
{
	for (uint32_t u = 0; u < r->users; u++) {
		uint32_t width = form_user_width(f->form);
		for (uint32_t k = 0; k < width; k++)
			save_value(w, "user", strmap_key(r->user_ids, u), k,
				   f->user[(size_t)u * width + k]);
		if (f->form->shape == SHAPE_USER_DRIFT)
			save_value(w, "time", strmap_key(r->user_ids, u), 0, r->mean_time[u]);
	}
}

void keep_save(const struct ratings *r, const struct fit *f, const char *path)
{
	struct writer w = {.out = output_open(path, false)};
	output_text(w.out, "kind\tid\tnumber\tvalue");
	output_end_row(w.out);
	save_value(&w, "form", span_of(f->form->name), 0, 0);
	save_value(&w, "meta", span_of("mu"), 0, f->mu);
	save_value(&w, "meta", span_of("begin"), 0, r->begin);
	save_value(&w, "meta", span_of("end"), 0, r->end);
	for (uint32_t k = 0; f->form->owner == OWNER_ALL && k < f->form->size; k++)
		save_value(&w, "all", span_of("all"), k, f->extra[k]);
	save_items(&w, r, f);
	save_users(&w, r, f);
	for (uint32_t d = 0; f->form->owner == OWNER_DAY && d < r->days; d++)
		save_value(&w, "day", strmap_key(r->user_ids, (uint32_t)(r->day[d] >> 32)),
			   r->day[d] & UINT32_MAX, f->extra[d]);
	save_value(&w, "end", span_of("rows"), w.rows, 0);
	output_close(w.out);
}

/* ---- reading ---- */

enum kind { FORM, META, ALL, ITEM, FIRST, STEP, USER, TIME, DAY, END, KINDS };

static const char *const KIND_NAMES[KINDS] = {"form", "meta", "all", "item", "first", "step",
	"user", "time", "day", "end"};

struct kept {
	uint32_t owner; /* item or user */
	uint64_t number;
	double value;
	enum kind kind;
};

struct reader {
	struct table *table;
	size_t kind, id, number, value;
	struct ratings *r;
	struct fit *fit;
	struct kept *kept;
	size_t n, capacity, days;
	uint64_t rows;   /* above the current one */
	unsigned metas;  /* bits: mu, begin, end */
	bool ended;
};

_Noreturn static void refuse(const struct reader *k)
{
	table_fail(k->table, "not a form written by --save");
}

static enum kind kind_of(const struct reader *k)
{
	for (enum kind kind = FORM; kind < KINDS; kind++)
		if (span_equal(table_field(k->table, k->kind), span_of(KIND_NAMES[kind])))
			return kind;
	refuse(k);
}

static void read_meta(struct reader *k, struct span name, double value)
{
	static const char *const NAMES[] = {"mu", "begin", "end"};
	double *to[] = {&k->fit->mu, &k->r->begin, &k->r->end};
	for (unsigned i = 0; i < 3; i++) {
		if (!span_equal(name, span_of(NAMES[i])) || (k->metas >> i & 1))
			continue;
		*to[i] = value;
		k->metas |= 1u << i;
		return;
	}
	refuse(k);
}

/* How many parameters of this kind an owner may have. */
static uint64_t numbers_of(const struct form *f, enum kind kind)
{
	switch (kind) {
	case ALL:
		return f->owner == OWNER_ALL ? f->size : 0;
	case ITEM:
		return form_item_width(f);
	case USER:
		return form_user_width(f);
	case DAY:
		return f->owner == OWNER_DAY ? UINT32_MAX : 0;
	default:
		return 1;
	}
}

static void read_parameter(struct reader *k, struct kept x, struct span name)
{
	bool of_item = x.kind == ITEM || x.kind == FIRST || x.kind == STEP;
	if (x.number >= numbers_of(k->fit->form, x.kind))
		table_fail(k->table, "a parameter that the form does not have");
	if (x.kind != ALL)
		x.owner = strmap_add(of_item ? k->r->item_ids : k->r->user_ids, name);
	k->days += x.kind == DAY;
	k->kept = memory_grow(k->kept, &k->capacity, k->n + 1, sizeof *k->kept);
	k->kept[k->n++] = x;
}

static void read_row(struct reader *k)
{
	struct span name = table_field(k->table, k->id);
	struct kept x = {.kind = kind_of(k)};
	if (k->ended || (x.kind == FORM) != !k->fit->form)
		refuse(k);
	table_u64(k->table, k->number, &x.number);
	table_double(k->table, k->value, &x.value);
	if (x.kind == FORM && !(k->fit->form = form_called(name)))
		table_fail(k->table, "a form unknown to this version");
	else if (x.kind == META)
		read_meta(k, name, x.value);
	else if (x.kind == END && x.number != k->rows)
		table_fail(k->table, "the saved form has missing or extra rows");
	else if (x.kind != FORM && x.kind != END)
		read_parameter(k, x, name);
	k->ended = x.kind == END;
	k->rows++;
}

static int by_day(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;
	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static void make_room(struct reader *k)
{
	struct ratings *r = k->r;
	struct fit *f = k->fit;
	r->users = strmap_count(r->user_ids);
	r->items = strmap_count(r->item_ids);
	f->user = memory_zero((size_t)r->users * form_user_width(f->form) + 1, sizeof *f->user);
	f->item = memory_zero((size_t)r->items * form_item_width(f->form) + 1, sizeof *f->item);
	f->extra = memory_zero(k->days + FORM_SIZE_MAX, sizeof *f->extra);
	f->step = memory_zero((size_t)r->items + 1, sizeof *f->step);
	r->first = memory_new((size_t)r->items + 1, sizeof *r->first);
	r->mean_time = memory_zero((size_t)r->users + 1, sizeof *r->mean_time);
	r->day = memory_new(k->days + 1, sizeof *r->day);
	for (uint32_t i = 0; i < r->items; i++)
		r->first[i] = INFINITY;
}

static void place(struct ratings *r, struct fit *f, const struct kept *k)
{
	switch (k->kind) {
	case ALL:
		f->extra[k->number] = k->value;
		break;
	case ITEM:
		f->item[(size_t)k->owner * form_item_width(f->form) + k->number] = k->value;
		break;
	case FIRST:
		r->first[k->owner] = k->value;
		break;
	case STEP:
		f->step[k->owner] = k->value;
		break;
	case USER:
		f->user[(size_t)k->owner * form_user_width(f->form) + k->number] = k->value;
		break;
	case TIME:
		r->mean_time[k->owner] = k->value;
		break;
	case DAY:
		f->extra[r->days] = k->value;
		r->day[r->days++] = (uint64_t)k->owner << 32 | k->number;
		break;
	default:
		break;
	}
}

struct fit *keep_load(struct table *t, struct ratings *r)
{
	struct reader k = {.table = t, .r = r, .fit = memory_zero(1, sizeof *k.fit)};
	k.kind = table_column(t, column_called("kind"));
	k.id = table_column(t, column_called("id"));
	k.number = table_column(t, column_called("number"));
	k.value = table_column(t, column_called("value"));
	r->user_ids = strmap_new();
	r->item_ids = strmap_new();
	while (table_next(t))
		read_row(&k);
	if (!k.ended || k.metas != 7)
		table_fail(t, "the saved form is truncated");
	make_room(&k);
	if (k.days)
		qsort(k.kept, k.n, sizeof *k.kept, by_day);
	for (size_t i = 0; i < k.n; i++)
		place(r, k.fit, &k.kept[i]);
	free(k.kept);
	return k.fit;
}
