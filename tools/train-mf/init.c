/* A training that starts from an earlier model. */
#include <stdlib.h>

#include "base/error.h"
#include "learning/loss.h"
#include "training.h"
#include "warm.h"

/* What is kept is shown beside what is fitted: their scores must be of one kind. */
static void check_old(struct training *t)
{
	const struct options *o = t->options;
	const struct strmap *metas = t->init->side[MODEL_META].ids;
	struct fitting *old = &t->old;
	old->loss = LOSSES;
	for (uint32_t i = 0; i < strmap_count(metas); i++)
		fitting_read_meta(old, strmap_key(metas, i), o->init);
	if (old->loss < LOSSES && old->loss != o->fit.loss)
		usage_error("--keep-old: the model %s was fitted with --loss \"%s\", not %s: their "
			    "scores do not compare", o->init, LOSS_NAMES[old->loss],
			    LOSS_NAMES[o->fit.loss]);
	if (old->normalize != ANSWER_NONE && (o->user_features || o->item_features) &&
	    (old->normalize == ANSWER_NO) != o->no_normalize)
		usage_error("--keep-old: the model %s was fitted %s --no-normalize", o->init,
			    o->no_normalize ? "without" : "with");
}

void init_open(struct training *t)
{
	struct table *table = table_open_file(t->options->init);
	t->init = model_read(table);
	t->old = fitting_new();
	table_close(table);
	uint32_t factors = t->init->factors;
	if (option_given("factors") && factors != t->factors) {
		model_free(t->init);
		usage_error("--factors %u: the model %s has %u", t->factors, t->options->init,
			    factors);
	}
	t->factors = factors;
	if (t->options->keep_old)
		check_old(t);
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
		     users, items, features, t->options->init);
	else if (users || items || features)
		warn("%u users, %u items and %u features of %s have no fitted rows and are not in "
		     "the new model; --keep-old keeps them", users, items, features,
		     t->options->init);
}

static void forget_old(struct side *s)
{
	kept_free(&s->kept);
	kept_free(&s->kept_features);
}

void init_apply(struct training *t)
{
	uint32_t old_users = warm_start(&t->users, t->init), old_items = warm_start(&t->items, t->init);
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
