/* interleaving.h - which of two teams do the listeners prefer, who had both in the same sessions?
 */
#ifndef RECPIPE_ANALYZE_AB_INTERLEAVING_H
#define RECPIPE_ANALYZE_AB_INTERLEAVING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/date.h"
#include "streams/column.h"
#include "streams/output.h"
#include "streams/table.h"

struct interleaving_columns {
	struct column message, timestamp, user, track, time, recommendation, team;
	enum time_unit unit;
};

struct interleaving_reader {
	struct table *t;
	size_t message, timestamp, user, track, time, recommendation, team;
	enum time_unit unit;
};

/* Finds the columns; what is missing ends the program. */
struct interleaving_reader interleaving_open(struct table *t, const struct interleaving_columns *columns);

void interleaving_header(struct output *out);

/* Reads the events and writes the table, a row for each way to compare; returns how many. A row's team
 * gave its recommendation, and what was heard of it stands in the event that follows (domain/heard.h).
 *
 *	preference  users who heard more of one team's recommendations, on average, against users who
 *	            heard more of the other's; the interval is exact (Clopper and Pearson 1934), and so
 *	            is p (the binomial test), of those who have a preference
 *	heard       the share heard of a team's recommendation, over all steps; the difference's interval
 *	            is the delta method's, by user
 */
uint64_t interleaving_analyze(struct interleaving_reader *reader, double alpha, struct output *out);

#endif
