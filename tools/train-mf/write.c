/* The model as rows. */
#include <stdlib.h>

#include "base/memory.h"
#include "learning/fitting.h"
#include "cosine.h"
#include "training.h"

enum origin { FITTED, COLD, KEPT };

/* A row to be written: its id, and where its numbers are. */
struct line {
	struct span id;
	uint32_t at;
	enum origin is;
};

/* The rows of one kind. */
struct lines {
	struct line *at;
	uint32_t n;
};

static int by_id(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	return span_compare(x->id, y->id);
}

static void add_line(struct lines *l, struct span id, uint32_t at, enum origin is)
{
	l->at[l->n++] = (struct line){id, at, is};
}

/* Adds what is kept to the rows, and brings all in the order of their ids. */
static void add_kept(struct lines *l, const struct kept *k)
{
	for (uint32_t i = 0; i < k->n; i++)
		add_line(l, strmap_key(k->side->ids, k->row[i]), k->row[i], KEPT);
	if (l->n)
		qsort(l->at, l->n, sizeof *l->at, by_id);
}

static void write_kept(struct output *out, enum model_kind kind, const struct kept *k, uint32_t row,
		       const struct params *p)
{
	model_write_row(out, kind, strmap_key(k->side->ids, row), k->side->bias[row],
			k->side->factors + row * p->stride, p->factors);
}

static void write_fitted(struct output *out, enum model_kind kind, const struct line *line,
			 const struct params *p)
{
	model_write_row(out, kind, line->id, *params_bias(p, line->at), params_row(p, line->at),
			p->factors);
}

/* The sum of an entity that has features alone; `factors` is memory for it. */
static void write_cold(struct output *out, const struct side *s, const struct line *line,
		       bool cosines, float *factors)
{
	const struct features *f = s->features;
	uint64_t from = f->cold_start[line->at], n = f->cold_start[line->at + 1] - from;
	float bias = features_compose(&s->params, f->cold_row + from, f->cold_weight + from, n,
				      factors);
	if (cosines)
		cosine_unit(factors, s->params.stride);
	model_write_row(out, s->kind, line->id, bias, factors, s->params.factors);
}

/* Fitted entities, those that have features alone, and those that are kept. */
static struct lines list_entities(const struct side *s)
{
	const struct features *f = s->features;
	uint32_t cold = f ? f->cold : 0;
	struct lines l = {memory_new((size_t)s->ids->n + cold + s->kept.n, sizeof *l.at), 0};
	uint32_t *order = side_by_id(s->ids);
	for (uint32_t i = 0; i < s->ids->n; i++)
		add_line(&l, side_id(s->ids, order[i]), order[i], FITTED);
	for (uint32_t r = 0; r < cold; r++)
		if (!f->cold_kept[r])
			add_line(&l, strmap_key(f->cold_ids, r), r, COLD);
	if (cold || s->kept.n)
		add_kept(&l, &s->kept);
	free(order);
	return l;
}

/* All in the order of their ids; returns how many rows it wrote. */
static uint64_t write_entities(struct output *out, const struct side *s, bool cosines)
{
	struct lines l = list_entities(s);
	float *factors = memory_aligned(s->params.stride, sizeof *factors);
	for (uint32_t i = 0; i < l.n; i++) {
		const struct line *line = &l.at[i];
		if (line->is == KEPT)
			write_kept(out, s->kind, &s->kept, line->at, &s->params);
		else if (line->is == FITTED)
			write_fitted(out, s->kind, line, side_rows(s));
		else
			write_cold(out, s, line, cosines, factors);
	}
	free(l.at);
	free(factors);
	return l.n;
}

/* Features that were fitted and those that are kept, in the order of their names. */
static uint64_t write_features(struct output *out, const struct side *s)
{
	const struct features *f = s->features;
	uint32_t fitted = f ? f->n : 0;
	struct lines l = {memory_new((size_t)fitted + s->kept_features.n, sizeof *l.at), 0};
	for (uint32_t i = 0; i < fitted; i++)
		add_line(&l, features_name(f, i), f->first + i, FITTED);
	if (s->kept_features.n)
		add_kept(&l, &s->kept_features);
	for (uint32_t i = 0; i < l.n; i++) {
		if (l.at[i].is == KEPT)
			write_kept(out, side_feature_kind(s), &s->kept_features, l.at[i].at, &s->params);
		else
			write_fitted(out, side_feature_kind(s), &l.at[i], &s->params);
	}
	free(l.at);
	return l.n;
}

/* What holds for features: of the options, or for features that are kept of the model `old`. */
static int answer_of(bool own, bool yes, int old)
{
	return own ? yes ? ANSWER_YES : ANSWER_NO : old;
}

/* Writes what shaped the model and what later work with it needs; returns how many rows. */
static uint64_t write_meta(const struct training *t, struct output *out)
{
	const struct options *o = t->options;
	struct fitting fit = o->fit, old = o->keep_old ? t->old : fitting_new();
	bool users = o->user_features, items = o->item_features;
	fit.user_identity = answer_of(users, !o->no_user_identity, old.user_identity);
	fit.item_identity = answer_of(items, !o->no_item_identity, old.item_identity);
	fit.normalize = answer_of(users || items, !o->no_normalize, old.normalize);
	fit.rows = t->data->rows;
	fit.seed = o->common.seed;
	fit.epoch = t->state.best_epoch;
	struct fitting_meta row;
	size_t at = 0;
	uint64_t rows = 0;
	for (; fitting_next_meta(&fit, &at, &row); rows++)
		model_write_meta(out, t->items.params.factors, row.name, row.value);
	return rows;
}

/* svd: a user is the sum of what its items add, which are its features, as it were. */
static uint64_t write_added(struct output *out, const struct training *t)
{
	uint32_t *order = side_by_id(t->items.ids);
	for (uint32_t i = 0; i < t->added.n; i++)
		model_write_row(out, MODEL_USER_FEATURE, side_id(t->items.ids, order[i]), 0,
				params_row(&t->added, order[i]), t->added.factors);
	free(order);
	return t->added.n;
}

uint64_t write_model(struct training *t, struct output *out)
{
	uint64_t rows = write_meta(t, out);
	bool cosines = training_of_cosines(t);
	struct side *sides[] = {&t->items, &t->users};
	for (int i = 0; i < 2; i++) {
		side_compose(sides[i], cosines);
		rows += sides[i]->kind == MODEL_USER ? write_added(out, t) : 0;
		rows += write_features(out, sides[i]);
		rows += write_entities(out, sides[i], cosines);
	}
	return rows;
}
