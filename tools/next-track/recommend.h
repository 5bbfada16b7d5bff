/* recommend.h - picks an answer: from a list, the popular ones, the artist's, or any. */
#ifndef RECPIPE_NEXT_TRACK_RECOMMEND_H
#define RECPIPE_NEXT_TRACK_RECOMMEND_H

#include "catalog-sampler.h"
#include "file-lists.h"
#include "neighbors-source.h"
#include "request.h"
#include "rules.h"
#include "session-scores.h"

enum pick { PICK_UNIFORM, PICK_RANK, PICK_SOFTMAX };

struct recommend {
	enum pick pick;
	double temperature;      /* of PICK_SOFTMAX */
	uint64_t seed;
	const struct catalog_sampler *sampler;
	const struct file_lists *file; /* NULL: requests bring their lists along */
	bool stale;              /* the lists are too old to be used */
	const struct file_lists *challenger; /* CHALLENGER's lists, or NULL */
	bool challenger_stale;
	struct neighbors_source neighbors;
	struct bandits *bandits;
	uint32_t nearest;        /* CONTEXTUAL and SESSION pick from so many */
	double decay, skipped;   /* SESSION: of a track one place further back; see session_amount */
	/* scratch */
	struct list list;
	struct session_scores scores;
	double *weights;
	size_t weights_capacity;
};

struct answer {
	struct span item;
	enum recommender source;
	const char *why;         /* of a fallback: why the first of the chain did not answer; NULL: it did */
	uint32_t rank;           /* the place in the list, 0: none */
	double probability;      /* with which this item was drawn */
	size_t arm;              /* of a bandit, + 1, where all of its arms could have answered; else 0 */
	const char *team;        /* of an interleaved chain: who gave it, where both could; NULL: no team */
};

/* The answer of the first recommender of the chain that has one. The draw depends on the
 * seed, the user and `nth`, the number of answers that the user had before. The sampler must
 * have stock.
 *
 * Of an interleaved chain a draw says in each step of a session which team answers: team draft
 * (Radlinski, Kurup and Joachims 2008) for lists of one item. That draw is not tied to the one before,
 * so that in every situation both could have answered. Where a team has no answer there is no team.
 *
 * Of a bandit, an arm that has an answer is drawn by the arms' chances. */
struct answer recommend(struct recommend *r, const struct request *q, const struct chain *c,
			uint64_t nth);

/* The items of the user's list (REQUEST_LIST; of the neighbors of the track, REQUEST_SIMILAR) that may be
 * offered, best first, as far as they are wanted, without the track of the request. NULL, and why: there
 * is no list. Valid until the next call. */
const struct list *recommend_list(struct recommend *r, const struct request *q, const char **why);

/* Would the arms of an experiment answer this request from different sources? False when
 * the arm does not matter: then the user tells nothing about what the arms do. */
bool recommend_arms_differ(struct recommend *r, const struct request *q, const struct chain *arms,
			   size_t n, const struct chain *usual);

void recommend_free(struct recommend *r);

#endif
