/* tally.c - see tally.h. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/memory.h"

static const char *const SUM_NAMES[SUMS] = {"sessions", "tracks", "time", "latency", "skips",
	"transitions", "followed", "first_ms"};

/* ---- a user's events added up ---- */

/* Hashes of the values seen: those of closed sessions, then those of the open one. */
struct distinct_set {
	uint64_t *hash, *scratch;
	size_t closed, open, capacity, scratch_capacity;
};

/* Sums of closed sessions, and of the one that is open. */
struct tally {
	size_t n_values, previous, events;
	double *closed, *open;
	double session[SKIPS + 1];          /* the session that was closed last */
	int64_t begun_ms, ended_ms;         /* of it, or of the one that is open */
	struct distinct_set *distinct;                    /* of each measure */
};

struct tally *tally_new(const struct events *e)
{
	size_t n = SUMS + e->measures->n;
	struct tally *t = memory_new(1, sizeof *t);
	*t = (struct tally){.n_values = n, .closed = memory_zero(n, sizeof(double)),
		.open = memory_zero(n, sizeof(double)),
		.distinct = memory_zero(e->measures->n + 1, sizeof(struct distinct_set))};
	return t;
}

static void tally_clear(struct tally *t)
{
	memset(t->closed, 0, t->n_values * sizeof *t->closed);
	memset(t->open, 0, t->n_values * sizeof *t->open);
	for (size_t m = 0; m + SUMS < t->n_values; m++)
		t->distinct[m].closed = t->distinct[m].open = 0;
	t->previous = SIZE_MAX;
	t->events = 0;
}

void tally_free(struct tally *t)
{
	for (size_t m = 0; m + SUMS < t->n_values; m++) {
		free(t->distinct[m].hash);
		free(t->distinct[m].scratch);
	}
	free(t->closed);
	free(t->open);
	free(t->distinct);
	free(t);
}

static void measure_event(struct tally *t, const struct events *e, size_t i)
{
	for (size_t m = 0; m < e->measures->n; m++) {
		union measure_value value = e->measured[m][i];
		if (e->measures->all[m].kind != MEASURE_DISTINCT) {
			t->open[SUMS + m] += value.number == value.number ? value.number : 0;
		} else if (value.hash) {
			struct distinct_set *set = &t->distinct[m];
			size_t n = set->closed + set->open++;
			set->hash = memory_grow(set->hash, &set->capacity, n + 1, sizeof *set->hash);
			set->hash[n] = value.hash;
		}
	}
}

static void close_session(struct tally *t)
{
	t->closed[SESSIONS]++;
	for (size_t v = TRACKS; v < t->n_values; v++) {
		if (v == TRANSITIONS || v == FOLLOWED || v == FIRST_MS)
			continue;
		double value = t->open[v] * (v == LATENCY ? 1000 : 1);
		if (v <= SKIPS)
			t->session[v] = value;
		t->closed[v] += value;
		t->open[v] = 0;
	}
	for (size_t m = 0; m + SUMS < t->n_values; m++) {
		t->distinct[m].closed += t->distinct[m].open;
		t->distinct[m].open = 0;
	}
	t->previous = SIZE_MAX;
}

/* A session closes at `last`. All events are checked for playing the track recommended
 * before them, which shows missing events. */
static void tally_event(struct tally *t, const struct events *e, size_t i)
{
	if (t->events++ == 0)
		t->closed[FIRST_MS] = (double)e->timestamp[i];
	if (t->previous != SIZE_MAX) {
		t->closed[TRANSITIONS]++;
		t->closed[FOLLOWED] += e->recommendation[t->previous] == e->track[i];
	}
	if (t->previous == SIZE_MAX)
		t->begun_ms = e->timestamp[i];
	t->ended_ms = e->timestamp[i];
	t->open[TRACKS]++;
	t->open[TIME] += e->time[i];
	t->open[LATENCY] += e->latency[i];
	t->open[SKIPS] += e->time[i] < 0.5;
	measure_event(t, e, i);
	t->previous = i;
	if (e->flags[i] & EVENT_LAST)
		close_session(t);
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static double count_distinct(struct distinct_set *set, bool open)
{
	size_t n = set->closed + (open ? set->open : 0), different = 0;
	if (n == 0)
		return 0;
	set->scratch = memory_grow(set->scratch, &set->scratch_capacity, n, sizeof *set->scratch);
	memcpy(set->scratch, set->hash, n * sizeof *set->scratch);
	qsort(set->scratch, n, sizeof *set->scratch, by_hash);
	for (size_t i = 0; i < n; i++)
		different += i == 0 || set->scratch[i] != set->scratch[i - 1];
	return (double)different;
}

/* The current value; `open`: with the events after the last closed session. */
static double tally_value(struct tally *t, const struct measures *measures, size_t v, bool open)
{
	if (v >= SUMS && measures->all[v - SUMS].kind == MEASURE_DISTINCT)
		return count_distinct(&t->distinct[v - SUMS], open);
	return t->closed[v] + (open ? t->open[v] * (v == LATENCY ? 1000 : 1) : 0);
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
		output_double(out, t->session[v]);
	}
	output_end_row(out);
}

/* The rows of one scope from one user's events from..to. */
static void add_scope(struct state *s, const struct events *e, size_t from, size_t to,
		      const struct user *u, const struct state_rules *rules, struct tally *t)
{
	bool triggered = !rules->triggered, waiting = false;
	int64_t day = 0;
	tally_clear(t);
	for (size_t i = from; i < to; i++) {
		int64_t today = date_day(e->timestamp[i]);
		if (waiting && rules->daily && today != day && triggered)
			add_row(s, u, day, t, e->measures, rules->open);
		waiting = waiting && today == day;
		day = today;
		/* A trigger in any arm counts, and makes a row of its day. */
		bool pulled = !triggered && (e->flags[i] & EVENT_TRIGGERED);
		triggered |= pulled;
		bool mine = u->scope == 0 || event_arm(e, i, u->scope - 1) == u->scope_arm;
		if (mine)
			tally_event(t, e, i);
		if (rules->sessions && u->scope == 0 && e->flags[i] & EVENT_LAST)
			write_session(u, t, rules->sessions);
		waiting |= mine || (pulled && t->events);
	}
	if (t->events && triggered && (waiting || !rules->daily))
		add_row(s, u, day, t, e->measures, rules->open);
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
static void add_scopes(struct state *s, const struct events *e, size_t from, size_t to,
		       struct user u, const struct state_rules *rules, struct tally *t)
{
	for (size_t x = 0; x < s->n_experiments; x++) {
		if (u.arms[x] != ARM_SEVERAL)
			continue;
		uint32_t *arms = strmap_sorted(s->arms[x]);
		for (uint32_t a = 0; a < strmap_count(s->arms[x]); a++) {
			u.scope = (uint32_t)x + 1;
			u.scope_arm = (uint16_t)arms[a];
			add_scope(s, e, from, to, &u, rules, t);
		}
		free(arms);
	}
}

void tally_user(struct state *s, const struct events *e, size_t from, size_t to, struct span id,
		uint32_t number, const struct state_rules *rules, struct tally *t)
{
	uint16_t arms[s->n_experiments + 1];
	struct user u = {.id = id, .number = number, .arms = arms};
	for (size_t x = 0; x < s->n_experiments; x++)
		arms[x] = arm_of_user(e, from, to, x);
	add_scope(s, e, from, to, &u, rules, t);
	if (rules->scopes)
		add_scopes(s, e, from, to, u, rules, t);
	for (size_t i = from + 1; i < to; i++) {
		if (!events_tied(e, i - 1, i))
			continue;
		s->totals.tied++;
		s->totals.duplicates += events_equal(e, i - 1, i);
	}
}
