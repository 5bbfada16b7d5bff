/* events.c - see events.h. */
#include "events.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/csr.h"
#include "domain/event.h"
#include "frame/run.h"

/* The experiments: those named by --experiment, or every column that is not part of events. */
static size_t *find_experiments(struct events *e, struct table *t, const struct event_columns *c)
{
	const char *reserved[] = {c->message, c->timestamp, c->user, c->track, c->time, c->latency,
		c->recommendation, c->triggered};
	size_t width = table_width(t), *columns = memory_new(width + c->experiments.n, sizeof *columns);
	e->experiment = memory_zero(width + c->experiments.n + 1, sizeof *e->experiment);
	for (size_t i = 0; i < c->experiments.n && !c->no_experiments; i++) {
		for (size_t j = 0; j < sizeof reserved / sizeof *reserved; j++)
			if (reserved[j] && strcmp(reserved[j], c->experiments.values[i]) == 0)
				usage_error("--experiment=%s: this column is not an experiment", reserved[j]);
		columns[e->n_experiments] = table_column(t, option_column("experiment", c->experiments.values[i]));
		e->experiment[e->n_experiments++] = memory_text(c->experiments.values[i],
								strlen(c->experiments.values[i]));
	}
	for (size_t i = 0; i < width && c->experiments.n == 0 && !c->no_experiments; i++) {
		struct span name = table_column_name(t, i);
		bool own = event_column_is_fixed(name);
		for (size_t j = 0; j < sizeof reserved / sizeof *reserved; j++)
			own |= reserved[j] && span_equal(name, span_of(reserved[j]));
		if (name.n == 0)
			warn("%s:1: column %zu of %zu has no name and is not an experiment", table_file(t),
			     i + 1, width);
		if (own || name.n == 0)
			continue;
		char *text = memory_text(name.at, name.n);
		columns[e->n_experiments] = (size_t)table_find_column(t, text); /* fails if it is there twice */
		e->experiment[e->n_experiments++] = text;
	}
	if (e->n_experiments == 0 && !c->no_experiments)
		die(STATUS_DATA, "%s: no column is an experiment", table_file(t));
	e->arms = memory_new(e->n_experiments + 1, sizeof(*e->arms));
	for (size_t i = 0; i < e->n_experiments; i++)
		e->arms[i] = strmap_new();
	return columns;
}

/* The row's arms in one text. */
static struct span arms_text(struct event_reader *r, size_t n)
{
	r->text.n = 0;
	for (size_t i = 0; i < n; i++) {
		buffer_add_span(&r->text, table_field(r->t, r->arm[i]));
		buffer_add_byte(&r->text, '\t');
	}
	return (struct span){r->text.data, r->text.n};
}

/* The number of the row's combination of arms. */
static uint32_t combination(struct events *e, struct event_reader *r)
{
	struct table *t = r->t;
	struct span text = e->n_experiments == 1 ? table_field(t, r->arm[0]) : arms_text(r, e->n_experiments);
	uint32_t before = strmap_count(r->combinations);
	uint32_t number = strmap_add(r->combinations, text);
	if (number < before)
		return number;
	e->arm_of = memory_resize(e->arm_of, ((size_t)before + 1) * e->n_experiments + 1,
				  sizeof *e->arm_of);
	for (size_t i = 0; i < e->n_experiments; i++) {
		struct span arm = table_field(t, r->arm[i]);
		uint32_t a = is_missing(arm) ? ARM_NONE : strmap_add(e->arms[i], arm);
		if (a != ARM_NONE && a >= ARMS_MAX)
			table_fail(t, "experiment %s has more than %d arms", e->experiment[i], ARMS_MAX);
		e->arm_of[before * e->n_experiments + i] = (uint16_t)a;
	}
	return number;
}

static uint64_t hash_of(struct span s)
{
	return s.n ? hash_table(s.at, s.n) | 1 : 0;
}

/* Grows all arrays at once. */
static void make_room(struct events *e)
{
	if (e->n < e->capacity)
		return;
	size_t n = e->capacity = e->n + e->n / 2 + 4096;
	e->user = memory_resize(e->user, n, sizeof *e->user);
	e->timestamp = memory_resize(e->timestamp, n, sizeof *e->timestamp);
	e->time = memory_resize(e->time, n, sizeof *e->time);
	e->latency = memory_resize(e->latency, n, sizeof *e->latency);
	e->track = memory_resize(e->track, n, sizeof *e->track);
	e->recommendation = memory_resize(e->recommendation, n, sizeof *e->recommendation);
	e->combination = memory_resize(e->combination, n, sizeof *e->combination);
	e->flags = memory_resize(e->flags, n, sizeof *e->flags);
	for (size_t m = 0; m < e->measures->n; m++)
		e->measured[m] = memory_resize(e->measured[m], n, sizeof **e->measured);
}

/* The order of a user's events, which does not depend on the order of the input. */
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
	for (size_t m = 0; m < e->measures->n; m++) {
		uint64_t x = e->measured[m][a].hash, y = e->measured[m][b].hash;
		if (x != y) /* by their bits: any order will do */
			return x < y ? -1 : 1;
	}
	return 0;
}

bool events_tied(const struct events *e, size_t a, size_t b)
{
	return e->timestamp[a] == e->timestamp[b];
}

bool events_equal(const struct events *e, size_t a, size_t b)
{
	return compare(e, (uint32_t)a, (uint32_t)b) == 0 && e->combination[a] == e->combination[b];
}

/* Times next to row numbers: a user's rows are scattered over the columns. */
struct timed_row {
	int64_t timestamp;
	uint32_t row;
};

static int compare_timed(const void *a, const void *b, void *events)
{
	const struct timed_row *x = a, *y = b;
	if (x->timestamp != y->timestamp)
		return x->timestamp < y->timestamp ? -1 : 1;
	return compare(events, x->row, y->row);
}

static void sort_user(struct events *e, uint32_t *row, size_t n)
{
	struct timed_row few[48], *k = n <= 48 ? few : memory_new(n, sizeof *k);
	for (size_t i = 0; i < n; i++)
		k[i] = (struct timed_row){e->timestamp[row[i]], row[i]};
	if (n > 48)
		qsort_r(k, n, sizeof *k, compare_timed, e);
	for (size_t i = 1; i < n && n <= 48; i++) {
		struct timed_row moved = k[i];
		size_t j = i;
		for (; j > 0 && compare_timed(&k[j - 1], &moved, e) > 0; j--)
			k[j] = k[j - 1];
		k[j] = moved;
	}
	for (size_t i = 0; i < n; i++)
		row[i] = k[i].row;
	if (k != few)
		free(k);
}

static void *permute(void *values, size_t size, const uint32_t *order, size_t n, size_t capacity)
{
	char *out = memory_new(capacity + 1, size);
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

static void permute_all(struct events *e, const uint32_t *order, size_t n)
{
	e->user = permute(e->user, sizeof *e->user, order, n, e->capacity);
	e->timestamp = permute(e->timestamp, sizeof *e->timestamp, order, n, e->capacity);
	e->time = permute(e->time, sizeof *e->time, order, n, e->capacity);
	e->latency = permute(e->latency, sizeof *e->latency, order, n, e->capacity);
	e->track = permute(e->track, sizeof *e->track, order, n, e->capacity);
	e->recommendation = permute(e->recommendation, sizeof *e->recommendation, order, n, e->capacity);
	e->combination = permute(e->combination, sizeof *e->combination, order, n, e->capacity);
	e->flags = permute(e->flags, sizeof *e->flags, order, n, e->capacity);
	for (size_t m = 0; m < e->measures->n; m++)
		e->measured[m] = permute(e->measured[m], sizeof **e->measured, order, n, e->capacity);
}

uint32_t *events_by_user(const struct events *e, const struct strmap *of, const uint32_t *by_id,
			 uint64_t **starts)
{
	uint32_t users = strmap_count(of), *rank = memory_new((size_t)users + 1, sizeof *rank);
	for (uint32_t i = 0; i < users; i++)
		rank[by_id[i]] = i;
	uint64_t *start = *starts = csr_new(users);
	uint32_t *order = memory_new(e->n + 1, sizeof *order);
	for (size_t i = 0; i < e->n; i++)
		csr_count(start, rank[e->user[i]]);
	csr_sum(start, users);
	for (size_t i = 0; i < e->n; i++)
		order[csr_place(start, rank[e->user[i]])] = (uint32_t)i;
	free(rank);
	return order;
}

void events_sort(struct events *e, const struct strmap *of)
{
	uint32_t users = strmap_count(of), *by_id = strmap_sorted(of);
	uint64_t *start;
	uint32_t *order = events_by_user(e, of, by_id, &start);
	for (uint32_t u = 0; u < users; u++)
		sort_user(e, order + start[u], start[u + 1] - start[u]);
	e->capacity = e->n;
	permute_all(e, order, e->n);
	free(order);
	free(start);
	free(by_id);
}

void events_sort_one(struct events *e)
{
	size_t kept = e->n < e->capacity ? e->n + 1 : e->n;
	uint32_t few[65], *order = kept <= 65 ? few : memory_new(kept, sizeof *order);
	bool sorted = true;
	for (size_t i = 0; i < kept; i++)
		order[i] = (uint32_t)i;
	for (size_t i = 1; i < e->n && sorted; i++)
		sorted = compare(e, (uint32_t)i - 1, (uint32_t)i) <= 0;
	if (!sorted) {
		sort_user(e, order, e->n);
		permute_all(e, order, kept);
	}
	if (order != few)
		free(order);
}

void events_keep_next(struct events *e)
{
	size_t n = e->n;
	e->n = 0;
	if (n >= e->capacity)
		return; /* no event was read after it */
	e->user[0] = e->user[n];
	e->timestamp[0] = e->timestamp[n];
	e->time[0] = e->time[n];
	e->latency[0] = e->latency[n];
	e->track[0] = e->track[n];
	e->recommendation[0] = e->recommendation[n];
	e->combination[0] = e->combination[n];
	e->flags[0] = e->flags[n];
	for (size_t m = 0; m < e->measures->n; m++)
		e->measured[m][0] = e->measured[m][n];
}

/* ---- stored ---- */

/* The columns of an event, but for the measures and the user: f(column). */
#define STORED_COLUMNS(f) f(timestamp) f(time) f(latency) f(track) f(recommendation) f(combination) f(flags)

size_t events_stored_size(const struct events *e)
{
#define ADD_SIZE(column) + sizeof *e->column
	return e->measures->n * sizeof **e->measured STORED_COLUMNS(ADD_SIZE);
#undef ADD_SIZE
}

size_t events_bytes(const struct events *e)
{
	return events_stored_size(e) + 2 * sizeof *e->user; /* the user, and the place in an order */
}

void events_store(const struct events *e, size_t i, char *at)
{
#define STORE(column) memcpy(at, &e->column[i], sizeof *e->column), at += sizeof *e->column;
	STORED_COLUMNS(STORE)
#undef STORE
	for (size_t m = 0; m < e->measures->n; m++, at += sizeof **e->measured)
		memcpy(at, &e->measured[m][i], sizeof **e->measured);
}

void events_load(struct events *e, const char *at)
{
	make_room(e);
	size_t i = e->n++;
	e->user[i] = 0;
#define LOAD(column) memcpy(&e->column[i], at, sizeof *e->column), at += sizeof *e->column;
	STORED_COLUMNS(LOAD)
#undef LOAD
	for (size_t m = 0; m < e->measures->n; m++, at += sizeof **e->measured)
		memcpy(&e->measured[m][i], at, sizeof **e->measured);
}

/* ---- reading ---- */

/* A number that may be missing: an empty field is 0. */
static bool optional_double(struct table *t, size_t column, double *value)
{
	*value = 0;
	return table_field(t, column).n == 0 || table_double(t, column, value);
}

static bool is_any(struct span s, const char *const *words)
{
	for (; *words; words++)
		if (span_equal(s, span_of(*words)))
			return true;
	return false;
}

static bool is_true(struct span s)
{
	static const char *const WORDS[] = {"true", "TRUE", "True", NULL};
	return is_any(s, WORDS);
}

static bool is_trigger(struct span s)
{
	return is_true(s) || span_equal(s, span_of("1")) || span_equal(s, span_of("yes"));
}

bool is_missing(struct span s)
{
	return s.n == 0 || (s.n == 2 && s.at[0] == 'N' && s.at[1] == 'A');
}

bool number_of_field(struct table *t, size_t column, double *value)
{
	static const char *const FALSE_WORDS[] = {"false", "FALSE", "False", NULL};
	struct span s = table_field(t, column);
	char first = s.n ? s.at[0] : '0';
	if ((first == 't' || first == 'T') && is_true(s))
		*value = 1;
	else if ((first == 'f' || first == 'F') && is_any(s, FALSE_WORDS))
		*value = 0;
	else
		return table_double(t, column, value);
	return true;
}

static bool holds(const struct measure *m, double x)
{
	switch (m->which) {
	case OF_MORE:
		return x > m->limit;
	case OF_LESS:
		return x < m->limit;
	case OF_MORE_OR_EQUAL:
		return x >= m->limit;
	case OF_LESS_OR_EQUAL:
		return x <= m->limit;
	default:
		return true;
	}
}

/* What the current row gives to a measure; false when it was rejected. */
static bool read_measure(struct table *t, const struct measure *m, size_t column, union measure_value *value)
{
	struct span field = table_field(t, column);
	if (m->kind == MEASURE_DISTINCT) {
		value->hash = hash_of(field);
		return true;
	}
	double x = 0;
	value->number = m->kind == MEASURE_SUM ? NAN : 0;
	if (field.n == 0 || (m->which != OF_EQUAL && is_missing(field)))
		return true;
	if ((m->kind == MEASURE_SUM || (m->which != OF_ANY && m->which != OF_EQUAL)) &&
	    !number_of_field(t, column, &x))
		return false;
	if (m->kind == MEASURE_SUM)
		value->number = x;
	else
		value->number = m->which == OF_EQUAL ? span_equal(field, span_of(m->text)) : holds(m, x);
	return true;
}

struct event_reader events_open(struct table *t, const struct event_columns *c, struct events *e)
{
#define COLUMN(name) table_column(t, option_column(#name, c->name))
	struct event_reader r = {.t = t, .columns = c, .combinations = strmap_new(),
		.message = COLUMN(message), .timestamp = COLUMN(timestamp), .user = COLUMN(user),
		.track = COLUMN(track), .time = COLUMN(time), .latency = COLUMN(latency),
		.recommendation = COLUMN(recommendation),
		.triggered = c->triggered ? table_column(t, option_column("triggered", c->triggered)) : 0};
#undef COLUMN
	r.arm = find_experiments(e, t, c);
	e->measures = c->measures;
	e->measured = memory_zero(c->measures->n + 1, sizeof(*e->measured));
	r.measure = memory_new(c->measures->n + 1, sizeof *r.measure);
	for (size_t m = 0; m < c->measures->n; m++)
		r.measure[m] = table_column(t, (struct column){c->measures->all[m].column, "metrics"});
	return r;
}

bool events_next(struct event_reader *r, struct events *e, struct span *user)
{
	struct table *t = r->t;
	while (table_next(t)) {
		make_room(e);
		progress_step(table_bytes(t), table_size(t), "bytes");
		bool last;
		if (!event_message(t, r->message, &last))
			continue;
		size_t n = e->n;
		*user = table_field(t, r->user);
		if (user->n == 0) {
			table_reject(t, r->user, "an empty id");
			continue;
		}
		if (!table_time(t, r->timestamp, r->columns->unit, &e->timestamp[n]) ||
		    !optional_double(t, r->time, &e->time[n]) ||
		    !optional_double(t, r->latency, &e->latency[n]))
			continue;
		bool good = true;
		for (size_t m = 0; m < e->measures->n && good; m++)
			good = read_measure(t, &e->measures->all[m], r->measure[m], &e->measured[m][n]);
		if (!good || e->timestamp[n] < r->columns->from_ms || e->timestamp[n] >= r->columns->to_ms)
			continue;
		e->combination[n] = combination(e, r);
		e->track[n] = (uint32_t)hash_of(table_field(t, r->track));
		e->recommendation[n] = (uint32_t)hash_of(table_field(t, r->recommendation));
		e->flags[n] = (uint8_t)((last ? EVENT_LAST : 0) |
			(r->columns->triggered && is_trigger(table_field(t, r->triggered)) ? EVENT_TRIGGERED : 0));
		return true;
	}
	return false;
}

void events_close(struct event_reader *r)
{
	buffer_free(&r->text);
	strmap_free(r->combinations);
	free(r->arm);
	free(r->measure);
}

void events_forget(struct events *e)
{
#define FORGET(column) free(e->column), e->column = NULL;
	for (size_t m = 0; m < e->measures->n; m++) {
		FORGET(measured[m])
	}
	FORGET(user)
	STORED_COLUMNS(FORGET)
#undef FORGET
	e->n = e->capacity = 0;
}

void events_free(struct events *e)
{
	events_forget(e);
	free(e->measured);
	free(e->arm_of);
}
