#include "analyze.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "frame/run.h"

/* Columns of the events stream that are no experiments. */
static const char *const OWN[] = {"message", "timestamp", "user", "track", "time", "latency",
	"recommendation", "session", "step", "source", "rank", "probability", "generation",
	"triggered"};

/* The experiments: those that were named, or every column that is not the event's. */
static size_t *find_experiments(struct events *e, struct table *t, const struct event_columns *c)
{
	const char *taken[] = {c->message, c->timestamp, c->user, c->track, c->time, c->latency,
		c->recommendation, c->triggered};
	size_t width = table_width(t), *columns = memory_new(width + c->experiments.n, sizeof *columns);
	e->experiment = memory_zero(width + c->experiments.n + 1, sizeof *e->experiment);
	for (size_t i = 0; i < c->experiments.n; i++) {
		columns[e->n_experiments] = table_column(t, c->experiments.values[i], "experiment");
		e->experiment[e->n_experiments++] = memory_text(c->experiments.values[i],
								strlen(c->experiments.values[i]));
	}
	for (size_t i = 0; i < width && c->experiments.n == 0; i++) {
		struct span name = table_column_name(t, i);
		bool own = false;
		for (size_t j = 0; j < sizeof OWN / sizeof *OWN; j++)
			own |= span_equal(name, span_of(OWN[j]));
		for (size_t j = 0; j < sizeof taken / sizeof *taken; j++)
			own |= taken[j] && span_equal(name, span_of(taken[j]));
		if (own)
			continue;
		columns[e->n_experiments] = i;
		e->experiment[e->n_experiments++] = memory_text(name.at, name.n);
	}
	if (e->n_experiments == 0)
		die(STATUS_DATA, "%s: no column is an experiment", table_file(t));
	e->arms = memory_new(e->n_experiments, sizeof(*e->arms));
	for (size_t i = 0; i < e->n_experiments; i++)
		e->arms[i] = strmap_new();
	return columns;
}

/* The number of the row's combination of arms; false when the row was rejected. */
static bool combination(struct events *e, struct strmap *known, struct table *t,
			const size_t *columns, struct buffer *text, uint32_t *number)
{
	text->n = 0;
	for (size_t i = 0; i < e->n_experiments; i++) {
		struct span arm = table_field(t, columns[i]);
		buffer_add_span(text, arm);
		buffer_add_byte(text, '\t');
	}
	uint32_t before = strmap_count(known);
	*number = strmap_add(known, (struct span){text->data, text->n});
	if (*number < before)
		return true;
	e->arm_of = memory_resize(e->arm_of, ((size_t)before + 1) * e->n_experiments,
				  sizeof *e->arm_of);
	for (size_t i = 0; i < e->n_experiments; i++) {
		struct span arm = table_field(t, columns[i]);
		uint32_t a = arm.n ? strmap_add(e->arms[i], arm) : ARM_NONE;
		if (a != ARM_NONE && a >= ARMS_MAX)
			table_fail(t, "experiment %s has more than %d arms", e->experiment[i], ARMS_MAX);
		e->arm_of[before * e->n_experiments + i] = (uint16_t)a;
	}
	e->n_combinations = (size_t)before + 1;
	return true;
}

static uint64_t hash_of(struct span s)
{
	return s.n ? hash_table(s.at, s.n) | 1 : 0;
}

/* Growing all arrays at once. */
static void make_room(struct events *e, size_t *capacity, bool distinct)
{
	if (e->n < *capacity)
		return;
	size_t n = *capacity = e->n + e->n / 2 + 4096;
	e->user = memory_resize(e->user, n, sizeof *e->user);
	e->timestamp = memory_resize(e->timestamp, n, sizeof *e->timestamp);
	e->time = memory_resize(e->time, n, sizeof *e->time);
	e->latency = memory_resize(e->latency, n, sizeof *e->latency);
	e->track = memory_resize(e->track, n, sizeof *e->track);
	if (distinct)
		e->track_hash = memory_resize(e->track_hash, n, sizeof *e->track_hash);
	e->recommendation = memory_resize(e->recommendation, n, sizeof *e->recommendation);
	e->combination = memory_resize(e->combination, n, sizeof *e->combination);
	e->flags = memory_resize(e->flags, n, sizeof *e->flags);
}

/* The order of a user's events: nothing in it depends on where a row stood. */
static int compare(const struct events *e, uint32_t a, uint32_t b)
{
	if (e->timestamp[a] != e->timestamp[b])
		return e->timestamp[a] < e->timestamp[b] ? -1 : 1;
	int last_a = e->flags[a] & EVENT_LAST, last_b = e->flags[b] & EVENT_LAST;
	if (last_a != last_b)
		return last_a - last_b;
	if (e->track[a] != e->track[b])
		return e->track[a] < e->track[b] ? -1 : 1;
	if (e->recommendation[a] != e->recommendation[b])
		return e->recommendation[a] < e->recommendation[b] ? -1 : 1;
	if (e->time[a] < e->time[b] || e->time[a] > e->time[b])
		return e->time[a] < e->time[b] ? -1 : 1;
	if (e->latency[a] < e->latency[b] || e->latency[a] > e->latency[b])
		return e->latency[a] < e->latency[b] ? -1 : 1;
	return 0;
}

static int compare_rows(const void *a, const void *b, void *events)
{
	return compare(events, *(const uint32_t *)a, *(const uint32_t *)b);
}

static void sort_user(struct events *e, uint32_t *row, size_t n)
{
	if (n > 48) {
		qsort_r(row, n, sizeof *row, compare_rows, e);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		uint32_t moved = row[i];
		size_t j = i;
		for (; j > 0 && compare(e, row[j - 1], moved) > 0; j--)
			row[j] = row[j - 1];
		row[j] = moved;
	}
}

static void *permute(void *values, size_t size, const uint32_t *order, size_t n)
{
	char *out = memory_new(n + 1, size);
	const char *in = values;
	if (size == 8)
		for (size_t i = 0; i < n; i++)
			memcpy(out + i * 8, in + (size_t)order[i] * 8, 8);
	else if (size == 4)
		for (size_t i = 0; i < n; i++)
			memcpy(out + i * 4, in + (size_t)order[i] * 4, 4);
	else
		for (size_t i = 0; i < n; i++)
			out[i] = in[order[i]];
	free(values);
	return out;
}

static void sort_events(struct events *e)
{
	uint32_t users = strmap_count(e->users), *rank = memory_new((size_t)users + 1, sizeof *rank);
	uint32_t *by_id = strmap_sorted(e->users);
	for (uint32_t i = 0; i < users; i++)
		rank[by_id[i]] = i;
	size_t *start = memory_zero((size_t)users + 2, sizeof *start);
	size_t *next = memory_new((size_t)users + 2, sizeof *next);
	uint32_t *order = memory_new(e->n + 1, sizeof *order);
	for (size_t i = 0; i < e->n; i++)
		start[rank[e->user[i]] + 1]++;
	for (uint32_t u = 0; u < users; u++)
		start[u + 1] += start[u];
	memcpy(next, start, ((size_t)users + 2) * sizeof *next);
	for (size_t i = 0; i < e->n; i++)
		order[next[rank[e->user[i]]]++] = (uint32_t)i;
	free(next);
	for (uint32_t u = 0; u < users; u++)
		sort_user(e, order + start[u], start[u + 1] - start[u]);
	for (size_t i = 1; i < e->n; i++) {
		uint32_t a = order[i - 1], b = order[i];
		if (e->user[a] != e->user[b] || e->timestamp[a] != e->timestamp[b])
			continue;
		e->ties++;
		e->duplicates += compare(e, a, b) == 0 && e->combination[a] == e->combination[b];
	}
	e->user = permute(e->user, sizeof *e->user, order, e->n);
	e->timestamp = permute(e->timestamp, sizeof *e->timestamp, order, e->n);
	e->time = permute(e->time, sizeof *e->time, order, e->n);
	e->latency = permute(e->latency, sizeof *e->latency, order, e->n);
	e->track = permute(e->track, sizeof *e->track, order, e->n);
	if (e->track_hash)
		e->track_hash = permute(e->track_hash, sizeof *e->track_hash, order, e->n);
	e->recommendation = permute(e->recommendation, sizeof *e->recommendation, order, e->n);
	e->combination = permute(e->combination, sizeof *e->combination, order, e->n);
	e->flags = permute(e->flags, sizeof *e->flags, order, e->n);
	free(order);
	free(start);
	free(rank);
	free(by_id);
}

/* A number that may be missing: an empty field is 0. */
static bool optional_double(struct table *t, size_t column, double *value)
{
	*value = 0;
	return table_field(t, column).n == 0 || table_double(t, column, value);
}

static bool is_true(struct span s)
{
	return span_equal(s, span_of("1")) || span_equal(s, span_of("true")) ||
		span_equal(s, span_of("yes"));
}

struct events *events_read(struct table *t, const struct event_columns *c)
{
#define COLUMN(name) table_column(t, c->name, option_given(#name) ? #name : NULL)
	size_t message = COLUMN(message), timestamp = COLUMN(timestamp), user = COLUMN(user);
	size_t track = COLUMN(track), time = COLUMN(time), latency = COLUMN(latency);
	size_t recommendation = COLUMN(recommendation);
#undef COLUMN
	size_t triggered = c->triggered ? table_column(t, c->triggered, "triggered") : 0;
	struct events *e = memory_zero(1, sizeof *e);
	size_t *columns = find_experiments(e, t, c), capacity = 0;
	struct strmap *combinations = strmap_new();
	struct buffer text = {0};
	e->users = strmap_new();
	while (table_next(t)) {
		make_room(e, &capacity, c->distinct);
		struct span kind = table_field(t, message);
		bool last = span_equal(kind, span_of("last"));
		if (!last && !span_equal(kind, span_of("next"))) {
			table_reject(t, message, "not next or last");
			continue;
		}
		size_t n = e->n;
		if (table_field(t, user).n == 0) {
			table_reject(t, user, "an empty id");
			continue;
		}
		if (!table_i64(t, timestamp, &e->timestamp[n]) ||
		    !optional_double(t, time, &e->time[n]) ||
		    !optional_double(t, latency, &e->latency[n]))
			continue;
		if (e->timestamp[n] < c->from_ms || e->timestamp[n] >= c->to_ms)
			continue;
		if (n >= UINT32_MAX - 1)
			die(STATUS_FAILED, "more than %u events", UINT32_MAX - 1);
		if (!combination(e, combinations, t, columns, &text, &e->combination[n]))
			continue;
		e->user[n] = strmap_add(e->users, table_field(t, user));
		uint64_t hash = hash_of(table_field(t, track));
		e->track[n] = (uint32_t)hash;
		if (e->track_hash)
			e->track_hash[n] = hash;
		e->recommendation[n] = (uint32_t)hash_of(table_field(t, recommendation));
		e->flags[n] = (uint8_t)((last ? EVENT_LAST : 0) |
			(c->triggered && is_true(table_field(t, triggered)) ? EVENT_TRIGGERED : 0));
		e->n++;
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	e->rows = table_rows(t);
	e->rejected = table_rejected(t);
	buffer_free(&text);
	strmap_free(combinations);
	free(columns);
	sort_events(e);
	return e;
}

void events_free(struct events *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n_experiments; i++) {
		free(e->experiment[i]);
		strmap_free(e->arms[i]);
	}
	strmap_free(e->users);
	free(e->experiment);
	free(e->arms);
	free(e->arm_of);
	free(e->user);
	free(e->timestamp);
	free(e->time);
	free(e->latency);
	free(e->track);
	free(e->track_hash);
	free(e->recommendation);
	free(e->combination);
	free(e->flags);
	free(e);
}
