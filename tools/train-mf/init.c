/* A training that starts from an earlier model. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "learning/loss.h"
#include "frame/sides.h"
#include "training.h"

/* What is kept is shown beside what is fitted: their scores must be of one kind. */
static void check_old(struct training *t)
{
	const struct options *o = t->options;
	const struct strmap *metas = t->init->side[MODEL_META].ids;
	struct fitting *old = &t->old;
	old->loss = LOSSES;
	for (uint32_t i = 0; i < strmap_count(metas); i++)
		fitting_read_meta(old, strmap_key(metas, i), shown_input(o->init));
	if (old->loss < LOSSES && old->loss != o->fit.loss)
		usage_error("--keep-old: the model %s was fitted with --loss \"%s\", not %s: their "
			    "scores do not compare", shown_input(o->init), LOSS_NAMES[old->loss],
			    LOSS_NAMES[o->fit.loss]);
	if (old->normalize != ANSWER_NONE && (o->user_features || o->item_features) &&
	    (old->normalize == ANSWER_NO) != o->no_normalize)
		usage_error("--keep-old: the model %s was fitted %s --no-normalize", shown_input(o->init),
			    o->no_normalize ? "without" : "with");
}

void init_open(struct training *t)
{
	struct table *table = option_table("init", t->options->init);
	t->init = model_read(table);
	t->old = fitting_new();
	table_close(table);
	uint32_t factors = t->init->factors;
	if (option_given("factors") && factors != t->factors) {
		model_free(t->init);
		usage_error("--factors %u: the model %s has %u", t->factors,
			    shown_input(t->options->init), factors);
	}
	t->factors = factors;
	if (t->options->keep_old)
		check_old(t);
}

static const float *row_of(const struct model *m, const struct model_side *side, struct span id,
			   float *bias)
{
	uint32_t number = side->ids ? strmap_find(side->ids, id) : STRMAP_NONE;
	if (number == STRMAP_NONE)
		return NULL;
	*bias = side->bias[number];
	return side->factors + (size_t)number * m->stride;
}

/* Gives the rows of one side the numbers they have in the model: features, and
 * identities such that the representations come out as in the model. Rows that
 * are not in it keep their start. Returns how many entities were found. */
static uint32_t take_numbers(struct side *s, const struct model *m)
{
	struct params *p = &s->params;
	const struct side_ids *ids = s->ids;
	const struct features *f = s->features;
	uint32_t found = 0;
	float bias, *others = memory_aligned(p->stride, sizeof *others);
	for (uint32_t i = 0; f && i < f->n; i++) {
		const float *row = row_of(m, &m->side[side_feature_kind(s)], features_name(f, i), &bias);
		if (!row)
			continue;
		memcpy(params_row(p, f->first + i), row, p->stride * sizeof *row);
		*params_bias(p, f->first + i) = bias;
	}
	for (uint32_t e = 0; e < ids->n; e++) {
		const float *row = row_of(m, &m->side[s->kind], side_id(ids, e), &bias);
		found += row != NULL;
		if (!row || (f && !f->first))
			continue;
		float share = 1, rest = 0;
		memset(others, 0, p->stride * sizeof *others);
		if (f) { /* the identity comes first in its list */
			uint64_t at = f->start[e];
			share = f->weight[at];
			rest = features_compose(p, f->row + at + 1, f->weight + at + 1,
						f->start[e + 1] - at - 1, others);
		}
		for (uint32_t k = 0; k < p->factors; k++)
			params_row(p, e)[k] = (row[k] - others[k]) / share;
		*params_bias(p, e) = (bias - rest) / share;
	}
	free(others);
	return found;
}

/* Finds what the model has and the rows do not; it is kept, or counted. */
static void find_old(struct training *t, struct side *s)
{
	s->kept_features = kept_features(t->init, side_feature_kind(s), s->features);
	s->kept = kept_entities(t->init, s->kind, s->ids, s->features, &s->params,
				training_of_cosines(t));
}

static void say_old(const struct training *t)
{
	uint32_t users = t->users.kept.n, items = t->items.kept.n;
	uint32_t features = t->users.kept_features.n + t->items.kept_features.n;
	if (t->options->keep_old)
		note("%u users, %u items and %u features of %s have no fitted rows and are kept",
		     users, items, features, shown_input(t->options->init));
	else if (users || items || features)
		warn("%u users, %u items and %u features of %s have no fitted rows and are not in "
		     "the new model; --keep-old keeps them", users, items, features,
		     shown_input(t->options->init));
}

static void forget_old(struct side *s)
{
	kept_free(&s->kept);
	kept_free(&s->kept_features);
}

void init_apply(struct training *t)
{
	uint32_t old_users = take_numbers(&t->users, t->init), old_items = take_numbers(&t->items, t->init);
	note("%u of %u users and %u of %u items start from the model", old_users, t->users.ids->n,
	     old_items, t->items.ids->n);
	find_old(t, &t->items);
	find_old(t, &t->users);
	say_old(t);
	if (t->options->keep_old)
		return;
	forget_old(&t->users);
	forget_old(&t->items);
	model_free(t->init);
	t->init = NULL;
}
