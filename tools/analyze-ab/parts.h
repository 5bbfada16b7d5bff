/* parts.h - states written and read again, so that a run can be cut into parts. */
#ifndef RECPIPE_ANALYZE_AB_PARTS_H
#define RECPIPE_ANALYZE_AB_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame/options.h"
#include "state.h"
#include "streams/output.h"
#include "streams/table.h"

/* A part is a table: user, day, scope and arm (of rows that are of one arm of an
 * experiment alone), the experiments, the values, and the columns of totals, which
 * are in one more row, whose user is empty. Parts merged are a part again: the rows in
 * the same order, one row of totals, which says of how many parts. */

void part_begin(const struct state *s, bool header, struct output *out);
void part_rows(const struct state *s, size_t from, size_t to, struct span user, struct output *out);
void part_end(const struct state *s, uint64_t rows, struct output *out);

/* What a merge reads of parts. */
struct merge_rules {
	const struct option_list *experiments; /* empty: all; NULL: none */
	const struct option_list *wanted;   /* values (those that are not there are left out); NULL: all */
	bool daily;                         /* parts of days are needed */
	uint64_t parts;                     /* there must be so many; 0: any number */
};

/* Exit 3 unless the table has the columns of a part. */
void parts_check(const struct table *t);

/* Reads what state_of_groups wrote to `parts`, or state_write. Ends with exit 3 when a part
 * is cut, when there is none, or when there are not rules->parts. */
struct state *state_merge(struct table *t, const char *user, const struct merge_rules *rules);

/* Writes a state as one part: those that it was merged from may be forgotten. */
void state_write(struct state *s, bool header, struct output *out);

#endif
