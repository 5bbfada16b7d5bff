/* history.c - see history.h. */
#include "domain/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/csr.h"
#include "domain/dataset.h"

/* ---- reading ---- */

/* Rows on their way into the history: ids are looked up many at a time. */
enum { BATCH = 256 };

struct history_reader {
	struct table *table;
	size_t user, item;
	long timestamp, weight, session, split; /* -1: absent */
	bool strict;                            /* a value that is no time is bad data */
	const struct history_columns *columns;
	struct history *h;
	uint32_t *row_user;
	size_t rows, capacity[5];
	size_t n;
	struct {
		struct span user[BATCH], item[BATCH], session[BATCH];
		int64_t time[BATCH];
		float weight[BATCH];
	} batch;
};

static void store_batch(struct history_reader *r)
{
	struct history *h = r->h;
	size_t at = r->rows, n = at + r->n;
	if (n >= UINT32_MAX)
		die(STATUS_FAILED, "more than %u rows", UINT32_MAX - 1);
	r->row_user = memory_grow(r->row_user, &r->capacity[0], n, sizeof *r->row_user);
	h->item = memory_grow(h->item, &r->capacity[1], n, sizeof *h->item);
	strmap_add_many(h->user_ids, r->batch.user, r->n, r->row_user + at);
	strmap_add_many(h->item_ids, r->batch.item, r->n, h->item + at);
	if (r->timestamp >= 0) {
		h->time = memory_grow(h->time, &r->capacity[2], n, sizeof *h->time);
		memcpy(h->time + at, r->batch.time, r->n * sizeof *h->time);
	}
	if (r->weight >= 0) {
		h->weight = memory_grow(h->weight, &r->capacity[3], n, sizeof *h->weight);
		memcpy(h->weight + at, r->batch.weight, r->n * sizeof *h->weight);
	}
	if (r->session >= 0) {
		h->session = memory_grow(h->session, &r->capacity[4], n, sizeof *h->session);
		strmap_add_many(h->session_ids, r->batch.session, r->n, h->session + at);
	}
	r->rows = n;
	r->n = 0;
}

static bool take_time(struct history_reader *r, int64_t *when)
{
	size_t column = (size_t)r->timestamp;
	if (r->timestamp < 0)
		return true;
	if (r->strict)
		return table_time(r->table, column, r->columns->unit, when);
	if (!table_try_time(r->table, column, r->columns->unit, when))
		*when = INT64_MIN;
	return true;
}

static bool take_weight(struct history_reader *r, float *weight)
{
	size_t column = (size_t)r->weight;
	if (r->weight < 0)
		return true;
	if (!table_float(r->table, column, weight))
		return false;
	float limit = r->columns->weight_limit;
	if (*weight >= 0 && (limit <= 0 || *weight < limit))
		return true;
	char problem[64] = "a weight below 0";
	if (*weight >= 0)
		snprintf(problem, sizeof problem, "a weight that as a 32-bit float is not below %.9g", (double)limit);
	table_reject(r->table, column, problem);
	return false;
}

/* Looks at the current row and puts it into the batch, unless it is bad or of another split. */
static void take_row(struct history_reader *r)
{
	struct table *t = r->table;
	size_t n = r->n;
	struct span user = table_field(t, r->user), item = table_field(t, r->item);
	uint8_t split;
	if (user.n == 0 || item.n == 0) {
		table_reject(t, user.n ? r->item : r->user, "an empty id");
		return;
	}
	if (r->split >= 0) {
		if (!dataset_split(t, (size_t)r->split, &split))
			return;
		if (!(r->columns->splits >> split & 1)) {
			r->h->other++;
			return;
		}
	}
	if (!take_time(r, &r->batch.time[n]) || !take_weight(r, &r->batch.weight[n]))
		return;
	if (r->session >= 0)
		r->batch.session[n] = table_field(t, (size_t)r->session);
	r->batch.user[n] = user;
	r->batch.item[n] = item;
	if (r->timestamp >= 0 && r->batch.time[n] > r->h->newest_ms)
		r->h->newest_ms = r->batch.time[n];
	r->n++;
}

static void read_rows(struct history_reader *r)
{
	for (size_t n; (n = table_next_rows(r->table)) > 0;) {
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				table_block_row(r->table, i);
			take_row(r);
			if (r->n == BATCH)
				store_batch(r);
		}
		if (r->n) /* before the fields go away */
			store_batch(r);
	}
}

/* An array of rows (or NULL) by user; rows of a user keep their order. */
static void *by_user(void *rows, size_t size, const uint32_t *user, size_t n, uint32_t users)
{
	if (!rows)
		return NULL;
	uint64_t *start = csr_new(users);
	char *in = rows, *out = memory_new(n + 1, size);
	for (size_t i = 0; i < n; i++)
		csr_count(start, user[i]);
	csr_sum(start, users);
	for (size_t i = 0; i < n; i++)
		memcpy(out + csr_place(start, user[i]) * size, in + i * size, size);
	free(start);
	free(rows);
	return out;
}

static void group(struct history *h, const uint32_t *user, size_t n)
{
	bool grouped = true;
	h->start = csr_new(h->users);
	for (size_t i = 0; i < n; i++) {
		csr_count(h->start, user[i]);
		grouped &= i == 0 || user[i] >= user[i - 1];
	}
	csr_sum(h->start, h->users);
	csr_stay(h->start, h->users);
	if (grouped)
		return;
	h->item = by_user(h->item, sizeof *h->item, user, n, h->users);
	h->time = by_user(h->time, sizeof *h->time, user, n, h->users);
	h->weight = by_user(h->weight, sizeof *h->weight, user, n, h->users);
	h->session = by_user(h->session, sizeof *h->session, user, n, h->users);
}

struct history_reader *history_open(struct table *t, const struct history_columns *c)
{
	struct history_reader *r = memory_zero(1, sizeof *r);
	r->table = t;
	r->columns = c;
	r->user = table_column(t, c->user);
	r->item = table_column(t, c->item);
	r->timestamp = c->timed ? (long)table_column(t, c->timestamp) : table_optional_column(t, c->timestamp);
	r->weight = table_optional_column(t, c->weight);
	r->session = table_optional_column(t, c->session);
	r->split = table_optional_column(t, c->split);
	r->strict = c->timed || c->timestamp.option;
	r->h = memory_zero(1, sizeof *r->h);
	*r->h = (struct history){.user_ids = strmap_new(), .item_ids = strmap_new(),
		.session_ids = strmap_new(), .newest_ms = INT64_MIN};
	return r;
}

struct history *history_read(struct history_reader *r)
{
	struct history *h = r->h;
	read_rows(r);
	uint32_t *rank;
	h->item_ids = strmap_in_order(h->item_ids, &rank);
	h->users = strmap_count(h->user_ids);
	h->items = strmap_count(h->item_ids);
	for (size_t i = 0; i < r->rows; i++)
		h->item[i] = rank[h->item[i]];
	free(rank);
	if (r->rows == 0)
		h->item = memory_new(1, sizeof *h->item);
	group(h, r->row_user, r->rows);
	free(r->row_user);
	free(r);
	return h;
}

/* ---- the order of a user's rows ---- */

struct event {
	int64_t time;
	uint64_t tie;
	uint32_t item, session;
	float weight;
};

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	return (x->time > y->time) - (x->time < y->time);
}

/* The hash, then what tells rows apart; rows that are equal in all of it are the same. */
static int by_tie(const void *a, const void *b, void *context)
{
	const struct history *h = context;
	const struct event *x = a, *y = b;
	if (x->tie != y->tie)
		return x->tie < y->tie ? -1 : 1;
	if (x->item != y->item)
		return x->item < y->item ? -1 : 1;
	if (x->weight < y->weight || x->weight > y->weight)
		return x->weight < y->weight ? -1 : 1;
	return x->session == y->session ? 0 : span_compare(strmap_key(h->session_ids, x->session),
							   strmap_key(h->session_ids, y->session));
}

static void sort_ties(struct history *h, struct event *e, size_t n, uint64_t seed, uint32_t user)
{
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && e[to].time == e[from].time; to++)
			;
		if (to - from == 1)
			continue;
		for (size_t i = from; i < to; i++)
			e[i].tie = hash_row(seed, strmap_key(h->user_ids, user),
					    strmap_key(h->item_ids, e[i].item));
		qsort_r(e + from, to - from, sizeof *e, by_tie, h);
	}
}

/* Few rows, or many in order except for some, need no call for each comparison. */
static void sort_times(struct event *e, size_t n)
{
	enum { FEW = 32 };
	if (n > FEW) {
		qsort(e, n, sizeof *e, by_time);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct event held = e[i];
		size_t at = i;
		for (; at > 0 && e[at - 1].time > held.time; at--)
			e[at] = e[at - 1];
		e[at] = held;
	}
}

/* Are the times of these rows ascending, without two that are equal? */
static bool in_order_already(const int64_t *time, uint64_t from, uint64_t to)
{
	for (uint64_t i = from + 1; i < to; i++)
		if (time[i] <= time[i - 1])
			return false;
	return true;
}

void history_sort(struct history *h, uint64_t seed, uint64_t above)
{
	struct event *events = NULL;
	size_t capacity = 0;
	for (uint32_t u = 0; u < h->users; u++) {
		uint64_t from = h->start[u], to = h->start[u + 1];
		size_t n = (size_t)(to - from);
		if (n < 2 || n <= above || (h->time && in_order_already(h->time, from, to)))
			continue;
		events = memory_grow(events, &capacity, n, sizeof *events);
		for (size_t i = 0; i < n; i++)
			events[i] = (struct event){.time = h->time ? h->time[from + i] : 0,
				.item = h->item[from + i], .session = h->session ? h->session[from + i] : 0,
				.weight = h->weight ? h->weight[from + i] : 1};
		sort_times(events, n);
		sort_ties(h, events, n, seed, u);
		for (size_t i = 0; i < n; i++) {
			h->item[from + i] = events[i].item;
			if (h->time)
				h->time[from + i] = events[i].time;
			if (h->weight)
				h->weight[from + i] = events[i].weight;
			if (h->session)
				h->session[from + i] = events[i].session;
		}
	}
	free(events);
}

/* ---- rows that are left ---- */

static void move_row(struct history *h, uint64_t to, uint64_t from)
{
	h->item[to] = h->item[from];
	if (h->time)
		h->time[to] = h->time[from];
	if (h->weight)
		h->weight[to] = h->weight[from];
	if (h->session)
		h->session[to] = h->session[from];
}

void history_distinct(struct history *h)
{
	/* The last row of each item for the user at hand. */
	uint64_t *last = memory_zero((size_t)h->items + 1, sizeof *last);
	uint64_t n = 0, from = 0;
	for (uint32_t u = 0; u < h->users; u++) {
		uint64_t to = h->start[u + 1], begin = n;
		for (uint64_t i = from; i < to; i++)
			last[h->item[i]] = i;
		for (uint64_t i = from; i < to; i++)
			if (last[h->item[i]] == i)
				move_row(h, n++, i);
		h->start[u] = begin;
		from = to;
	}
	h->start[h->users] = n;
	free(last);
}

uint32_t history_cut(struct history *h, uint64_t most, uint64_t *dropped)
{
	uint64_t n = 0, from = 0;
	uint32_t cut = 0;
	*dropped = 0;
	for (uint32_t u = 0; u < h->users; u++) {
		uint64_t to = h->start[u + 1], begin = n, first = from;
		if (to - from > most) {
			first = to - most;
			*dropped += first - from;
			cut++;
		}
		for (uint64_t i = first; i < to; i++)
			move_row(h, n++, i);
		h->start[u] = begin;
		from = to;
	}
	h->start[h->users] = n;
	return cut;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	strmap_free(h->user_ids);
	strmap_free(h->item_ids);
	strmap_free(h->session_ids);
	free(h->start);
	free(h->item);
	free(h->time);
	free(h->weight);
	free(h->session);
	free(h);
}
