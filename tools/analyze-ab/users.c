#include "analyze.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

/* What events say of a user, in the order of the columns. */
enum value { SESSIONS, TRACKS, TIME, LATENCY, SKIPS, TRANSITIONS, FOLLOWED, DISTINCT, FIRST_MS,
	SUMS };
static const char *const SUM_NAMES[SUMS] = {"sessions", "tracks", "time", "latency", "skips",
	"transitions", "followed", "distinct_tracks", "first_ms"};

long users_find(const struct users *u, const char *name)
{
	for (size_t i = 0; i < u->n_values; i++)
		if (strcmp(u->name[i], name) == 0)
			return (long)i;
	return -1;
}

void users_add(struct users *u, const char *name, double *value)
{
	u->name = memory_resize(u->name, u->n_values + 1, sizeof(*u->name));
	u->value = memory_resize(u->value, u->n_values + 1, sizeof(*u->value));
	u->name[u->n_values] = memory_text(name, strlen(name));
	u->value[u->n_values++] = value;
}

void users_free(struct users *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->n_values; i++) {
		free(u->name[i]);
		free(u->value[i]);
	}
	for (size_t i = 0; i < u->n_experiments; i++) {
		free(u->experiment[i]);
		if (u->owned_ids)
			strmap_free(u->arms[i]);
	}
	strmap_free(u->owned_ids);
	free(u->name);
	free(u->value);
	free(u->experiment);
	free(u->arms);
	free(u->arm);
	free(u->id);
	free(u);
}

static double *column(const struct users *u)
{
	return memory_new(u->n + 1, sizeof(double));
}

/* Per-user ratios and what else follows from the sums. */
static void derive(struct users *u)
{
	static const struct { const char *name, *of, *over; } RATIO[] = {
		{"mean_request_latency", "latency", "tracks"},
		{"mean_tracks_per_session", "tracks", "sessions"},
		{"mean_time_per_session", "time", "sessions"},
	};
	for (size_t r = 0; r < sizeof RATIO / sizeof *RATIO; r++) {
		long of = users_find(u, RATIO[r].of), over = users_find(u, RATIO[r].over);
		if (of < 0 || over < 0 || users_find(u, RATIO[r].name) >= 0)
			continue;
		double *x = column(u);
		for (size_t i = 0; i < u->n; i++)
			x[i] = u->value[over][i] > 0 ? u->value[of][i] / u->value[over][i] : NAN;
		users_add(u, RATIO[r].name, x);
	}
	long sessions = users_find(u, "sessions");
	if (sessions >= 0 && users_find(u, "returned") < 0) {
		double *x = column(u);
		for (size_t i = 0; i < u->n; i++)
			x[i] = u->value[sessions][i] >= 2;
		users_add(u, "returned", x);
	}
}

/* ---- from events ---- */

static int by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static double count_distinct(uint64_t *hash, size_t n)
{
	size_t different = 0;
	qsort(hash, n, sizeof *hash, by_hash);
	for (size_t i = 0; i < n; i++)
		different += hash[i] != 0 && (i == 0 || hash[i] != hash[i - 1]);
	return (double)different;
}

/* The events from..to (one user's) whose arm of `only` is `arm` (or all of them): a
 * session closes at `last`; rows behind the final one count only when `open`, but
 * always among the transitions, from which lost logs are told. */
static void add_up(const struct events *e, size_t from, size_t to, size_t only, uint16_t arm,
		   int64_t until_ms, bool open, double *sums, uint64_t *scratch)
{
	double pending[SUMS] = {0};
	size_t distinct = 0, previous = SIZE_MAX, seen = 0;
	for (int v = 0; v < SUMS; v++)
		sums[v] = 0;
	for (size_t i = from; i < to && e->timestamp[i] < until_ms; i++) {
		if (arm != ARM_NONE && e->arm_of[e->combination[i] * e->n_experiments + only] != arm)
			continue;
		if (seen++ == 0)
			sums[FIRST_MS] = (double)e->timestamp[i];
		if (previous != SIZE_MAX) {
			sums[TRANSITIONS]++;
			sums[FOLLOWED] += e->recommendation[previous] == e->track[i];
		}
		pending[TRACKS]++;
		pending[TIME] += e->time[i];
		pending[LATENCY] += e->latency[i];
		pending[SKIPS] += e->time[i] < 0.5;
		if (scratch)
			scratch[distinct + (size_t)pending[DISTINCT]++] = e->track_hash[i];
		previous = i;
		if (!(e->flags[i] & EVENT_LAST))
			continue;
		sums[SESSIONS]++;
		sums[TRACKS] += pending[TRACKS];
		sums[TIME] += pending[TIME];
		sums[LATENCY] += pending[LATENCY] * 1000;
		sums[SKIPS] += pending[SKIPS];
		distinct += (size_t)pending[DISTINCT];
		memset(pending, 0, sizeof pending);
		previous = SIZE_MAX;
	}
	for (int v = TRACKS; v <= SKIPS && open; v++)
		sums[v] += v == LATENCY ? pending[v] * 1000 : pending[v];
	if (scratch && open)
		distinct += (size_t)pending[DISTINCT];
	if (scratch)
		sums[DISTINCT] = count_distinct(scratch, distinct);
}

/* The user's arm of an experiment over all events: one, none or several. */
static uint16_t arm_of_user(const struct events *e, size_t from, size_t to, size_t experiment)
{
	uint16_t arm = ARM_NONE;
	for (size_t i = from; i < to; i++) {
		uint16_t a = e->arm_of[e->combination[i] * e->n_experiments + experiment];
		if (a == ARM_NONE || a == arm)
			continue;
		if (arm != ARM_NONE)
			return ARM_SEVERAL;
		arm = a;
	}
	return arm;
}

static bool was_triggered(const struct events *e, size_t from, size_t to, int64_t until_ms)
{
	for (size_t i = from; i < to && e->timestamp[i] < until_ms; i++)
		if (e->flags[i] & EVENT_TRIGGERED)
			return true;
	return false;
}

struct growth {
	size_t capacity[SUMS + 2];
};

static void add_unit(struct users *u, struct growth *g, struct span id, const double *sums)
{
	u->id = memory_grow(u->id, &g->capacity[SUMS], u->n + 1, sizeof *u->id);
	u->arm = memory_grow(u->arm, &g->capacity[SUMS + 1], (u->n + 1) * u->n_experiments,
			     sizeof *u->arm);
	u->id[u->n] = id;
	for (int v = 0; v < SUMS; v++) {
		u->value[v] = memory_grow(u->value[v], &g->capacity[v], u->n + 1, sizeof(double));
		u->value[v][u->n] = sums[v];
	}
	u->n++;
}

struct users *users_of_events(const struct events *e, size_t only, bool keep, int64_t until_ms,
			      bool open, bool triggered, bool distinct)
{
	struct users *u = memory_zero(1, sizeof *u);
	struct growth growth = {0};
	bool one = only < e->n_experiments;
	u->n_experiments = one ? 1 : e->n_experiments;
	u->experiment = memory_new(u->n_experiments + 1, sizeof(*u->experiment));
	u->arms = memory_new(u->n_experiments + 1, sizeof(*u->arms));
	for (size_t i = 0; i < u->n_experiments; i++) {
		size_t from = one ? only : i;
		u->experiment[i] = memory_text(e->experiment[from], strlen(e->experiment[from]));
		u->arms[i] = e->arms[from];
	}
	for (int v = 0; v < SUMS; v++)
		users_add(u, SUM_NAMES[v], NULL);
	uint64_t *scratch = distinct ? memory_new(e->n + 1, sizeof *scratch) : NULL;
	for (size_t from = 0, to; from < e->n; from = to) {
		for (to = from; to < e->n && e->user[to] == e->user[from]; to++)
			;
		if (e->timestamp[from] >= until_ms ||
		    (triggered && !was_triggered(e, from, to, until_ms)))
			continue;
		struct span id = strmap_key(e->users, e->user[from]);
		double sums[SUMS];
		uint16_t arm = one ? arm_of_user(e, from, to, only) : ARM_NONE;
		if (one && keep && arm == ARM_SEVERAL) {
			for (uint32_t a = 0; a < strmap_count(e->arms[only]); a++) {
				bool there = false;
				for (size_t i = from; i < to && !there && e->timestamp[i] < until_ms; i++)
					there = e->arm_of[e->combination[i] * e->n_experiments + only] == a;
				if (!there)
					continue;
				add_up(e, from, to, only, (uint16_t)a, until_ms, open, sums, scratch);
				add_unit(u, &growth, id, sums);
				u->arm[u->n - 1] = (uint16_t)a;
			}
			continue;
		}
		add_up(e, from, to, 0, ARM_NONE, until_ms, open, sums, scratch);
		add_unit(u, &growth, id, sums);
		for (size_t i = 0; i < u->n_experiments; i++)
			u->arm[(u->n - 1) * u->n_experiments + i] =
				one ? arm : arm_of_user(e, from, to, i);
	}
	for (int v = 0; v < SUMS; v++)
		if (!u->value[v])
			u->value[v] = column(u);
	free(scratch);
	if (!distinct) {
		free(u->name[DISTINCT]);
		free(u->value[DISTINCT]);
		memmove(u->name + DISTINCT, u->name + DISTINCT + 1,
			(u->n_values - DISTINCT - 1) * sizeof(*u->name));
		memmove(u->value + DISTINCT, u->value + DISTINCT + 1,
			(u->n_values - DISTINCT - 1) * sizeof(*u->value));
		u->n_values--;
	}
	derive(u);
	return u;
}

/* ---- a ready table ---- */

/* In the order of ids, so that the order of the rows does not matter. */
static void sort_users(struct users *u)
{
	uint32_t *order = strmap_sorted(u->owned_ids);
	uint16_t *arm = memory_new(u->n * u->n_experiments + 1, sizeof *arm);
	for (size_t i = 0; i < u->n; i++) {
		u->id[i] = strmap_key(u->owned_ids, order[i]);
		memcpy(arm + i * u->n_experiments, u->arm + order[i] * u->n_experiments,
		       u->n_experiments * sizeof *arm);
	}
	free(u->arm);
	u->arm = arm;
	for (size_t v = 0; v < u->n_values; v++) {
		double *x = column(u);
		for (size_t i = 0; i < u->n; i++)
			x[i] = u->value[v][order[i]];
		free(u->value[v]);
		u->value[v] = x;
	}
	free(order);
}

struct users *users_read(struct table *t, const char *user, const struct option_list *experiments,
			 const struct option_list *values)
{
	struct users *u = memory_zero(1, sizeof *u);
	size_t id = table_column(t, user, option_given("user") ? "user" : NULL);
	size_t width = table_width(t), capacity[2] = {0}, n = 0;
	size_t *value_capacity = memory_zero(width + 1, sizeof *value_capacity);
	size_t *arm_column = memory_new(experiments->n + 1, sizeof *arm_column);
	size_t *value_column = memory_new(width + 1, sizeof *value_column);
	u->owned_ids = strmap_new();
	u->n_experiments = experiments->n;
	u->experiment = memory_new(experiments->n + 1, sizeof(*u->experiment));
	u->arms = memory_new(experiments->n + 1, sizeof(*u->arms));
	for (size_t i = 0; i < experiments->n; i++) {
		arm_column[i] = table_column(t, experiments->values[i], "experiment");
		u->experiment[i] = memory_text(experiments->values[i], strlen(experiments->values[i]));
		u->arms[i] = strmap_new();
	}
	for (size_t i = 0; i < values->n; i++) {
		long c = table_find_column(t, values->values[i]);
		if (c < 0 || users_find(u, values->values[i]) >= 0)
			continue; /* may follow from others; whoever needs it looks again */
		value_column[u->n_values] = (size_t)c;
		users_add(u, values->values[i], NULL);
	}
	while (table_next(t)) {
		struct span name = table_field(t, id);
		bool good = name.n > 0;
		if (!good)
			table_reject(t, id, "an empty id");
		for (size_t v = 0; v < u->n_values && good; v++) {
			double x = NAN;
			u->value[v] = memory_grow(u->value[v], &value_capacity[v], n + 1, sizeof x);
			if (table_field(t, value_column[v]).n)
				good = table_double(t, value_column[v], &x);
			u->value[v][n] = x;
		}
		if (!good)
			continue;
		if (strmap_add(u->owned_ids, name) != n) {
			table_reject(t, id, "a user that occurs twice");
			continue;
		}
		u->arm = memory_grow(u->arm, &capacity[0], (n + 1) * experiments->n + 1, sizeof *u->arm);
		for (size_t i = 0; i < experiments->n; i++) {
			struct span arm = table_field(t, arm_column[i]);
			uint32_t a = arm.n == 0 ? ARM_NONE : span_equal(arm, span_of("(several)"))
				? ARM_SEVERAL : strmap_add(u->arms[i], arm);
			if (a >= ARMS_MAX && a < ARM_SEVERAL)
				table_fail(t, "experiment %s has more than %d arms", u->experiment[i],
					   ARMS_MAX);
			u->arm[n * experiments->n + i] = (uint16_t)a;
		}
		n++;
	}
	u->n = n;
	u->id = memory_new(n + 1, sizeof *u->id);
	sort_users(u);
	for (size_t v = 0; v < u->n_values; v++)
		if (!u->value[v])
			u->value[v] = column(u);
	free(value_capacity);
	free(arm_column);
	free(value_column);
	derive(u);
	return u;
}

/* ---- metrics ---- */

static struct metric parse_metric(const char *text, size_t n)
{
	struct metric m = {.name = memory_text(text, n)};
	char shown[QUOTED_SIZE];
	const char *slash = memchr(text, '/', n), *colon = memchr(text, ':', n);
	if (colon && text[0] == 'q') {
		double percent;
		if (number_double(text + 1, (size_t)(colon - text - 1), &percent) != NUMBER_OK ||
		    percent <= 0 || percent >= 100 || colon + 1 == text + n)
			usage_error("option '--metrics': a quantile is q90:COLUMN: %s",
				    quoted(text, n, shown));
		m.kind = METRIC_QUANTILE;
		m.quantile = percent / 100;
		m.of = memory_text(colon + 1, (size_t)(text + n - colon - 1));
	} else if (slash) {
		if (slash == text || slash + 1 == text + n)
			usage_error("option '--metrics': a ratio is COLUMN/COLUMN: %s",
				    quoted(text, n, shown));
		m.kind = METRIC_RATIO;
		m.of = memory_text(text, (size_t)(slash - text));
		m.over = memory_text(slash + 1, (size_t)(text + n - slash - 1));
	} else {
		if (n == 0)
			usage_error("option '--metrics': an empty name");
		m.of = memory_text(text, n);
	}
	return m;
}

size_t metrics_parse(const char *text, struct metric **metrics)
{
	size_t count = 0;
	*metrics = NULL;
	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ",");
		*metrics = memory_resize(*metrics, count + 1, sizeof **metrics);
		(*metrics)[count++] = parse_metric(at, n);
		at += n;
		if (!*at)
			return count;
	}
}
