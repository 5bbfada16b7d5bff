/* state.h - how states are made and written; for state.c and parts.c. */
#ifndef STATE_H
#define STATE_H

#include "analyze.h"

/* The first values of a state: of sessions that were closed, but for the last three. */
enum { SESSIONS, TRACKS, TIME, LATENCY, SKIPS, TRANSITIONS, FOLLOWED, FIRST_MS, SUMS };

struct state *state_new(void);
void state_add_value(struct state *s, const char *name);

/* Makes room for a row and returns its number; the caller fills it. */
size_t state_add_row(struct state *s);

void totals_day(struct totals *all, int64_t day);

/* ---- parts (parts.c) ----
 *
 * A part is a table: user, day, scope and arm (of rows that are of one arm of an
 * experiment alone), the experiments, the values, and the columns of totals, which
 * are in one more row, whose user is empty. Parts merged are a part again: the rows in
 * the same order, one row of totals, which says of how many parts. */

void part_begin(const struct state *s, bool header, struct output *out);
void part_rows(const struct state *s, size_t from, size_t to, struct span user, struct output *out);
void part_end(const struct state *s, uint64_t rows, struct output *out);

#endif
