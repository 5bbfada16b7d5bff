/* events.h - rows of the events stream, one at a time, into columns. */
#ifndef RECPIPE_ANALYZE_AB_EVENTS_H
#define RECPIPE_ANALYZE_AB_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/date.h"
#include "data/strmap.h"
#include "frame/options.h"
#include "metrics.h"
#include "streams/table.h"

enum { EVENT_LAST = 1, EVENT_TRIGGERED = 2 };
enum { ARM_NONE = 0xffff, ARM_STRAY = 0xfffe, ARM_SEVERAL = 0xfffd, ARMS_MAX = 1000 };

struct event_columns {
	const char *message, *timestamp, *user, *track, *time, *latency, *recommendation;
	const char *triggered;              /* or NULL */
	struct option_list experiments;     /* empty: every column that is no event's own */
	bool no_experiments;                /* look for none */
	int64_t from_ms, to_ms;             /* from <= timestamp < to */
	const struct measures *measures;
	enum time_unit unit;                /* what timestamps are */
};

/* What an event adds to a measure: a number (nan: none) or a hash (0: none). */
union measure_value {
	double number;
	uint64_t hash;
};

/* Events, column by column; a user's lie together once they are sorted. */
struct events {
	size_t n, capacity;
	uint32_t *user;
	int64_t *timestamp;
	double *time, *latency;
	uint32_t *track, *recommendation;   /* half of their hashes; 0: empty */
	uint32_t *combination;              /* of arms */
	uint8_t *flags;
	const struct measures *measures;
	union measure_value **measured;     /* measure -> n */
	size_t n_experiments;
	char **experiment;                  /* names */
	struct strmap **arms;               /* of each experiment */
	uint16_t *arm_of;                   /* combination x experiment -> arm */
};

struct event_reader {
	struct table *t;
	const struct event_columns *columns;
	size_t message, timestamp, user, track, time, latency, recommendation, triggered;
	size_t *arm, *measure;                /* columns of experiments and of measures */
	struct strmap *combinations;        /* of arms, as text */
	struct buffer text;                 /* scratch */
};

/* Resolves the columns and finds the experiments (exit 2 or 3 when there are none). */
struct event_reader events_open(struct table *t, const struct event_columns *columns,
				struct events *e);

/* Reads the next good row between from and to into place e->n; the caller gives it a
 * user's number and counts it. `*user` is valid until the next call. False at the end. */
bool events_next(struct event_reader *r, struct events *e, struct span *user);

void events_close(struct event_reader *r);

/* The numbers of all events by user, each one's as they came: those of the i-th user of
 * `by_id` are at start[0][i] ... start[0][i + 1]. Both arrays are the caller's. */
uint32_t *events_by_user(const struct events *e, const struct strmap *users, const uint32_t *by_id,
			 uint64_t **start);

/* An event as bytes, events_stored_size of them; a stored one after the last. The user's
 * number is not stored: it is 0. */
size_t events_stored_size(const struct events *e);
void events_store(const struct events *e, size_t event, char *stored);
void events_load(struct events *e, const char *stored);

/* Bytes of memory that an event takes until it is sorted. */
size_t events_bytes(const struct events *e);

/* Gives the memory of all events back. */
void events_forget(struct events *e);

/* Puts all events in the order of users' bytes, then of time (`next` before `last`):
 * nothing in it depends on where a row stood. */
void events_sort(struct events *e, const struct strmap *users);

/* The same for events of one user; what stands in place e->n stays there. */
void events_sort_one(struct events *e);

/* Forgets all events; what stands in place e->n moves to the first. */
void events_keep_next(struct events *e);

/* Do two events of a user stand at the same time; are they the same in all? */
bool events_tied(const struct events *e, size_t a, size_t b);
bool events_equal(const struct events *e, size_t a, size_t b);

/* A missing value: an empty field, or NA. */
bool is_missing(struct span s);

/* The current row's number in a column: TRUE is 1, FALSE 0; it is not missing. False: it was rejected. */
bool number_of_field(struct table *t, size_t column, double *value);

/* The arm (or ARM_NONE) of an event. */
static inline uint16_t event_arm(const struct events *e, size_t event, size_t experiment)
{
	return e->arm_of[e->combination[event] * e->n_experiments + experiment];
}

/* Frees the columns; the experiments' names and arms stay. */
void events_free(struct events *e);

#endif
