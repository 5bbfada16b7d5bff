#include "data/csr.h"
#include "domain/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "data/radix.h"

const char *const SPLIT_NAMES[SPLIT_COUNT] = {"train", "validation", "test"};

unsigned split_mask(const char *text, struct span *bad)
{
	if (strcmp(text, "all") == 0)
		return SPLIT_ALL;
	unsigned mask = 0;
	for (struct span word, rest = span_of(text); span_next(&rest, ',', &word);) {
		unsigned bit = 0;
		for (unsigned s = 0; s < SPLIT_COUNT; s++)
			if (span_equal(word, span_of(SPLIT_NAMES[s])))
				bit = 1u << s;
		if (!bit) {
			*bad = word;
			return 0;
		}
		mask |= bit;
	}
	return mask;
}

/* Rows in the order of the input, ids numbered by first appearance. */
struct rows {
	size_t n, capacity[5];
	uint32_t *user, *item;
	float *weight;
	uint8_t *split;
	int64_t *timestamp;
};

/* Rows on their way into `rows`: ids are looked up many at a time. */
struct reader {
	struct table *table;
	size_t user, item;
	long weight, split, timestamp; /* -1: absent */
	enum time_unit unit;
	struct strmap *users, *items;
	struct rows rows;
	size_t n;
	struct batch {
		struct span user[256], item[256];
		float weight[256];
		uint8_t split[256];
		int64_t timestamp[256];
	} batch;
};

enum { BATCH = sizeof ((struct batch *)0)->split };

static void store_batch(struct reader *reader)
{
	struct rows *r = &reader->rows;
	const struct batch *b = &reader->batch;
	size_t more = reader->n, n = r->n + more;
	r->user = memory_grow(r->user, &r->capacity[0], n, sizeof *r->user);
	r->item = memory_grow(r->item, &r->capacity[1], n, sizeof *r->item);
	r->weight = memory_grow(r->weight, &r->capacity[2], n, sizeof *r->weight);
	r->split = memory_grow(r->split, &r->capacity[3], n, sizeof *r->split);
	strmap_add_many(reader->users, b->user, more, r->user + r->n);
	strmap_add_many(reader->items, b->item, more, r->item + r->n);
	memcpy(r->weight + r->n, b->weight, more * sizeof *b->weight);
	memcpy(r->split + r->n, b->split, more * sizeof *b->split);
	if (reader->timestamp >= 0) {
		r->timestamp = memory_grow(r->timestamp, &r->capacity[4], n, sizeof *r->timestamp);
		memcpy(r->timestamp + r->n, b->timestamp, more * sizeof *b->timestamp);
	}
	r->n = n;
	reader->n = 0;
}

bool dataset_split(struct table *t, size_t column, uint8_t *split)
{
	struct span text = table_field(t, column);
	for (uint8_t s = 0; s < SPLIT_COUNT; s++) {
		if (span_equal(text, span_of(SPLIT_NAMES[s]))) {
			*split = s;
			return true;
		}
	}
	table_reject(t, column, "not train, validation or test");
	return false;
}

static bool parse_id(struct table *t, size_t column, struct span *id)
{
	*id = table_field(t, column);
	if (id->n)
		return true;
	table_reject(t, column, "an empty id");
	return false;
}

/* Looks at the current row and puts it into the batch, unless it is bad. */
static void take_row(struct reader *r)
{
	struct batch *b = &r->batch;
	size_t n = r->n;
	b->weight[n] = 1;
	b->split[n] = SPLIT_TRAIN;
	if (parse_id(r->table, r->user, &b->user[n]) && parse_id(r->table, r->item, &b->item[n]) &&
	    (r->weight < 0 || table_float(r->table, (size_t)r->weight, &b->weight[n])) &&
	    (r->split < 0 || dataset_split(r->table, (size_t)r->split, &b->split[n])) &&
	    (r->timestamp < 0 || table_time(r->table, (size_t)r->timestamp, r->unit, &b->timestamp[n])))
		r->n++;
}

static void read_rows(struct reader *r)
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

/* One row in the hand. */
struct row {
	uint64_t key;
	int64_t timestamp;
	float weight;
	uint8_t split;
};

/* User and item as one number; `bits` are the item's. */
static inline uint64_t key_at(const struct rows *r, unsigned bits, size_t i)
{
	return (uint64_t)r->user[i] << bits | r->item[i];
}

static inline struct row take_out(const struct rows *r, unsigned bits, size_t i)
{
	return (struct row){
		.key = key_at(r, bits, i),
		.timestamp = r->timestamp ? r->timestamp[i] : 0,
		.weight = r->weight[i],
		.split = r->split[i],
	};
}

static inline void put_in(struct rows *r, unsigned bits, size_t i, const struct row *row)
{
	r->user[i] = (uint32_t)(row->key >> bits);
	r->item[i] = (uint32_t)(row->key & ((UINT64_C(1) << bits) - 1));
	r->weight[i] = row->weight;
	r->split[i] = row->split;
	if (r->timestamp)
		r->timestamp[i] = row->timestamp;
}

static void insert_rows(struct rows *r, unsigned bits, size_t from, size_t to)
{
	for (size_t i = from + 1; i < to; i++) {
		struct row held = take_out(r, bits, i);
		size_t at = i;
		for (; at > from && key_at(r, bits, at - 1) > held.key; at--) {
			struct row before = take_out(r, bits, at - 1);
			put_in(r, bits, at, &before);
		}
		put_in(r, bits, at, &held);
	}
}

/* Sorts rows from ... to - 1 whose keys are equal above the digit at `shift`, in
 * their place: rows are the largest thing in memory, so there is no second copy
 * of them (McIlroy, Bostic and McIlroy 1993, "Engineering radix sort", American
 * flag sort). */
static void sort_in_place(struct rows *r, unsigned bits, size_t from, size_t to, unsigned shift)
{
	enum { DIGITS = 256, FEW = 24 };
	size_t next[DIGITS], end[DIGITS] = {0}, at = from;
	if (to - from <= FEW) {
		insert_rows(r, bits, from, to);
		return;
	}
	for (size_t i = from; i < to; i++)
		end[key_at(r, bits, i) >> shift & (DIGITS - 1)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		next[d] = at;
		at += end[d];
		end[d] = at;
	}
	for (size_t d = 0; d < DIGITS; d++) {
		while (next[d] < end[d]) {
			struct row held = take_out(r, bits, next[d]);
			size_t own;
			while ((own = held.key >> shift & (DIGITS - 1)) != d) {
				size_t to_row = next[own]++;
				struct row out = take_out(r, bits, to_row);
				put_in(r, bits, to_row, &held);
				held = out;
			}
			put_in(r, bits, next[d]++, &held);
		}
	}
	at = from;
	for (size_t d = 0; d < DIGITS && shift >= 8; d++) {
		if (end[d] - at > 1)
			sort_in_place(r, bits, at, end[d], shift - 8);
		at = end[d];
	}
}

static void check_pairs(const struct dataset *d, const char *file)
{
	for (uint32_t u = 0; u < d->users; u++) {
		for (uint64_t i = d->start[u] + 1; i < d->start[u + 1]; i++) {
			if (d->item[i] != d->item[i - 1])
				continue;
			char shown[2][QUOTED_SIZE];
			struct span user = strmap_key(d->user_ids, u);
			struct span item = strmap_key(d->item_ids, d->item[i]);
			die(STATUS_DATA, "%s: user %s has the item %s twice", file,
			    quoted(user.at, user.n, shown[0]), quoted(item.at, item.n, shown[1]));
		}
	}
}

/* Do the rows come by user and item already? Equal pairs may be among them. */
static bool in_order_already(const struct rows *r)
{
	for (size_t i = 1; i < r->n; i++)
		if (r->user[i] < r->user[i - 1] ||
		    (r->user[i] == r->user[i - 1] && r->item[i] < r->item[i - 1]))
			return false;
	return true;
}

/* Rows by user, then item, and where each user begins. Rows that come in order,
 * as build-dataset writes them, are taken as they are. */
static void sort_rows(struct dataset *d, struct rows *r)
{
	if (!in_order_already(r)) {
		unsigned bits = radix_bits(d->items), all = bits + radix_bits(d->users);
		sort_in_place(r, bits, 0, r->n, (all - 1) / 8 * 8);
	}
	d->start = csr_new(d->users);
	for (size_t i = 0; i < r->n; i++)
		csr_count(d->start, r->user[i]);
	csr_sum(d->start, d->users);
	csr_stay(d->start, d->users);
	free(r->user);
	d->item = r->item;
	d->weight = r->weight;
	d->split = r->split;
	d->timestamp = r->timestamp;
}

static void find_columns(struct reader *r, const struct dataset_columns *c)
{
	r->user = table_column(r->table, c->user);
	r->item = table_column(r->table, c->item);
	r->weight = table_optional_column(r->table, c->weight);
	r->split = table_optional_column(r->table, c->split);
	r->timestamp = table_optional_column(r->table, c->timestamp);
}

void dataset_find_columns(struct table *t, const struct dataset_columns *columns)
{
	struct reader *r = memory_zero(1, sizeof *r);
	r->table = t;
	find_columns(r, columns);
	free(r);
}

struct dataset *dataset_read(struct table *t, const struct dataset_columns *c)
{
	struct reader *r = memory_zero(1, sizeof *r);
	struct dataset *d = memory_zero(1, sizeof *d);
	uint32_t *user_rank, *item_rank;
	r->table = t;
	find_columns(r, c);
	r->unit = c->unit;
	r->users = strmap_new();
	r->items = strmap_new();
	read_rows(r);
	d->user_ids = strmap_in_order(r->users, &user_rank);
	d->item_ids = strmap_in_order(r->items, &item_rank);
	d->users = strmap_count(d->user_ids);
	d->items = strmap_count(d->item_ids);
	for (size_t i = 0; i < r->rows.n; i++) {
		r->rows.user[i] = user_rank[r->rows.user[i]];
		r->rows.item[i] = item_rank[r->rows.item[i]];
	}
	free(user_rank);
	free(item_rank);
	/* Empty tables have arrays too, and a table with the column has timestamps. */
	if (r->rows.n == 0) {
		r->rows.item = memory_new(1, sizeof *r->rows.item);
		r->rows.weight = memory_new(1, sizeof *r->rows.weight);
		r->rows.split = memory_new(1, sizeof *r->rows.split);
		if (r->timestamp >= 0)
			r->rows.timestamp = memory_new(1, sizeof *r->rows.timestamp);
	}
	sort_rows(d, &r->rows);
	check_pairs(d, table_file(t));
	free(r);
	return d;
}

void dataset_free(struct dataset *d)
{
	if (!d)
		return;
	strmap_free(d->user_ids);
	strmap_free(d->item_ids);
	free(d->start);
	free(d->item);
	free(d->weight);
	free(d->split);
	free(d->timestamp);
	free(d);
}
