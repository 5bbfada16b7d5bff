/* The model as rows. */
#include <stdlib.h>

#include "base/memory.h"
#include "learning/fitting.h"
#include "cosine.h"
#include "training.h"

/* A row to be written: its id, and where its numbers are. */
struct listed {
	struct span id;
	uint32_t at;
	enum { FITTED, COLD, KEPT } is;
};

static int by_id(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	return span_compare(x->id, y->id);
}

static void write_kept(struct output *out, enum model_kind kind, const struct kept *k, uint32_t row,
		       const struct params *p)
{
	model_write_row(out, kind, strmap_key(k->side->ids, row), k->side->bias[row],
			k->side->factors + row * p->stride, p->factors);
}

/* Adds what is kept to the list of n rows, and brings all in the order of their ids. */
static uint32_t add_kept(struct listed *list, uint32_t n, const struct kept *k)
{
	for (uint32_t i = 0; i < k->n; i++)
		list[n++] = (struct listed){strmap_key(k->side->ids, k->row[i]), k->row[i], KEPT};
	if (n)
		qsort(list, n, sizeof *list, by_id);
	return n;
}

/* Fitted entities, those that have features alone, and those that are kept, in the
 * order of their ids; returns how many rows it wrote. */
static uint64_t write_side(struct output *out, enum model_kind kind, const struct side_ids *ids,
			   const struct params *sums, const struct features *f,
			   const struct params *p, const struct kept *kept, bool cosines)
{
	uint32_t cold = f ? f->cold : 0, n = 0;
	struct listed *list = memory_new((size_t)ids->n + cold + kept->n, sizeof *list);
	float *factors = memory_aligned(p->stride, sizeof *factors);
	uint32_t *order = problem_by_id(ids);
	for (; n < ids->n; n++)
		list[n] = (struct listed){problem_id(ids, order[n]), order[n], FITTED};
	for (uint32_t r = 0; r < cold; r++)
		if (!f->cold_kept[r])
			list[n++] = (struct listed){strmap_key(f->cold_ids, r), r, COLD};
	if (cold || kept->n)
		n = add_kept(list, n, kept);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t r = list[i].at;
		if (list[i].is == KEPT) {
			write_kept(out, kind, kept, r, p);
			continue;
		}
		if (list[i].is == FITTED) {
			model_write_row(out, kind, list[i].id, *params_bias(sums, r),
					params_row(sums, r), sums->factors);
			continue;
		}
		float bias = features_compose(p, f->cold_row + f->cold_start[r],
					      f->cold_weight + f->cold_start[r],
					      f->cold_start[r + 1] - f->cold_start[r], factors);
		if (cosines)
			cosine_unit(factors, p->stride);
		model_write_row(out, kind, list[i].id, bias, factors, p->factors);
	}
	free(order);
	free(list);
	free(factors);
	return n;
}

/* Features that were fitted and those that are kept, in the order of their names. */
static uint64_t write_features(struct output *out, enum model_kind kind, const struct features *f,
			       const struct params *p, const struct kept *kept)
{
	uint32_t n = 0, fitted = f ? f->n : 0;
	struct listed *list = memory_new((size_t)fitted + kept->n, sizeof *list);
	for (; n < fitted; n++)
		list[n] = (struct listed){features_name(f, n), f->first + n, FITTED};
	if (kept->n)
		n = add_kept(list, n, kept);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t r = list[i].at;
		if (list[i].is == KEPT)
			write_kept(out, kind, kept, r, p);
		else
			model_write_row(out, kind, list[i].id, *params_bias(p, r),
					params_row(p, r), p->factors);
	}
	free(list);
	return n;
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
	fit.rows = t->problem->rows;
	fit.seed = o->common.seed;
	fit.epoch = t->state.best_epoch;
	struct fitting_meta row;
	size_t at = 0;
	uint64_t rows = 0;
	for (; fitting_next_meta(&fit, &at, &row); rows++)
		model_write_meta(out, t->items.factors, row.name, row.value);
	return rows;
}

/* Returns how many rows it wrote. */
uint64_t write_model(struct training *t, struct output *out)
{
	uint64_t rows = write_meta(t, out);
	compose(t);
	bool cosines = loss_of_cosines((enum loss)t->options->fit.loss);
	rows += write_features(out, MODEL_ITEM_FEATURE, t->item_features, &t->items,
			       &t->kept[MODEL_ITEM_FEATURE]);
	rows += write_side(out, MODEL_ITEM, &t->problem->items, item_rows(t), t->item_features,
			   &t->items, &t->kept[MODEL_ITEM], cosines);
	rows += write_features(out, MODEL_USER_FEATURE, t->user_features, &t->users,
			       &t->kept[MODEL_USER_FEATURE]);
	rows += write_side(out, MODEL_USER, &t->problem->users, user_rows(t), t->user_features,
			   &t->users, &t->kept[MODEL_USER], cosines);
	return rows;
}
