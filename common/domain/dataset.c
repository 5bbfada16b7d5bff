#include "domain/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/options.h"

const char *const SPLIT_NAMES[SPLIT_COUNT] = {"train", "validation", "test"};

unsigned split_mask(const char *text, const char *option)
{
	if (strcmp(text, "all") == 0)
		return SPLIT_ALL;
	unsigned mask = 0;
	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ",");
		unsigned bit = 0;
		for (unsigned s = 0; s < SPLIT_COUNT; s++)
			if (strlen(SPLIT_NAMES[s]) == n && memcmp(SPLIT_NAMES[s], at, n) == 0)
				bit = 1u << s;
		if (!bit) {
			char shown[QUOTED_SIZE];
			usage_error("option '--%s': must be all or some of train,validation,test: %s",
				    option, quoted(at, n, shown));
		}
		mask |= bit;
		at += n;
		if (!*at)
			return mask;
	}
}

/* Rows in the order of the input, ids numbered by first appearance. */
struct rows {
	size_t n, capacity[5];
	uint32_t *user, *item;
	float *weight;
	uint8_t *split;
	int64_t *timestamp;
};

static void rows_add(struct rows *r, uint32_t user, uint32_t item, float weight, uint8_t split,
		     const int64_t *timestamp)
{
	size_t n = r->n + 1;
	r->user = memory_grow(r->user, &r->capacity[0], n, sizeof *r->user);
	r->item = memory_grow(r->item, &r->capacity[1], n, sizeof *r->item);
	r->weight = memory_grow(r->weight, &r->capacity[2], n, sizeof *r->weight);
	r->split = memory_grow(r->split, &r->capacity[3], n, sizeof *r->split);
	if (timestamp) {
		r->timestamp = memory_grow(r->timestamp, &r->capacity[4], n, sizeof *r->timestamp);
		r->timestamp[r->n] = *timestamp;
	}
	r->user[r->n] = user;
	r->item[r->n] = item;
	r->weight[r->n] = weight;
	r->split[r->n] = split;
	r->n = n;
}

/* The column, -1 when it is absent and nobody named it. */
static long optional_column(struct table *t, const char *name, const char *option)
{
	if (!name)
		return -1;
	if (option_given(option))
		return (long)table_column(t, name, option);
	return table_find_column(t, name);
}

static bool parse_split(struct table *t, size_t column, uint8_t *split)
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

/* The map with its keys in byte order; old[i] becomes the new number of key i. */
static struct strmap *in_order(struct strmap *map, uint32_t **renumber)
{
	uint32_t n = strmap_count(map), *order = strmap_sorted(map);
	uint32_t *number = memory_new((size_t)n + 1, sizeof *number);
	struct strmap *sorted = strmap_new();
	for (uint32_t i = 0; i < n; i++) {
		number[order[i]] = i;
		strmap_add(sorted, strmap_key(map, order[i]));
	}
	free(order);
	strmap_free(map);
	*renumber = number;
	return sorted;
}

/* A stable counting sort of `from` (row numbers) by key; `n_keys` keys. */
static void sort_by(const uint32_t *key, uint32_t n_keys, const uint64_t *from, uint64_t *to,
		    size_t n, uint64_t *start)
{
	memset(start, 0, ((size_t)n_keys + 1) * sizeof *start);
	for (size_t i = 0; i < n; i++)
		start[key[i] + 1]++;
	for (uint32_t k = 0; k < n_keys; k++)
		start[k + 1] += start[k];
	uint64_t *next = memory_new((size_t)n_keys + 1, sizeof *next);
	memcpy(next, start, ((size_t)n_keys + 1) * sizeof *next);
	for (size_t i = 0; i < n; i++) {
		uint64_t row = from ? from[i] : i;
		to[next[key[row]]++] = row;
	}
	free(next);
}

static void *permuted(void *values, size_t size, const uint64_t *order, size_t n)
{
	char *out = memory_new(n + 1, size);
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * size, (const char *)values + order[i] * size, size);
	free(values);
	return out;
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

struct dataset *dataset_read(struct table *t, const struct dataset_columns *c)
{
	size_t user = table_column(t, c->user, option_given("user") ? "user" : NULL);
	size_t item = table_column(t, c->item, option_given("item") ? "item" : NULL);
	long weight = optional_column(t, c->weight, "weight");
	long split = optional_column(t, c->split, "split");
	long timestamp = optional_column(t, c->timestamp, "timestamp");
	struct dataset *d = memory_zero(1, sizeof *d);
	struct strmap *users = strmap_new(), *items = strmap_new();
	struct rows r = {0};
	const char *file = table_file(t);
	while (table_next(t)) {
		struct span user_id, item_id;
		float w = 1;
		uint8_t s = SPLIT_TRAIN;
		int64_t time = 0;
		if (!parse_id(t, user, &user_id) || !parse_id(t, item, &item_id) ||
		    (weight >= 0 && !table_float(t, (size_t)weight, &w)) ||
		    (split >= 0 && !parse_split(t, (size_t)split, &s)) ||
		    (timestamp >= 0 && !table_i64(t, (size_t)timestamp, &time)))
			continue;
		file = table_file(t);
		rows_add(&r, strmap_add(users, user_id), strmap_add(items, item_id), w, s,
			 timestamp >= 0 ? &time : NULL);
	}
	uint32_t *new_user, *new_item;
	d->user_ids = in_order(users, &new_user);
	d->item_ids = in_order(items, &new_item);
	d->users = strmap_count(d->user_ids);
	d->items = strmap_count(d->item_ids);
	for (size_t i = 0; i < r.n; i++) {
		r.user[i] = new_user[r.user[i]];
		r.item[i] = new_item[r.item[i]];
	}
	free(new_user);
	free(new_item);
	uint64_t *by_item = memory_new(r.n + 1, sizeof *by_item);
	uint64_t *order = memory_new(r.n + 1, sizeof *order);
	uint32_t widest = d->users > d->items ? d->users : d->items;
	d->start = memory_new((size_t)widest + 1, sizeof *d->start);
	sort_by(r.item, d->items, NULL, by_item, r.n, d->start);
	sort_by(r.user, d->users, by_item, order, r.n, d->start);
	free(by_item);
	free(r.user);
	d->item = permuted(r.item, sizeof *r.item, order, r.n);
	d->weight = permuted(r.weight, sizeof *r.weight, order, r.n);
	d->split = permuted(r.split, sizeof *r.split, order, r.n);
	if (timestamp >= 0)
		d->timestamp = permuted(r.timestamp, sizeof *r.timestamp, order, r.n);
	free(order);
	check_pairs(d, file);
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
