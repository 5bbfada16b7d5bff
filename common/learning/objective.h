/* objective.h - the loss of implicit ALS (train-mf/ials.h has the formula), in pieces.
 *
 * Each row of a side that a half-step has solved for adds its own part: for the items, which are
 * solved for last, weight * (score - 1)^2 of their rows, unobserved * score^2 of all their pairs, and their
 * penalty; what is missing then is the penalty of the users. The parts are summed exactly
 * (data/exactsum.h), so the loss is the same for any number of pieces. As a table, a row for each
 * piece: side, keys, rows, loss, penalty, part_ids, part_settings (recpipe-formats(5)).
 */
#ifndef RECPIPE_LEARNING_OBJECTIVE_H
#define RECPIPE_LEARNING_OBJECTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "data/exactsum.h"
#include "domain/parts.h"
#include "learning/fitting.h"
#include "learning/gram.h"
#include "streams/output.h"
#include "streams/table.h"

/* What the rows of one side add. A zeroed struct is that of none. */
struct objective {
	struct exactsum loss, penalty; /* the loss has the penalty of this side in it */
	uint64_t keys, rows;           /* users or items; their fitted rows */
	bool failed;                   /* one was not finite, and so is the loss */
};

void objective_add(struct objective *o, double loss, double penalty, uint64_t rows);
void objective_merge(struct objective *o, const struct objective *other);

/* The loss after both half-steps, items last, divided by the number of rows; nan where one failed. */
double objective_mean(const struct objective *users, const struct objective *items);

void objective_write_header(struct output *out);

/* A row of the table, which is the sum of `ids`. */
void objective_write(struct output *out, enum gram_side side, const struct objective *o,
		     const struct part_ids *ids, const char *settings);

/* What must be the same in all pieces. The caller frees it. */
char *objective_settings(const struct fitting *f, uint32_t factors);

/* The pieces of both sides. */
struct objective_parts {
	struct objective side[GRAM_SIDES];
	struct part_ids ids[GRAM_SIDES];
	char *settings;                /* NULL: there were no rows */
};

/* Reads such a table to its end; what does not fit together, or is there twice, is bad data (exit 3),
 * and so is a side of which there are not `wanted` pieces (0: any number). */
struct objective_parts objective_read(struct table *t, uint64_t wanted);
void objective_free(struct objective_parts *p);

#endif
