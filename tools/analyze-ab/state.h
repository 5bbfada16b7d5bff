/* state.h - what users did until the end of days, a row each, and what parts of a run add up to. */
#ifndef RECPIPE_ANALYZE_AB_STATE_H
#define RECPIPE_ANALYZE_AB_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/strmap.h"
#include "events.h"

/* Of all events, whoever they belong to. */
struct totals {
	uint64_t events, tied, duplicates;
	uint64_t overlapping;               /* users with sessions at the same time */
	uint64_t unfinished;                /* events after a user's last `last`, unless they count; not of
					     * parts that were merged */
	int64_t first_ms, last_ms;          /* first > last: no event */
	uint64_t *days;                     /* bits: days from 1970-01-01 on with events */
	bool beyond;                        /* events before 1970, or after DAYS_MAX days */
	uint64_t parts;                     /* that --partial wrote and that are in this */
};

enum { DAYS_MAX = 1 << 17 };

/* A row: what a user did until the end of a day, in all, or (scope) in one arm of an
 * experiment where the user was in several, or from the first arm on where there were events
 * before it. Rows are ordered by user, scope, arm, day;
 * there is a row for the user's last day, and with `daily` for each with events. */
struct state {
	size_t n_experiments;
	char **experiment;
	struct strmap **arms;
	struct strmap *users;
	size_t n_values;
	char **name;                        /* of the values */
	size_t n;                           /* rows */
	uint32_t *user;
	int64_t *day;
	uint32_t *scope;                    /* 0: in all; else the experiment's number + 1 */
	uint16_t *arm;                      /* n x experiments; in a scope the arm of it */
	double **value;                     /* value -> n */
	struct totals totals;
	bool daily;                         /* rows for each day */
	size_t capacity;
	uint64_t rows_out;                  /* written as a part */
};

/* The first values of a state: of sessions that were closed, except for the last three. */
enum { SESSIONS, TRACKS, TIME, LATENCY, SKIPS, TRANSITIONS, FOLLOWED, FIRST_MS, SUMS };

struct state *state_new(void);
void state_add_value(struct state *s, const char *name);

/* Makes room for a row and returns its number; the caller fills it. */
size_t state_add_row(struct state *s);

/* Notes an event of a time, or of a day. */
void totals_event(struct totals *all, int64_t ms);
void totals_day(struct totals *all, int64_t day);

/* More days than these are not looked through, neither for empty ones nor for --daily. */
enum { EMPTY_DAYS_SPAN = 3660 };

void state_free(struct state *s);

#endif
