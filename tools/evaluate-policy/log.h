/* log.h - what was recommended, with which probability, and what it earned.
 */
#ifndef RECPIPE_EVALUATE_POLICY_LOG_H
#define RECPIPE_EVALUATE_POLICY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"
#include "data/strmap.h"
#include "streams/column.h"
#include "streams/table.h"

/* Ids as numbers; after names_in_order by the order of their bytes. */
struct names {
	struct strmap *users, *items, *positions;
};

/* One recommendation. A number is STRMAP_NONE where the log has no such column or value. */
struct row {
	int64_t time;
	double probability;
	double reward;              /* events: the share heard of the track that was played, until log_chain */
	double target;              /* the policy's probability, where a column has it */
	uint32_t user, item;        /* item: what was recommended; events: none in a `last` */
	uint32_t position, played;
	uint32_t session;           /* number; the same for the rows of one session */
	uint16_t fold;              /* by a hash: of the user, or of the row where there is no user */
	bool last;
};
_Static_assert(sizeof(struct row) <= 56, "all rows of the log are in memory: a field must be worth it");

struct log_columns {
	struct column user, item, probability, reward, position, played, session, timestamp;
	struct column message, share, target; /* target: without a name there is none */
	bool events;                /* rewards are those of the rows that follow */
	bool sessions;              /* sessions and their order are asked for */
	bool positions;
	enum time_unit unit;
	uint64_t seed;
	uint32_t folds;
};

struct log {
	struct row *rows;
	size_t n, capacity;
	bool has_users, has_played;
	uint32_t sessions;          /* how many, once they are numbered */
	uint64_t unheard;           /* recommendations without the event that follows */
};

struct log_reader {
	struct table *t;
	const struct log_columns *columns;
	size_t item, probability, reward, position, timestamp, message, share;
	long user, played, session, target;
};

/* Finds the columns; what is missing ends the program. */
struct log_reader log_open(struct table *t, const struct log_columns *columns);

/* Reads all rows. Ids become numbers of `names`, sessions of a map of their own. */
void log_read(struct log_reader *r, struct names *names, struct log *log);

/* Numbers by the order of ids: what was number n is rank[n]. */
struct ranks {
	uint32_t *user, *item, *position;
};
struct ranks names_in_order(struct names *names);
void ranks_free(struct ranks *ranks);
void log_renumber(struct log *log, const struct ranks *ranks);

/* Puts the rows, whose sessions are numbered, into the order of sessions, then of times. */
void log_sort_sessions(struct log *log);

/* Puts the rows into an order that does not depend on the one they came in: of users, then of times.
 * Without users each row is a user of its own. */
void log_sort(struct log *log);

/* Numbers the sessions of sorted rows, all of which have one, in the order in which they begin. */
void log_number_sessions(struct log *log);

/* Of events that were sorted: gives each recommendation the share heard of it, from the user's next
 * event in which it was playing, no more than `wait_ms` later and in the same session where those are
 * known; elsewhere such a chain of events is a session. Events that recommend nothing are
 * taken out, and so are recommendations that nobody heard, which are counted. With `whole` the
 * sessions that have such a recommendation are taken out. */
void log_chain(struct log *log, int64_t wait_ms, bool whole);

void log_free(struct log *log);

#endif
