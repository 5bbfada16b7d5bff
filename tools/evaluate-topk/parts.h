/* parts.h - evaluations written as a table, and such tables added up.
 *
 * A part has a row for each item that a list had (the best rank, and for each gini how many
 * lists had it), one for each mean over users (their number, and the exact sums of values and
 * squares), and one more, which says what was measured on what, and has a hash of the part's
 * users, so that a part that is there twice is seen. Parts that are added up are a part again.
 */
#ifndef RECPIPE_EVALUATE_TOPK_PARTS_H
#define RECPIPE_EVALUATE_TOPK_PARTS_H

#include "evaluation.h"

/* What makes parts fit together: the split, the targets, the number of users with test rows and of
 * items, a hash of the dataset, the measures. The caller frees it. */
char *part_settings(const struct evaluation *e);

/* Adds a user to the hash of the part at hand. */
void part_user(struct evaluation *e, struct span user);

/* Writes the evaluation as one part. Returns the number of rows. */
uint64_t part_write(const struct evaluation *e, bool header, struct output *out);

/* Exit 3 unless the table has the columns of a part; the caller may read nothing of it before. */
struct part_reader *parts_open(struct table *t);

/* Adds up what the parts say, into an empty evaluation. Exit 3 when one is truncated, does not fit the
 * others, or when there is none, or there are not `wanted` (0: any number). */
void parts_read(struct part_reader *r, struct evaluation *e, uint64_t wanted);
void parts_free(struct part_reader *r);

#endif
