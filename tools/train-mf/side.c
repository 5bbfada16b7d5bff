#include "side.h"

#include <math.h>

#include "base/error.h"
#include "cosine.h"

static void read_features(struct side *s, bool identity, bool normalize)
{
	if (!s->file.table)
		return;
	s->features = features_read(&s->file, s->ids, identity, normalize);
	if (s->features->empty)
		warn("%u fitted %ss have no feature at all: they score 0", s->features->empty,
		     MODEL_KIND_NAMES[s->kind]);
}

void side_start(struct side *s, const struct options *o, uint32_t factors, bool identity)
{
	read_features(s, identity, !o->no_normalize);
	const struct features *f = s->features;
	bool ials = o->fit.loss == LOSS_IALS, adadelta = o->fit.optimizer == ADADELTA;
	if (o->fit.loss == LOSS_SVD) {
		s->params = params_new(s->ids->n, factors, 0, 0);
		return;
	}
	double scale = o->fit.init_scale / (ials ? sqrt(factors) : (double)factors);
	size_t states = ials ? 0 : adadelta ? 2 : 1;
	s->params = params_new(features_rows(f, s->ids), factors, states, adadelta ? 0 : 1);
	for (uint32_t r = 0; r < (f ? f->first : s->ids->n); r++)
		params_draw(&s->params, r, side_id(s->ids, r), MODEL_KIND_NAMES[s->kind],
			    o->common.seed, scale);
	for (uint32_t r = 0; f && r < f->n; r++)
		params_draw(&s->params, f->first + r, features_name(f, r),
			    MODEL_KIND_NAMES[side_feature_kind(s)], o->common.seed, scale);
	if (loss_of_cosines((enum loss)o->fit.loss))
		cosine_unit_rows(&s->params);
	if (f)
		s->sums = params_new(s->ids->n, factors, 0, 0);
}

void side_make_cosines(struct side *s)
{
	cosine_no_biases(&s->params);
	if (!s->features)
		cosine_unit_rows(&s->params);
}

void side_compose(struct side *s, bool cosines)
{
	if (s->features)
		features_compose_all(s->features, &s->params, &s->sums);
	if (cosines)
		cosine_unit_rows(&s->sums); /* of no rows without features */
}

void side_free(struct side *s)
{
	params_free(&s->params);
	params_free(&s->sums);
	features_free(s->features);
	kept_free(&s->kept);
	kept_free(&s->kept_features);
}
