#include "recommend.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"

static bool may_pick(const struct recommend *r, const struct list *l, uint32_t i, struct span played)
{
	if (span_equal(l->items[i], played))
		return false;
	return l->checked ? l->allowed[i] : sampler_can_offer(r->sampler, l->items[i]);
}

static bool has_other(const struct recommend *r, const struct list *l, struct span played)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (may_pick(r, l, i, played))
			return true;
	return false;
}

/* The items' shares, not yet divided by their sum, which is returned; those that may not
 * be offered or were just played have 0, and so have all after the `most`th of the others. */
static double weigh(struct recommend *r, const struct list *l, struct span played, uint32_t most)
{
	double total = 0, top = -INFINITY;
	/* The popular ones have no scores: then any alike. */
	bool scored = l->n > 0 && !isnan(l->scores[0]);
	enum pick how = r->pick == PICK_SOFTMAX && !scored ? PICK_UNIFORM : r->pick;
	r->weights = memory_grow(r->weights, &r->weights_capacity, l->n, sizeof *r->weights);
	for (uint32_t i = 0; i < l->n; i++) {
		r->weights[i] = most > 0 && may_pick(r, l, i, played);
		most -= r->weights[i] > 0;
		if (r->weights[i] > 0 && how == PICK_SOFTMAX)
			top = fmax(top, l->scores[i]);
	}
	for (uint32_t i = 0; i < l->n; i++) {
		if (how == PICK_RANK)
			r->weights[i] /= i + 1;
		else if (how == PICK_SOFTMAX && r->weights[i] > 0)
			r->weights[i] = exp((l->scores[i] - top) / r->temperature);
		total += r->weights[i];
	}
	return total;
}

/* Picks one of the first `most` that may be picked. False: there is none. */
static bool pick(struct recommend *r, const struct list *l, struct span played, uint32_t most,
		 struct random *random, struct answer *a)
{
	double total = weigh(r, l, played, most);
	if (!(total > 0))
		return false;
	double left = random_share(random) * total;
	for (uint32_t i = 0; i < l->n; i++) {
		double w = r->weights[i];
		if (!(w > 0))
			continue;
		/* Rounding may leave a crumb: then it is the last one. */
		*a = (struct answer){.item = l->items[i], .rank = i + 1, .probability = w / total};
		if ((left -= w) < 0)
			break;
	}
	return true;
}

/* The user's list, into r->list; false, and why: there is none to be used. */
static bool find_list(struct recommend *r, const struct request *q, enum recommender who, const char **why)
{
	bool challenger = who == CHALLENGER && r->challenger, delta_only = who == DELTA;
	if (challenger) {
		*why = r->challenger_stale ? "stale" : "no-list";
		return !r->challenger_stale && file_lists_find(r->challenger, q->user, &r->list);
	}
	*why = q->unreachable ? "redis" : r->stale ? "stale" : delta_only ? "no-delta" : "no-list";
	if (q->unreachable || r->stale || (delta_only && !q->delta))
		return false;
	if (r->file)
		return file_lists_find(r->file, q->user, &r->list);
	list_clear(&r->list);
	if (q->reply && q->reply->type == REDIS_REPLY_STRING)
		list_split(&r->list, q->reply->str, q->reply->len);
	for (size_t i = 0; q->reply && q->reply->type == REDIS_REPLY_ARRAY && i < q->reply->elements; i++)
		list_add(&r->list, (struct span){q->reply->element[i]->str, q->reply->element[i]->len},
			 NAN, true);
	return r->list.n > 0;
}

/* The best neighbors of the session's tracks, into r->list; false, and why: there are none to be used. */
static bool find_session(struct recommend *r, const struct request *q, const char **why)
{
	bool any = false, liked = false; /* some track has neighbors; one of them was not skipped */
	double decayed = 1;
	session_scores_clear(&r->scores);
	for (uint32_t back = 0; back < q->recents; back++, decayed *= r->decay) {
		session_scores_exclude(&r->scores, q->recent[back].track);
		if (!neighbors_find(&r->neighbors, q, back, 0, &r->list, why))
			continue;
		double amount = session_amount(q->recent[back].share, r->skipped);
		any = true;
		liked |= amount > 0;
		session_scores_add(&r->scores, &r->list, decayed * amount);
	}
	if (!any)
		return false;
	session_scores_best(&r->scores, r->nearest, &r->list);
	return liked || r->list.n > 0;
}

/* The place of the item that comes after the track just played in r->list, or what is at its end;
 * false: the track is not in the list. */
static bool find_next(const struct recommend *r, const struct request *q, uint32_t *place)
{
	const struct list *l = &r->list;
	uint32_t i = 0;
	while (i < l->n && !span_equal(l->items[i], q->track))
		i++;
	if (i == l->n)
		return false;
	while (++i < l->n && !may_pick(r, l, i, q->track))
		;
	*place = i;
	return true;
}

/* SEQUENTIAL's answer. */
static bool continue_list(struct recommend *r, const struct request *q, struct answer *a, const char **why)
{
	uint32_t place;
	if (!find_list(r, q, SEQUENTIAL, why))
		return false;
	*why = "not-in-list";
	if (!find_next(r, q, &place))
		return false;
	*why = "no-other-item";
	if (place == r->list.n)
		return false;
	*a = (struct answer){.item = r->list.items[place], .rank = place + 1, .probability = 1};
	return true;
}

/* What a recommender picks from, any of the first `most` that may be picked; NULL, and why: nothing. */
static const struct list *find_candidates(struct recommend *r, enum recommender who, const struct request *q,
					  uint32_t *most, const char **why)
{
	bool found;
	*most = UINT32_MAX;
	switch (who) {
	case POPULAR:
		*why = "no-popular";
		return &r->sampler->popular;
	case CONTEXTUAL:
		*most = r->nearest;
		found = neighbors_find(&r->neighbors, q, 0, r->nearest, &r->list, why);
		break;
	case SESSION:
		*most = r->nearest;
		found = find_session(r, q, why);
		break;
	default:
		found = find_list(r, q, who, why);
		break;
	}
	if (!found)
		return NULL;
	*why = "no-other-item";
	return &r->list;
}

static bool ask(struct recommend *r, enum recommender who, const struct request *q,
		struct random *random, struct answer *a, const char **why)
{
	switch (who) {
	case RANDOM:
		a->probability = sampler_draw(r->sampler, q->track, random, &a->item);
		return true;
	case SEQUENTIAL:
		return continue_list(r, q, a, why);
	case STICKY_ARTIST: {
		uint32_t others = sampler_others_by_artist(r->sampler, q->track);
		*why = "no-artist";
		if (others == 0)
			return false;
		*a = (struct answer){.item = sampler_draw_by_artist(r->sampler, q->track, random),
			.probability = 1.0 / others};
		return true;
	}
	default: {
		uint32_t most;
		const struct list *from = find_candidates(r, who, q, &most, why);
		return from && pick(r, from, q->track, most, random, a);
	}
	}
}

const struct list *recommend_list(struct recommend *r, const struct request *q, const char **why)
{
	struct list *l = &r->list;
	uint32_t most = q->most ? q->most : UINT32_MAX, kept = 0;
	if (!(q->kind == REQUEST_LIST ? find_list(r, q, INDEXED, why)
	      : neighbors_find(&r->neighbors, q, 0, most, l, why)))
		return NULL;
	for (uint32_t i = 0; i < l->n && kept < most; i++)
		if (may_pick(r, l, i, q->track))
			l->items[kept++] = l->items[i];
	l->n = kept;
	return l;
}

/* Whom an answer is put down to: a list that has changed since is a source of its own. */
static enum recommender source_of(enum recommender who, const struct request *q)
{
	return who == INDEXED && q->delta ? DELTA : who;
}

/* Does this one of a chain have an answer? As `ask`, without the draw. */
static bool is_able(struct recommend *r, enum recommender who, const struct request *q)
{
	const char *why;
	struct answer a;
	switch (who) {
	case RANDOM:
		return true;
	case SEQUENTIAL:
		return continue_list(r, q, &a, &why);
	case STICKY_ARTIST:
		return sampler_others_by_artist(r->sampler, q->track) > 0;
	default: {
		uint32_t most;
		const struct list *from = find_candidates(r, who, q, &most, &why);
		return from && has_other(r, from, q->track);
	}
	}
}

/* The chance with which the recommender would have given the item. */
static double chance_of(struct recommend *r, enum recommender who, const struct request *q, struct span item)
{
	const char *why;
	struct answer a;
	uint32_t most;
	if (who == RANDOM)
		return sampler_chance(r->sampler, q->track, item);
	if (who == STICKY_ARTIST)
		return sampler_chance_by_artist(r->sampler, q->track, item);
	if (who == SEQUENTIAL)
		return continue_list(r, q, &a, &why) && span_equal(a.item, item);
	const struct list *l = find_candidates(r, who, q, &most, &why);
	double total = l ? weigh(r, l, q->track, most) : 0, own = 0;
	for (uint32_t i = 0; total > 0 && i < l->n; i++)
		if (r->weights[i] > 0 && span_equal(l->items[i], item))
			own += r->weights[i];
	return own > 0 ? own / total : 0;
}

/* Whose turn it is in this step of the session: number 0 or 1 of the chain. */
static size_t turn_of(const struct recommend *r, const struct request *q)
{
	uint64_t step = hash_mix((uint64_t)q->visit.session) + q->visit.step;
	return hash_mix(hash_row(r->seed, q->user, (struct span){(const char *)&step, sizeof step})) & 1;
}

/* The answer of the team whose turn it is; its chance is the mean of both teams'. False: one of them
 * has none. */
static bool take_turn(struct recommend *r, const struct request *q, const struct chain *c,
		      struct random *random, struct answer *a)
{
	const char *why;
	size_t turn = turn_of(r, q);
	if (!is_able(r, c->of[0], q) || !is_able(r, c->of[1], q))
		return false;
	ask(r, c->of[turn], q, random, a, &why);
	a->probability = (a->probability + chance_of(r, c->of[!turn], q, a->item)) / 2;
	a->source = source_of(c->of[turn], q);
	a->team = RECOMMENDER_NAMES[c->of[turn]];
	return true;
}

/* The answer of a bandit's arm, drawn among those that have one; its chance is the sum over these arms.
 * False: none has. */
static bool take_arm(struct recommend *r, const struct request *q, const struct chain *c,
		     struct random *random, struct answer *a)
{
	const struct bandit *bandit = bandits_chances(r->bandits, c->bandit);
	double chance[RECOMMENDERS + 1], total = 0;
	const char *why;
	size_t drawn = c->arms, able = 0;
	for (size_t k = 0; k < c->arms; k++) {
		bool answers = is_able(r, c->of[k], q);
		chance[k] = answers ? bandit->arms[k].chance : 0;
		able += answers;
		total += chance[k];
	}
	if (!(total > 0))
		return false;
	double left = random_share(random) * total;
	for (size_t k = 0; k < c->arms; k++) {
		if (!(chance[k] > 0))
			continue;
		drawn = k; /* rounding may leave a crumb: then it is the last one */
		if ((left -= chance[k]) < 0)
			break;
	}
	ask(r, c->of[drawn], q, random, a, &why);
	double sum = chance[drawn] * a->probability;
	for (size_t k = 0; k < c->arms; k++)
		if (k != drawn && chance[k] > 0)
			sum += chance[k] * chance_of(r, c->of[k], q, a->item);
	a->probability = sum / total;
	a->source = source_of(c->of[drawn], q);
	a->arm = able == c->arms ? drawn + 1 : 0;
	return true;
}

struct answer recommend(struct recommend *r, const struct request *q, const struct chain *c,
			uint64_t nth)
{
	struct random random = random_start(hash_row(r->seed, q->user, (struct span){NULL, 0}), nth);
	struct answer a = {.why = NULL};
	const char *first = NULL, *why = NULL;
	size_t i = 0;
	if (c->interleaved && take_turn(r, q, c, &random, &a))
		return a;
	if (c->arms && take_arm(r, q, c, &random, &a))
		return a;
	while (!ask(r, c->of[i], q, &random, &a, &why))
		if (i++ == 0)
			first = why;
	a.source = source_of(c->of[i], q);
	a.why = first;
	return a;
}

/* Whom the chain's answer would come from; RECOMMENDERS and above: from one of several. */
static size_t would_answer(struct recommend *r, const struct request *q, const struct chain *c)
{
	if (c->interleaved && is_able(r, c->of[0], q) && is_able(r, c->of[1], q))
		return RECOMMENDERS;
	size_t able = 0;
	for (size_t k = 0; k < c->arms; k++)
		able += is_able(r, c->of[k], q);
	if (able > 1)
		return RECOMMENDERS + 1 + c->bandit;
	for (size_t i = 0; i < c->n; i++)
		if (is_able(r, c->of[i], q))
			return source_of(c->of[i], q);
	return RANDOM;
}

bool recommend_arms_differ(struct recommend *r, const struct request *q, const struct chain *arms,
			   size_t n, const struct chain *usual)
{
	size_t first = RANDOM;
	for (size_t a = 0; a < n; a++) {
		size_t who = would_answer(r, q, arms[a].n ? &arms[a] : usual);
		if (a == 0)
			first = who;
		if (who != first)
			return true;
	}
	return false;
}

void recommend_free(struct recommend *r)
{
	list_free(&r->list);
	session_scores_free(&r->scores);
	free(r->weights);
	r->weights = NULL;
}
