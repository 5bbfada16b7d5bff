/* scorer.h - the score of a user and an item, by a model or by neighbors of a history. */
#ifndef RECPIPE_SCORE_PAIRS_SCORER_H
#define RECPIPE_SCORE_PAIRS_SCORER_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/aging.h"
#include "domain/history.h"
#include "domain/model.h"
#include "domain/neighbors.h"

enum scored { SCORED, USER_UNKNOWN, ITEM_UNKNOWN, SCORE_OVERFLOWS };

/* ---- by a model ---- */

/* dot(user factors, item factors) + user bias + item bias, summed in double precision in the
 * order of the factors, so that it is the same on every machine. */
enum scored model_score(const struct model *m, struct span user, struct span item, float *score);

/* ---- by neighbors ---- */

struct past {
	uint32_t item;           /* of the neighbors */
	double amount;
};

struct histories {
	struct neighbors *neighbors; /* those of an item sorted by number */
	struct strmap *users;
	uint64_t *start;         /* user -> its rows; users + 1 */
	struct past *past;       /* rows that count, in the order in which they are added up */
	uint64_t unknown;        /* rows whose item the neighbors do not have */
};

/* Takes both over; `seed` orders rows of equal time. */
struct histories histories_new(struct neighbors *neighbors, struct history *history,
			       const struct aging *aging, uint64_t seed);
void histories_free(struct histories *h);

/* The sum over the user's rows of what the row counts times the weight from its item to
 * `item`, as recommend-items has it. A user without a row whose item has neighbors is unknown. */
enum scored history_score(const struct histories *h, struct span user, struct span item, float *score);

#endif
