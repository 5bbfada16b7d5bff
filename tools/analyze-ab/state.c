/* state.c - from a user's events to what is kept of them. */
#include "analyze.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "events.h"
#include "frame/run.h"
#include "state.h"

static const char *const SUM_NAMES[SUMS] = {"sessions", "tracks", "time", "latency", "skips",
	"transitions", "followed", "first_ms"};

/* ---- a user's events added up ---- */

/* Hashes of what was met: of closed sessions, and behind them of the open one. */
struct met {
	uint64_t *hash, *scratch;
	size_t closed, open, capacity, scratch_capacity;
};

/* Sums of closed sessions, and of the one that is open. */
struct tally {
	size_t n_values, previous, events;
	double *closed, *open;
	double session[SKIPS + 1];          /* the session that was closed last */
	int64_t begun_ms, ended_ms;         /* of it, or of the one that is open */
	struct met *met;                    /* of each measure */
};

static struct tally tally_new(const struct events *e)
{
	size_t n = SUMS + e->measures->n;
	return (struct tally){.n_values = n, .closed = memory_zero(n, sizeof(double)),
		.open = memory_zero(n, sizeof(double)),
		.met = memory_zero(e->measures->n + 1, sizeof(struct met))};
}

static void tally_clear(struct tally *t)
{
	memset(t->closed, 0, t->n_values * sizeof *t->closed);
	memset(t->open, 0, t->n_values * sizeof *t->open);
	for (size_t m = 0; m + SUMS < t->n_values; m++)
		t->met[m].closed = t->met[m].open = 0;
	t->previous = SIZE_MAX;
	t->events = 0;
}

static void tally_free(struct tally *t)
{
	for (size_t m = 0; m + SUMS < t->n_values; m++) {
		free(t->met[m].hash);
		free(t->met[m].scratch);
	}
	free(t->closed);
	free(t->open);
	free(t->met);
}

static void measure_event(struct tally *t, const struct events *e, size_t i)
{
	for (size_t m = 0; m < e->measures->n; m++) {
		union given given = e->given[m][i];
		if (e->measures->all[m].kind != MEASURE_DISTINCT) {
			t->open[SUMS + m] += given.number == given.number ? given.number : 0;
		} else if (given.hash) {
			struct met *met = &t->met[m];
			size_t n = met->closed + met->open++;
			met->hash = memory_grow(met->hash, &met->capacity, n + 1, sizeof *met->hash);
			met->hash[n] = given.hash;
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
		t->met[m].closed += t->met[m].open;
		t->met[m].open = 0;
	}
	t->previous = SIZE_MAX;
}

/* A session closes at `last`. Whether a track is the one that was recommended before
 * it, from which lost logs are told, is asked of all events. */
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

static double count_distinct(struct met *met, bool open)
{
	size_t n = met->closed + (open ? met->open : 0), different = 0;
	if (n == 0)
		return 0;
	met->scratch = memory_grow(met->scratch, &met->scratch_capacity, n, sizeof *met->scratch);
	memcpy(met->scratch, met->hash, n * sizeof *met->scratch);
	qsort(met->scratch, n, sizeof *met->scratch, by_hash);
	for (size_t i = 0; i < n; i++)
		different += i == 0 || met->scratch[i] != met->scratch[i - 1];
	return (double)different;
}

/* The value as it is now; `open`: with what stands behind the last closed session. */
static double tally_value(struct tally *t, const struct measures *measures, size_t v, bool open)
{
	if (v >= SUMS && measures->all[v - SUMS].kind == MEASURE_DISTINCT)
		return count_distinct(&t->met[v - SUMS], open);
	return t->closed[v] + (open ? t->open[v] * (v == LATENCY ? 1000 : 1) : 0);
}

/* ---- totals ---- */

static void count_event(struct totals *all, int64_t ms)
{
	int64_t day = day_of(ms);
	all->first_ms = ms < all->first_ms ? ms : all->first_ms;
	all->last_ms = ms > all->last_ms ? ms : all->last_ms;
	totals_day(all, day);
}

void totals_day(struct totals *all, int64_t day)
{
	if (day < 0 || day >= DAYS_MAX)
		all->beyond = true;
	else
		all->days[day / 64] |= (uint64_t)1 << day % 64;
}

/* ---- rows ---- */

struct state *state_new(void)
{
	struct state *s = memory_zero(1, sizeof *s);
	s->users = strmap_new();
	s->totals.days = memory_zero(DAYS_MAX / 64, sizeof *s->totals.days);
	s->totals.first_ms = INT64_MAX;
	s->totals.last_ms = INT64_MIN;
	return s;
}

void state_add_value(struct state *s, const char *name)
{
	s->name = memory_resize(s->name, s->n_values + 1, sizeof(*s->name));
	s->value = memory_resize(s->value, s->n_values + 1, sizeof(*s->value));
	s->name[s->n_values] = memory_text(name, strlen(name));
	s->value[s->n_values++] = NULL;
}

size_t state_add_row(struct state *s)
{
	if (s->n == s->capacity) {
		size_t n = s->capacity = s->n + s->n / 2 + 256;
		s->user = memory_resize(s->user, n, sizeof *s->user);
		s->day = memory_resize(s->day, n, sizeof *s->day);
		s->scope = memory_resize(s->scope, n, sizeof *s->scope);
		s->arm = memory_resize(s->arm, n * s->n_experiments + 1, sizeof *s->arm);
		for (size_t v = 0; v < s->n_values; v++)
			s->value[v] = memory_resize(s->value[v], n, sizeof(double));
	}
	return s->n++;
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
		int64_t today = day_of(e->timestamp[i]);
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

static void add_user(struct state *s, const struct events *e, size_t from, size_t to,
		     struct span id, uint32_t number, const struct state_rules *rules, struct tally *t)
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

/* ---- all events ---- */

static struct state *state_begin(struct events *e, const struct measures *measures, bool daily)
{
	struct state *s = state_new();
	s->daily = daily;
	s->n_experiments = e->n_experiments;
	s->experiment = e->experiment;
	s->arms = e->arms;
	for (int v = 0; v < SUMS; v++)
		state_add_value(s, SUM_NAMES[v]);
	for (size_t m = 0; m < measures->n; m++)
		state_add_value(s, measures->all[m].name);
	return s;
}

/* Ids of the last events, to be looked up together: their places in a large map are
 * fetched ahead then. */
struct waiting {
	struct buffer text;
	size_t end[256];
	size_t n;
};

static void number_users(struct state *s, struct events *e, struct waiting *w)
{
	struct span id[sizeof w->end / sizeof *w->end];
	for (size_t i = 0, from = 0; i < w->n; from = w->end[i++])
		id[i] = (struct span){w->text.data + from, w->end[i] - from};
	strmap_add_many(s->users, id, w->n, e->user + e->n - w->n);
	w->n = w->text.n = 0;
}

struct state *state_of_events(struct table *t, const struct event_columns *columns,
			      const struct state_rules *rules)
{
	struct events e = {0};
	struct event_reader r = events_open(t, columns, &e);
	struct state *s = state_begin(&e, columns->measures, rules->daily);
	struct waiting w = {.n = 0};
	struct span user;
	while (events_next(&r, &e, &user)) {
		if (e.n >= UINT32_MAX - 1)
			die(STATUS_FAILED, "more than %u events", UINT32_MAX - 1);
		count_event(&s->totals, e.timestamp[e.n]);
		e.n++;
		buffer_add_span(&w.text, user);
		w.end[w.n++] = w.text.n;
		if (w.n == sizeof w.end / sizeof *w.end)
			number_users(s, &e, &w);
	}
	number_users(s, &e, &w);
	buffer_free(&w.text);
	s->rows_in = table_rows(t);
	s->rejected = table_rejected(t);
	events_close(&r);
	events_sort(&e, s->users);
	struct tally tally = tally_new(&e);
	for (size_t from = 0, to; from < e.n; from = to) {
		for (to = from; to < e.n && e.user[to] == e.user[from]; to++)
			;
		add_user(s, &e, from, to, strmap_key(s->users, e.user[from]), e.user[from], rules, &tally);
	}
	tally_free(&tally);
	events_free(&e);
	return s;
}

struct state *state_of_groups(struct table *t, const struct event_columns *columns,
			      const struct state_rules *rules, struct output *parts)
{
	struct events e = {0};
	struct event_reader r = events_open(t, columns, &e);
	struct state *s = state_begin(&e, columns->measures, rules->daily);
	struct tally tally = tally_new(&e);
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
			table_fail(t, "not grouped by user: %s comes behind %s (sort by the bytes of the "
				   "user column: LC_ALL=C)", quoted(user.at, user.n, shown[0]),
				   quoted(id.data, id.n, shown[1]));
		if (order > 0 && e.n) {
			/* The event that was read, in place e.n, is the next user's. */
			struct span done = {id.data, id.n};
			events_sort_one(&e);
			add_user(s, &e, 0, e.n, done, parts ? 0 : strmap_add(s->users, done), rules, &tally);
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
		count_event(&s->totals, e.timestamp[e.n]);
		e.user[e.n++] = 0;
	}
	if (parts)
		part_end(s, rows, parts);
	s->rows_in = table_rows(t);
	s->rejected = table_rejected(t);
	buffer_free(&id);
	tally_free(&tally);
	events_close(&r);
	events_free(&e);
	return s;
}

void state_free(struct state *s)
{
	if (!s)
		return;
	for (size_t x = 0; x < s->n_experiments; x++) {
		free(s->experiment[x]);
		strmap_free(s->arms[x]);
	}
	for (size_t v = 0; v < s->n_values; v++) {
		free(s->name[v]);
		free(s->value[v]);
	}
	strmap_free(s->users);
	free(s->totals.days);
	free(s->experiment);
	free(s->arms);
	free(s->name);
	free(s->value);
	free(s->user);
	free(s->day);
	free(s->scope);
	free(s->arm);
	free(s);
}
