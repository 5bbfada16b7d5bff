/* The model as rows. */
#include <stdlib.h>

#include "base/memory.h"
#include "data/loss.h"
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
	bool cold;
};

static int by_id(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	return span_compare(x->id, y->id);
}

/* Fitted entities, and those that have features alone, in the order of their
 * ids; returns how many rows it wrote. */
static uint64_t write_side(struct output *out, enum model_kind kind, const struct side_ids *ids,
			   const struct params *sums, const struct features *f,
			   const struct params *p, bool cosines)
{
	uint32_t cold = f ? f->cold : 0, n = 0;
	struct listed *list = memory_new((size_t)ids->n + cold, sizeof *list);
	float *factors = memory_aligned(p->stride, sizeof *factors);
	uint32_t *order = problem_by_id(ids);
	for (; n < ids->n; n++)
		list[n] = (struct listed){problem_id(ids, order[n]), order[n], false};
	for (uint32_t r = 0; r < cold; r++)
		list[n++] = (struct listed){strmap_key(f->cold_ids, r), r, true};
	if (cold)
		qsort(list, n, sizeof *list, by_id);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t r = list[i].at;
		if (!list[i].cold) {
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

static uint64_t write_features(struct output *out, enum model_kind kind, const struct features *f,
			       const struct params *p)
{
	if (!f)
		return 0;
	for (uint32_t i = 0; i < f->n; i++)
		model_write_row(out, kind, features_name(f, i), *params_bias(p, f->first + i),
				params_row(p, f->first + i), p->factors);
	return f->n;
}

static void write_meta(struct meta *m, const struct options *o, uint64_t rows, uint32_t epoch)
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
	if (o->user_features)
		meta_text(m, "user_identity", o->no_user_identity ? "no" : "yes");
	if (o->item_features)
		meta_text(m, "item_identity", o->no_item_identity ? "no" : "yes");
	if (o->user_features || o->item_features)
		meta_text(m, "normalize", o->no_normalise ? "no" : "yes");
	meta_u64(m, "rows", rows);
	meta_real(m, "init_scale", o->init_scale);
	meta_u64(m, "seed", o->common.seed);
	meta_u64(m, "epoch", epoch);
}

/* Returns how many rows it wrote. */
uint64_t write_model(struct training *t, struct output *out)
{
	struct meta meta = {.out = out, .factors = t->items.factors};
	write_meta(&meta, t->options, t->problem->rows, t->state.best_epoch);
	compose(t);
	uint64_t rows = meta.rows;
	bool cosines = loss_of_cosines((enum loss)t->options->loss);
	rows += write_features(out, MODEL_ITEM_FEATURE, t->item_features, &t->items);
	rows += write_side(out, MODEL_ITEM, &t->problem->items, item_rows(t), t->item_features,
			   &t->items, cosines);
	rows += write_features(out, MODEL_USER_FEATURE, t->user_features, &t->users);
	rows += write_side(out, MODEL_USER, &t->problem->users, user_rows(t), t->user_features,
			   &t->users, cosines);
	return rows;
}
