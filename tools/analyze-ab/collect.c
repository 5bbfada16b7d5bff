/* collect.c - see collect.h. */
#include "collect.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "parts.h"
#include "runs.h"

/* Ids of the last events, looked up together, so that their slots in a large map are
 * prefetched. */
struct waiting {
	struct buffer text;
	size_t end[256];
	size_t n;
};

static void number_users(struct strmap *users, struct events *e, struct waiting *w)
{
	struct span id[sizeof w->end / sizeof *w->end];
	for (size_t i = 0, from = 0; i < w->n; from = w->end[i++])
		id[i] = (struct span){w->text.data + from, w->end[i] - from};
	strmap_add_many(users, id, w->n, e->user + e->n - w->n);
	w->n = w->text.n = 0;
}

/* Users who are known to the events in memory only, where those are to be written. */
struct kept {
	struct events *e;
	struct strmap *users;
	struct runs *runs;                  /* NULL: everything is in memory so far */
	uint32_t counted;                   /* users whose memory is */
	uint64_t user_bytes;
};

enum { USER_BYTES = 48 }; /* what a user takes beside the id: in the map, and while all are sorted */

/* Writes the events when they and their users take more than `memory`. */
static void keep_within(struct kept *k, uint64_t memory)
{
	if (memory == UINT64_MAX)
		return;
	for (; k->counted < strmap_count(k->users); k->counted++)
		k->user_bytes += USER_BYTES + strmap_key(k->users, k->counted).n;
	if (k->e->n * events_bytes(k->e) + k->user_bytes < memory)
		return;
	if (!k->runs)
		k->runs = runs_new(k->e);
	runs_add(k->runs, k->e, k->users);
	strmap_free(k->users);
	k->users = strmap_new();
	k->user_bytes = k->counted = 0;
}

static void tally_sorted(struct state *s, struct events *e, const struct state_rules *rules)
{
	struct tally *tally = tally_new(e);
	events_sort(e, s->users);
	for (size_t from = 0, to; from < e->n; from = to) {
		for (to = from; to < e->n && e->user[to] == e->user[from]; to++)
			;
		tally_user(s, e, from, to, strmap_key(s->users, e->user[from]), e->user[from], rules, tally);
	}
	tally_free(tally);
}

static void tally_runs(struct state *s, struct events *e, struct runs *runs, const struct state_rules *rules)
{
	struct tally *tally = tally_new(e);
	struct buffer id = {0};
	events_forget(e);
	for (; runs_next(runs, e, &id); e->n = 0) {
		struct span user = {id.data, id.n};
		events_sort_one(e);
		tally_user(s, e, 0, e->n, user, strmap_add(s->users, user), rules, tally);
	}
	buffer_free(&id);
	tally_free(tally);
}

struct state *state_of_events(struct table *t, const struct event_columns *columns,
			      const struct state_rules *rules)
{
	struct events e = {0};
	struct event_reader r = events_open(t, columns, &e);
	struct state *s = state_begin(&e, rules->daily);
	struct kept kept = {.e = &e, .users = strmap_new()};
	struct waiting w = {.n = 0};
	struct span user;
	while (events_next(&r, &e, &user)) {
		if (e.n >= UINT32_MAX - 1)
			die(STATUS_FAILED, "more than %u events: --memory keeps fewer of them in memory",
			    UINT32_MAX - 1);
		totals_event(&s->totals, e.timestamp[e.n]);
		e.n++;
		buffer_add_span(&w.text, user);
		w.end[w.n++] = w.text.n;
		if (w.n == sizeof w.end / sizeof *w.end) {
			number_users(kept.users, &e, &w);
			keep_within(&kept, rules->memory);
		}
	}
	number_users(kept.users, &e, &w);
	keep_within(&kept, kept.runs ? 0 : rules->memory);
	buffer_free(&w.text);
	events_close(&r);
	if (kept.runs) {
		tally_runs(s, &e, kept.runs, rules);
		strmap_free(kept.users);
	} else {
		strmap_free(s->users);
		s->users = kept.users;
		tally_sorted(s, &e, rules);
	}
	runs_free(kept.runs);
	events_free(&e);
	return s;
}

struct state *state_of_groups(struct table *t, const struct event_columns *columns,
			      const struct state_rules *rules, struct output *parts)
{
	struct events e = {0};
	struct event_reader r = events_open(t, columns, &e);
	struct state *s = state_begin(&e, rules->daily);
	struct tally *tally = tally_new(&e);
	struct buffer id = {0};
	struct span user;
	uint64_t rows = 0;
	s->totals.parts = 1;
	if (parts)
		part_begin(s, rules->header, parts);
	for (bool more = true; more;) {
		more = events_next(&r, &e, &user);
		int order = more && id.n ? span_compare(user, (struct span){id.data, id.n}) : 1;
		char shown[2][QUOTED_SIZE];
		if (order < 0)
			table_fail(t, "not grouped by user: %s comes after %s (sort by the bytes of the "
				   "user column: LC_ALL=C)", quoted(user.at, user.n, shown[0]),
				   quoted(id.data, id.n, shown[1]));
		if (order > 0 && e.n) {
			/* The event that was read, in place e.n, is the next user's. */
			struct span done = {id.data, id.n};
			events_sort_one(&e);
			tally_user(s, &e, 0, e.n, done, parts ? 0 : strmap_add(s->users, done), rules, tally);
			if (parts) {
				rows += s->n;
				part_rows(s, 0, s->n, done, parts);
				s->n = 0;
			}
			events_keep_next(&e);
		}
		if (!more)
			break;
		if (order > 0) {
			id.n = 0;
			buffer_add_span(&id, user);
		}
		if (e.n >= UINT32_MAX - 1)
			table_fail(t, "a user of more than %u events", UINT32_MAX - 1);
		totals_event(&s->totals, e.timestamp[e.n]);
		e.user[e.n++] = 0;
	}
	if (parts)
		part_end(s, rows, parts);
	s->rows_out = parts ? rows + 1 : 0;
	buffer_free(&id);
	tally_free(tally);
	events_close(&r);
	events_free(&e);
	return s;
}
