/* The model as rows. */
#include <stdlib.h>

#include "base/memory.h"
#include "learning/loss.h"
#include "cosine.h"
#include "training.h"

/* The model's meta rows: what shaped it and what later work with it needs. */
struct meta {
	struct output *out;
	uint32_t factors;
	uint64_t rows;
};

static void meta_text(struct meta *m, const char *name, const char *value)
{
	model_write_meta(m->out, m->factors, name, value);
	m->rows++;
}

static void meta_u64(struct meta *m, const char *name, uint64_t value)
{
	char text[NUMBER_SIZE + 1];
	text[number_write_u64(value, text)] = '\0';
	meta_text(m, name, text);
}

static void meta_real(struct meta *m, const char *name, double value)
{
	char text[NUMBER_SIZE + 1];
	text[number_write_double(value, text)] = '\0';
	meta_text(m, name, text);
}

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

/* What holds for features: of the options, or for features that are kept of `init`. */
static void meta_feature(struct meta *m, const struct model *init, const char *name, bool own,
			 bool yes)
{
	char *old = init && !own ? model_meta(init, name) : NULL;
	if (own)
		meta_text(m, name, yes ? "yes" : "no");
	else if (old)
		meta_text(m, name, old);
	free(old);
}

static void write_meta(struct meta *m, const struct options *o, const struct model *init,
		       uint64_t rows, uint32_t epoch)
{
	meta_text(m, "loss", LOSS_NAMES[o->loss]);
	if (o->loss == LOSS_IALS) {
		meta_real(m, "unobserved_weight", o->unobserved);
		meta_real(m, "regularization", o->regularisation);
		meta_real(m, "regularization_exponent", o->exponent);
	} else {
		meta_text(m, "optimizer", o->optimiser == ADADELTA ? "adadelta" : "adagrad");
		if (o->optimiser == ADADELTA) {
			meta_real(m, "rho", o->rho);
			meta_real(m, "epsilon", o->epsilon);
		} else {
			meta_real(m, "learning_rate", o->learning_rate);
		}
		meta_real(m, "user_alpha", o->user_alpha);
		meta_real(m, "item_alpha", o->item_alpha);
	}
	if (o->loss == LOSS_WARP || o->loss == LOSS_WARP_KOS)
		meta_u64(m, "max_sampled", (uint64_t)o->max_sampled);
	if (o->loss == LOSS_WARP_KOS) {
		meta_u64(m, "kos_k", (uint64_t)o->kos_k);
		meta_u64(m, "kos_n", (uint64_t)o->kos_n);
	}
	if (loss_of_cosines((enum loss)o->loss))
		meta_u64(m, "negatives", (uint64_t)o->negatives);
	if (o->loss == LOSS_SOFTMAX)
		meta_real(m, "temperature", o->temperature);
	if (o->loss == LOSS_CCL) {
		meta_real(m, "margin", o->margin);
		meta_real(m, "negative_weight", o->negative_weight);
	}
	meta_feature(m, init, "user_identity", o->user_features != NULL, !o->no_user_identity);
	meta_feature(m, init, "item_identity", o->item_features != NULL, !o->no_item_identity);
	meta_feature(m, init, "normalize", o->user_features || o->item_features, !o->no_normalise);
	meta_u64(m, "rows", rows);
	meta_real(m, "init_scale", o->init_scale);
	meta_u64(m, "seed", o->common.seed);
	meta_u64(m, "epoch", epoch);
}

/* Returns how many rows it wrote. */
uint64_t write_model(struct training *t, struct output *out)
{
	struct meta meta = {.out = out, .factors = t->items.factors};
	write_meta(&meta, t->options, t->options->keep_old ? t->init : NULL, t->problem->rows,
		   t->state.best_epoch);
	compose(t);
	uint64_t rows = meta.rows;
	bool cosines = loss_of_cosines((enum loss)t->options->loss);
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
