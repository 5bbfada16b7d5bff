/* tally.c - see tally.h. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/compare.h"
#include "base/date.h"
#include "base/memory.h"
#include "chain.h"

static const char *const SUM_NAMES[SUMS] = {"sessions", "tracks", "time", "latency", "skips",
	"transitions", "followed", "first_ms"};

/* ---- a user's events added up ---- */

/* Hashes of the values seen. */
struct hashes {
	uint64_t *hash;
	size_t n, capacity;
};

/* Sums of a session that is open. */
struct session {
	double *sum;                        /* of each value */
	struct hashes *distinct;            /* of each measure */
	size_t previous;                    /* the last event; SIZE_MAX: there is none yet */
	int64_t begun_ms, ended_ms;
};

/* Sums of closed sessions, and the sessions that are open at one time. */
struct tally {
	size_t n_values, events;
	double *closed;
	struct hashes *distinct;            /* of each measure */
	struct session *open;               /* n_open; one is enough unless sessions overlap */
	size_t n_open, made, capacity;
	double last[SKIPS + 1];             /* the session that was closed last, and when it was */
	int64_t begun_ms, ended_ms;
	struct hashes scratch;
	struct chains chains;
};

struct tally *tally_new(const struct events *e)
{
	size_t n = SUMS + e->measures->n;
	struct tally *t = memory_new(1, sizeof *t);
	*t = (struct tally){.n_values = n, .closed = memory_zero(n, sizeof(double)),
		.distinct = memory_zero(e->measures->n + 1, sizeof(struct hashes))};
	return t;
}

/* Makes room for so many sessions at one time, and empties all. */
static void tally_clear(struct tally *t, size_t sessions)
{
	size_t measures = t->n_values - SUMS;
	t->open = memory_grow(t->open, &t->capacity, sessions, sizeof *t->open);
	for (; t->made < sessions; t->made++)
		t->open[t->made] = (struct session){.sum = memory_new(t->n_values, sizeof(double)),
			.distinct = memory_zero(measures + 1, sizeof(struct hashes))};
	t->n_open = sessions;
	for (size_t k = 0; k < sessions; k++) {
		memset(t->open[k].sum, 0, t->n_values * sizeof(double));
		t->open[k].previous = SIZE_MAX;
		for (size_t m = 0; m < measures; m++)
			t->open[k].distinct[m].n = 0;
	}
	memset(t->closed, 0, t->n_values * sizeof *t->closed);
	for (size_t m = 0; m < measures; m++)
		t->distinct[m].n = 0;
	t->events = 0;
}

static void hashes_free(struct hashes *of, size_t n)
{
	for (size_t m = 0; m < n; m++)
		free(of[m].hash);
	free(of);
}

void tally_free(struct tally *t)
{
	for (size_t k = 0; k < t->made; k++) {
		hashes_free(t->open[k].distinct, t->n_values - SUMS);
		free(t->open[k].sum);
	}
	hashes_free(t->distinct, t->n_values - SUMS);
	chains_free(&t->chains);
	free(t->scratch.hash);
	free(t->open);
	free(t->closed);
	free(t);
}

static void hashes_add(struct hashes *to, const uint64_t *hash, size_t n)
{
	if (n == 0)
		return;
	to->hash = memory_grow(to->hash, &to->capacity, to->n + n, sizeof *to->hash);
	memcpy(to->hash + to->n, hash, n * sizeof *hash);
	to->n += n;
}

static void measure_event(struct session *s, const struct events *e, size_t i)
{
	for (size_t m = 0; m < e->measures->n; m++) {
		union measure_value value = e->measured[m][i];
		if (e->measures->all[m].kind != MEASURE_DISTINCT)
			s->sum[SUMS + m] += value.number == value.number ? value.number : 0;
		else if (value.hash)
			hashes_add(&s->distinct[m], &value.hash, 1);
	}
}

static void close_session(struct tally *t, struct session *s)
{
	t->closed[SESSIONS]++;
	for (size_t v = TRACKS; v < t->n_values; v++) {
		if (v == TRANSITIONS || v == FOLLOWED || v == FIRST_MS)
			continue;
		double value = s->sum[v] * (v == LATENCY ? 1000 : 1);
		if (v <= SKIPS)
			t->last[v] = value;
		t->closed[v] += value;
		s->sum[v] = 0;
	}
	for (size_t m = 0; m + SUMS < t->n_values; m++) {
		hashes_add(&t->distinct[m], s->distinct[m].hash, s->distinct[m].n);
		s->distinct[m].n = 0;
	}
	t->begun_ms = s->begun_ms;
	t->ended_ms = s->ended_ms;
	s->previous = SIZE_MAX;
}

/* A session closes at `last`. All events are checked for playing the track recommended
 * before them, which shows missing events. */
static void tally_event(struct tally *t, struct session *s, const struct events *e, size_t i)
{
	if (t->events++ == 0)
		t->closed[FIRST_MS] = (double)e->timestamp[i];
	if (s->previous != SIZE_MAX) {
		t->closed[TRANSITIONS]++;
		t->closed[FOLLOWED] += e->recommendation[s->previous] == e->track[i];
	} else {
		s->begun_ms = e->timestamp[i];
	}
	s->ended_ms = e->timestamp[i];
	s->sum[TRACKS]++;
	s->sum[TIME] += e->time[i];
	s->sum[LATENCY] += e->latency[i];
	s->sum[SKIPS] += e->time[i] < 0.5;
	measure_event(s, e, i);
	s->previous = i;
	if (e->flags[i] & EVENT_LAST)
		close_session(t, s);
}

static double count_distinct(struct tally *t, size_t measure, bool open)
{
	struct hashes *all = &t->scratch;
	size_t different = 0;
	all->n = 0;
	hashes_add(all, t->distinct[measure].hash, t->distinct[measure].n);
	for (size_t k = 0; k < t->n_open && open; k++)
		hashes_add(all, t->open[k].distinct[measure].hash, t->open[k].distinct[measure].n);
	if (all->n == 0)
		return 0;
	qsort(all->hash, all->n, sizeof *all->hash, compare_u64);
	for (size_t i = 0; i < all->n; i++)
		different += i == 0 || all->hash[i] != all->hash[i - 1];
	return (double)different;
}

/* The current value; `open`: with the events of sessions that are not closed. */
static double tally_value(struct tally *t, const struct measures *measures, size_t v, bool open)
{
	double value = t->closed[v];
	if (v >= SUMS && measures->all[v - SUMS].kind == MEASURE_DISTINCT)
		return count_distinct(t, v - SUMS, open);
	for (size_t k = 0; k < t->n_open && open; k++)
		value += t->open[k].sum[v] * (v == LATENCY ? 1000 : 1);
	return value;
}

/* ---- rows ---- */

struct state *state_begin(struct events *e, bool daily)
{
	struct state *s = state_new();
	s->daily = daily;
	s->n_experiments = e->n_experiments;
	s->experiment = e->experiment;
	s->arms = e->arms;
	for (int v = 0; v < SUMS; v++)
		state_add_value(s, SUM_NAMES[v]);
	for (size_t m = 0; m < e->measures->n; m++)
		state_add_value(s, e->measures->all[m].name);
	return s;
}

/* What all rows of a user have in common. */
struct user {
	struct span id;
	uint32_t number, scope;
	const uint16_t *arms;               /* of each experiment */
	uint16_t scope_arm;                 /* in a scope: the arm that counts */
	int64_t since_ms;                   /* or when it was given first; INT64_MAX: never mind */
};

static void add_row(struct state *s, const struct user *u, int64_t day, struct tally *t,
		    const struct measures *measures, bool open)
{
	size_t row = state_add_row(s);
	s->user[row] = u->number;
	s->day[row] = day;
	s->scope[row] = u->scope;
	for (size_t x = 0; x < s->n_experiments; x++)
		s->arm[row * s->n_experiments + x] = u->scope == x + 1 ? u->scope_arm : u->arms[x];
	for (size_t v = 0; v < s->n_values; v++)
		s->value[v][row] = tally_value(t, measures, v, open);
}

static void write_session(const struct user *u, const struct tally *t, struct output *out)
{
	output_span(out, u->id);
	output_tab(out);
	output_u64(out, (uint64_t)t->closed[SESSIONS]);
	output_tab(out);
	output_i64(out, t->begun_ms);
	output_tab(out);
	output_i64(out, t->ended_ms);
	for (int v = TRACKS; v <= SKIPS; v++) {
		output_tab(out);
		output_double(out, t->last[v]);
	}
	output_end_row(out);
}

/* Does an event count in the user's scope? */
static bool counts(const struct events *e, size_t i, const struct user *u)
{
	if (u->scope == 0)
		return true;
	return event_arm(e, i, u->scope - 1) == u->scope_arm || e->timestamp[i] > u->since_ms;
}

/* How many events, within a session, do not play what was recommended before them. */
static size_t count_breaks(const struct events *e, size_t from, size_t to, const struct user *u)
{
	size_t breaks = 0, previous = SIZE_MAX;
	if (u->scope == 0) { /* all count */
		for (size_t i = from + 1; i < to; i++)
			breaks += (e->recommendation[i - 1] != e->track[i]) & !(e->flags[i - 1] & EVENT_LAST);
		return breaks;
	}
	for (size_t i = from; i < to; i++) {
		if (!counts(e, i, u))
			continue;
		breaks += previous != SIZE_MAX && e->recommendation[previous] != e->track[i];
		previous = e->flags[i] & EVENT_LAST ? SIZE_MAX : i;
	}
	return breaks;
}

/* Deals the events that count to sessions. False: all are one after the other. */
static bool deal(const struct events *e, size_t from, size_t to, const struct user *u, struct tally *t)
{
	size_t breaks = count_breaks(e, from, to, u);
	struct chains *c = &t->chains;
	if (breaks == 0)
		return false;
	chains_room(c, to - from);
	c->n = 0;
	for (size_t i = from; i < to; i++)
		if (counts(e, i, u))
			c->event[c->n++] = (uint32_t)i;
	size_t places = chains_deal(c, e, breaks);
	if (places > 1)
		tally_clear(t, places);
	return places > 1;
}

/* The rows of one scope from one user's events from..to. Returns whether sessions overlap. */
static bool add_scope(struct state *s, const struct events *e, size_t from, size_t to,
		      const struct user *u, const struct state_rules *rules, struct tally *t)
{
	bool triggered = !rules->triggered, waiting = false;
	int64_t day = 0;
	tally_clear(t, 1);
	bool several = rules->chained && deal(e, from, to, u, t);
	for (size_t i = from, k = 0; i < to; i++) {
		int64_t today = date_day(e->timestamp[i]);
		if (waiting && rules->daily && today != day && triggered)
			add_row(s, u, day, t, e->measures, rules->open);
		waiting = waiting && today == day;
		day = today;
		/* A trigger in any arm counts, and makes a row of its day. */
		bool pulled = !triggered && (e->flags[i] & EVENT_TRIGGERED);
		triggered |= pulled;
		bool mine = counts(e, i, u);
		if (mine)
			tally_event(t, &t->open[several ? t->chains.place[k++] : 0], e, i);
		if (rules->sessions && u->scope == 0 && e->flags[i] & EVENT_LAST)
			write_session(u, t, rules->sessions);
		waiting |= mine || (pulled && t->events);
	}
	if (t->events && triggered && (waiting || !rules->daily))
		add_row(s, u, day, t, e->measures, rules->open);
	return several;
}

/* The user's arm of an experiment over all events: one, none or several. */
static uint16_t arm_of_user(const struct events *e, size_t from, size_t to, size_t experiment)
{
	uint16_t arm = ARM_NONE;
	for (size_t i = from; i < to; i++) {
		uint16_t a = event_arm(e, i, experiment);
		if (a == ARM_NONE || a == arm)
			continue;
		if (arm != ARM_NONE)
			return ARM_SEVERAL;
		arm = a;
	}
	return arm;
}

/* Rows for each arm (in the order of names) of a user who is in several. */
static void add_arms(struct state *s, const struct events *e, size_t from, size_t to,
		     struct user u, const struct state_rules *rules, struct tally *t)
{
	uint32_t *arms = strmap_sorted(s->arms[u.scope - 1]);
	for (uint32_t a = 0; a < strmap_count(s->arms[u.scope - 1]); a++) {
		u.scope_arm = (uint16_t)arms[a];
		add_scope(s, e, from, to, &u, rules, t);
	}
	free(arms);
}

/* Rows of the events from the user's first arm on, where there are others before it. */
static void add_exposed(struct state *s, const struct events *e, size_t from, size_t to,
			struct user u, const struct state_rules *rules, struct tally *t)
{
	size_t first = from;
	while (event_arm(e, first, u.scope - 1) == ARM_NONE)
		first++;
	u.scope_arm = u.arms[u.scope - 1];
	u.since_ms = e->timestamp[first];
	bool all = first == from;
	for (size_t i = first; all && i < to && e->timestamp[i] == u.since_ms; i++)
		all = counts(e, i, &u);
	if (!all)
		add_scope(s, e, from, to, &u, rules, t);
}

void tally_user(struct state *s, const struct events *e, size_t from, size_t to, struct span id,
		uint32_t number, const struct state_rules *rules, struct tally *t)
{
	uint16_t arms[s->n_experiments + 1];
	struct user u = {.id = id, .number = number, .arms = arms, .since_ms = INT64_MAX};
	for (size_t x = 0; x < s->n_experiments; x++)
		arms[x] = arm_of_user(e, from, to, x);
	s->totals.overlapping += add_scope(s, e, from, to, &u, rules, t);
	for (size_t k = 0; k < t->n_open && !rules->open; k++)
		s->totals.unfinished += (uint64_t)t->open[k].sum[TRACKS];
	for (size_t x = 0; x < s->n_experiments; x++) {
		u.scope = (uint32_t)x + 1;
		if (arms[x] == ARM_SEVERAL && rules->scopes)
			add_arms(s, e, from, to, u, rules, t);
		else if (arms[x] < ARM_SEVERAL && rules->exposed)
			add_exposed(s, e, from, to, u, rules, t);
	}
	for (size_t i = from + 1; i < to; i++) {
		if (!events_tied(e, i - 1, i))
			continue;
		s->totals.tied++;
		s->totals.duplicates += events_equal(e, i - 1, i);
	}
}
